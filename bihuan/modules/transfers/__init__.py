"""From the gate to the door of the site: requests, vehicles, drivers, pick-up plans, trips, boarding and arrival.

Records transfer.*, trip.* and vehicle.* facts; custody follows from gate to vehicle to site. Never decides who must
go: the order does.
"""
