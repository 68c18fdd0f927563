-- Requests behind the second wall: the words are those of access/0009_second_wall. Vehicles, trips and plans name no traveller.

-- Where from, where to, whose dispatcher; and once a seat is found, the fleet and the driver of the seat.
SELECT access_keep('transfers_request', $$
    SELECT fresh.person_id, whose FROM fresh
    LEFT JOIN transfers_trip AS trip ON trip.id = fresh.trip_id
    LEFT JOIN transfers_vehicle AS vehicle ON vehicle.id = trip.vehicle_id
    LEFT JOIN transfers_driver AS driver ON driver.id = trip.driver_id,
    unnest(ARRAY[fresh.from_unit_id, fresh.to_unit_id, fresh.fleet_id, trip.from_unit_id, trip.to_unit_id, vehicle.unit_id,
        driver.unit_id]) AS whose $$);
-- A trip may be given another vehicle or driver after its seats were.
SELECT access_keep('transfers_trip', $$
    SELECT asked.person_id, whose FROM fresh
    JOIN transfers_request AS asked ON asked.trip_id = fresh.id
    JOIN transfers_vehicle AS vehicle ON vehicle.id = fresh.vehicle_id
    JOIN transfers_driver AS driver ON driver.id = fresh.driver_id,
    unnest(ARRAY[fresh.from_unit_id, fresh.to_unit_id, vehicle.unit_id, driver.unit_id]) AS whose $$);

SELECT access_wall('transfers_request', access_units('from_unit_id', 'to_unit_id', 'fleet_id'), access_person('person_id'));
