"""Facts of units."""

SHIFT_PLANNED = "shift.planned"  # subject unit; payload shift, role, user, starts_at, ends_at
SHIFT_CANCELLED = "shift.cancelled"  # subject unit; payload shift, reason
RETURN_DUE = "return.due"  # subject return; unit = who owes it; payload day, cut_off_at, owed_by (role)
RETURN_SUBMITTED = "return.submitted"  # subject return; payload day, figures, remark
