"""What the command reads: the board of a place, and the duties behind its numbers."""

from bihuan.modules.command.queries.board import BatchLine, Board, OwnerLine, StepLine, board
from bihuan.modules.command.queries.duties import DutyLine, DutyList, Group, duty_in, my_duties, told_to

__all__ = [
    "BatchLine",
    "Board",
    "DutyLine",
    "DutyList",
    "Group",
    "OwnerLine",
    "StepLine",
    "board",
    "duty_in",
    "my_duties",
    "told_to",
]
