"""The facts of the loop itself. Their subject is the subject of the run; they never move a plan, only mark it."""

BREACHED = "duty.breached"
"""A duty was not done in time. Payload: pathway, version, step, occurrence, breach_at, owner_role, territorial,
sector (the roles that are told)."""

EXPLAINED = "duty.explained"
"""Somebody gave the reason of a breach. Payload: pathway, step, occurrence, reason."""

CHOSEN = "profile.chosen"
"""The city chose the profile newcomers are met with. Subject `profile:<code>`. Payload: nothing."""
