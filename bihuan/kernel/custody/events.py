"""The facts that custody records. An item is "noun:id", a holder "unit:…", "site:…", "vehicle:…" or "self"."""

CUSTODY_BOUND = "custody.bound"  # subject: the item; bond, holder (the one asked for)
CUSTODY_RELEASED = "custody.released"  # subject: the item; bond
CUSTODY_TAKEN = "custody.taken"  # subject: the item; holder. Taken into custody without a bond
CUSTODY_LET_GO = "custody.let_go"  # subject: the item; holder. Out of custody, no bond being left
CUSTODY_MOVED = "custody.moved"  # subject: the item; from (none where nobody held it), to, cause (kind of the fact)
HANDOVER_DISPATCHED = "handover.dispatched"  # subject: handover:<id>; sender, receiver, via, items
HANDOVER_RECEIVED = "handover.received"  # subject: handover:<id>; received, missing, extra, refused
FLOW_OPENED = "flow.opened"  # subject: the flow; pushed (how many items its source declares)
FLOW_SETTLED = "flow.settled"  # subject: the flow, about: the item; outcome
QUANTITY_POSTED = "quantity.posted"  # subject: posting:<id>; entries (account, commodity, quantity), note
