"""Custody owns in whose hands everything under control is: one holding an item, hand-overs in two phases, totals.

It records who answered from when to when. It never decides who should hold something, and knows no reason for a bond
but its id. Its verbs are parts of an action: they run in its transaction under keys derived from its key.
"""

from bihuan.kernel.custody.bonds import NewBond, bind, bind_many, let_go, release, release_many, take
from bihuan.kernel.custody.flows import (
    Reconciliation,
    open_flow,
    reconciliation,
    reconciliations,
    settle,
    settle_many,
)
from bihuan.kernel.custody.handovers import dispatch, receive
from bihuan.kernel.custody.quantities import Entry, balance, open_account, post
from bihuan.kernel.custody.queries import (
    Line,
    Passed,
    PassedItem,
    Span,
    Unaccepted,
    held_by,
    held_by_each,
    holder_of,
    holders_of,
    lines,
    load,
    load_since,
    moved_at,
    on_the_way,
    passed,
    passed_items,
    unaccepted,
    violations,
)

__all__ = [
    "Entry",
    "Line",
    "NewBond",
    "Passed",
    "PassedItem",
    "Reconciliation",
    "Span",
    "Unaccepted",
    "balance",
    "bind",
    "bind_many",
    "dispatch",
    "held_by",
    "held_by_each",
    "holder_of",
    "holders_of",
    "let_go",
    "lines",
    "load",
    "load_since",
    "moved_at",
    "on_the_way",
    "open_account",
    "open_flow",
    "passed",
    "passed_items",
    "post",
    "receive",
    "reconciliation",
    "reconciliations",
    "release",
    "release_many",
    "settle",
    "settle_many",
    "take",
    "unaccepted",
    "violations",
]
