"""Every write of isolation, a file per noun."""

from .checks import CheckIn, record_check, record_round
from .homes import Member, begin_home, visit_home
from .operation import log_day
from .referrals import admit, decline, discharge
from .refusals import (
    DayNotTold,
    EnteredAlready,
    NoBed,
    NoHome,
    NoStay,
    NotDischarged,
    NotOver,
    NotReferred,
    OtherHousehold,
    SiteNotUsable,
    TeamIncomplete,
    TicketClosed,
)
from .sites import add_rooms, add_zone, change_room, change_site, change_zone, open_site, set_room
from .stays import check_in, leave, let_out, move_room
from .tickets import answer_ticket, close_ticket, open_ticket

__all__ = [
    "CheckIn",
    "DayNotTold",
    "EnteredAlready",
    "Member",
    "NoBed",
    "NoHome",
    "NoStay",
    "NotDischarged",
    "NotOver",
    "NotReferred",
    "OtherHousehold",
    "SiteNotUsable",
    "TeamIncomplete",
    "TicketClosed",
    "add_rooms",
    "add_zone",
    "admit",
    "answer_ticket",
    "begin_home",
    "change_room",
    "change_site",
    "change_zone",
    "check_in",
    "close_ticket",
    "decline",
    "discharge",
    "leave",
    "let_out",
    "log_day",
    "move_room",
    "open_site",
    "open_ticket",
    "record_check",
    "record_round",
    "set_room",
    "visit_home",
]
