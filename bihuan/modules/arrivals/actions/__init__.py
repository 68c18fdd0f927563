"""Writes of arrivals: importing, declaring, landing, handing over, re-classifying, gates."""

from .announcing import cancel, declare
from .columns import say_columns, unsay_column
from .finding import find_later
from .gates import check_gate, open_gate
from .importing import (
    ImportResult,
    finish_batch,
    import_arrivals,
    receive_batch,
    refuse_batch,
    result_of,
    take_in,
    take_in_received,
    take_in_rows,
)
from .landing import land, leave, not_on_board, walk_in
from .onward import accept, close, hand_over
from .reclassifying import approve_risk, reclassify
from .refused import (
    AlreadyLanded,
    IdentityNotConfirmed,
    NameNeeded,
    NoGate,
    NoPushedList,
    NotExpected,
    NotHandedOver,
    NotYetArrived,
    RowsUndecided,
)
from .reporting import report_back
from .resolving import drop_row, take_in_row
from .undoing import begin_undo, undo_import

__all__ = [
    "AlreadyLanded",
    "IdentityNotConfirmed",
    "ImportResult",
    "NameNeeded",
    "NoGate",
    "NoPushedList",
    "NotExpected",
    "NotHandedOver",
    "NotYetArrived",
    "RowsUndecided",
    "accept",
    "approve_risk",
    "begin_undo",
    "cancel",
    "check_gate",
    "close",
    "declare",
    "drop_row",
    "find_later",
    "finish_batch",
    "hand_over",
    "import_arrivals",
    "land",
    "leave",
    "not_on_board",
    "open_gate",
    "receive_batch",
    "reclassify",
    "refuse_batch",
    "report_back",
    "result_of",
    "say_columns",
    "take_in",
    "take_in_received",
    "take_in_row",
    "take_in_rows",
    "undo_import",
    "unsay_column",
    "walk_in",
]
