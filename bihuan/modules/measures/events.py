"""The facts of this module. Subject is order:<id> or appeal:<id>; `about` is always the person."""

PROPOSED = "order.proposed"
"""number, profile, policy, rule, class_code, kind, counted_from, starts_at, ends_at,
central_ends_at, evidence (key), unit, deciding_unit, proposer_unit, home_unit (who
looks after them at home, or null), links (orders of the close contacts)"""

APPROVED = "order.approved"
"""number, profile, policy, class_code, kind, counted_from, starts_at, ends_at, central_ends_at (null without), unit,
approver_unit"""

REJECTED = "order.rejected"
"""reason: zh and en"""

RETIMED = "order.retimed"
"""policy, cause (policy | exposure), counted_from, ends_at, central_ends_at, ended_before_at, evidence (key, of
an exposure)"""

LIFTED = "order.lifted"
"""evidence (key), reason: zh and en"""

LAPSED = "order.lapsed"
"""appeal: id; reason: zh and en"""

ENDED = "order.ended"
"""ends_at"""

NOTIFIED = "release.notified"
"""ends_at, language"""

LINKED = "order.link_given"
"""serial: how many links were given before; the token itself is never in the ledger"""

LINK_REVOKED = "order.link_revoked"
"""nothing"""

EXPOSURE_ENTERED = "exposure.entered"
"""exposed_on, evidence (key)"""

EXPOSURE_APPROVED = "exposure.approved"
"""exposed_on, evidence (key), approver_unit"""

EXPOSURE_REJECTED = "exposure.rejected"
"""reason"""

APPEAL_FILED = "appeal.filed"
"""number, order, reviewing_unit, answer_by_at, lapses_at"""

APPEAL_DECIDED = "appeal.decided"
"""outcome (upheld | dismissed), order, grounds"""

APPEAL_LAPSED = "appeal.lapsed"
"""order, senior_unit, senior, outcome (lapsed | passed_up: a positive laboratory result stands)"""

EXPOSURE_RECORDED = "exposure.recorded"
"""exposed_on, source (one of rules.ExposureSource): the judgement of an officer that somebody under an order
was exposed again"""
