"""Every write of requests, trips, vehicles, drivers and plans."""

from bihuan.modules.transfers.actions.plans import add_to_plan, approve_plan, draft_plan, return_plan, submit_plan
from bihuan.modules.transfers.actions.refused import (
    NoRequest,
    NoSeats,
    NotAtThisStage,
    OrderNotLive,
    TakenAtThatTime,
    VehicleNotReady,
)
from bihuan.modules.transfers.actions.requests import arrive_person, cancel_request, found, report_missing, request
from bihuan.modules.transfers.actions.trips import arrive, assign, board, cancel_trip, depart, open_boarding, plan_trip
from bihuan.modules.transfers.actions.vehicles import (
    disinfect,
    dismiss_driver,
    register_driver,
    register_vehicle,
    set_vehicle_state,
)

__all__ = [
    "NoRequest",
    "NoSeats",
    "NotAtThisStage",
    "OrderNotLive",
    "TakenAtThatTime",
    "VehicleNotReady",
    "add_to_plan",
    "approve_plan",
    "arrive",
    "arrive_person",
    "assign",
    "board",
    "cancel_request",
    "cancel_trip",
    "depart",
    "disinfect",
    "dismiss_driver",
    "draft_plan",
    "found",
    "open_boarding",
    "plan_trip",
    "register_driver",
    "register_vehicle",
    "report_missing",
    "request",
    "return_plan",
    "set_vehicle_state",
    "submit_plan",
]
