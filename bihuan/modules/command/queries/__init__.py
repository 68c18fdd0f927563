"""What the command reads: the board of a place, and the duties behind its numbers."""

from bihuan.modules.command.queries.board import BatchLine, Board, OwnerLine, StepLine, board
from bihuan.modules.command.queries.duties import (
    DutyLine,
    DutyList,
    Group,
    duty_in,
    my_duties,
    told_to,
    without_owner,
)
from bihuan.modules.command.queries.shifts import Outcome, PassedList, shift_days

__all__ = [
    "BatchLine",
    "Board",
    "DutyLine",
    "DutyList",
    "Group",
    "Outcome",
    "OwnerLine",
    "PassedList",
    "StepLine",
    "board",
    "duty_in",
    "my_duties",
    "shift_days",
    "told_to",
    "without_owner",
]
