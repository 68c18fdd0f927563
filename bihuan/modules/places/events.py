"""Facts about areas. Subject `risk:<id>`, about nobody."""

PROPOSED = "risk.proposed"
"""Somebody entered a level for an area. Payload: area (code), level, since, until, order."""

IN_FORCE = "risk.put_in_force"
"""A second person from another unit approved it. Payload: area, level, since, until, order, before (the level it
replaces).
"""

REJECTED = "risk.rejected"
"""The second person refused it. Payload: area, level, reason."""

ENDED = "risk.ended"
"""A later line of the watch list ended this one. Payload: area, level, until, by (the later line)."""
