"""The facts of this module.

transfer.* have subject order:<id> and are about the person; trip.* trip:<id>; vehicle.* vehicle:<id>.
"""

REQUESTED = "transfer.requested"
"""request, from_unit, to_unit, needs"""

ASSIGNED = "transfer.assigned"
"""request, trip, vehicle, driver (user), departs_at"""

UNASSIGNED = "transfer.unassigned"
"""request, trip"""

BOARDED = "transfer.boarded"
"""request, trip, vehicle"""

DEPARTED = "transfer.departed"
"""request, trip, vehicle, to_unit, handover"""

ARRIVED = "transfer.arrived"
"""request, trip, to_unit"""

MISSING = "transfer.missing"
"""request, trip, stage (boarding | arrival), answers (holder who still answers)"""

FOUND = "transfer.found"
"""request, unit where the person is, note"""

CANCELLED = "transfer.cancelled"
"""request, reason"""

TRIP_PLANNED = "trip.planned"
"""number, vehicle, driver, from_unit, to_unit, departs_at, eta_at"""

TRIP_OPENED = "trip.boarding"
"""handover, people"""

TRIP_DEPARTED = "trip.departed"
"""boarded, missing"""

TRIP_ARRIVED = "trip.arrived"
"""arrived, missing, vehicle"""

TRIP_CANCELLED = "trip.cancelled"
"""reason"""

VEHICLE_REGISTERED = "vehicle.registered"
"""plate, kind, seats, unit"""

VEHICLE_DISINFECTED = "vehicle.disinfected"
"""trip, disinfectant"""

VEHICLE_STATE = "vehicle.state_changed"
"""state"""

DRIVER_REGISTERED = "driver.registered"
"""name, unit, user"""

DRIVER_DISMISSED = "driver.dismissed"
"""name, unit, user"""

PLAN_DRAFTED = "plan.drafted"
"""unit, begins_on, ends_on, seats_wanted, eta_minutes"""

PLAN_VEHICLE_ADDED = "plan.vehicle_added"
"""vehicle, driver, call_from, call_until"""

PLAN_SUBMITTED = "plan.submitted"
"""seats, seats_wanted"""

PLAN_APPROVED = "plan.approved"
"""seats, remark"""

PLAN_RETURNED = "plan.returned"
"""remark"""
