"""The loop owns runs and duties: what must happen next to every subject, by whom, by when, and who is told if not.

It derives them from the ledger by pathways that are data; it never holds anything that cannot be worked out again, and
it knows nothing of the subject matter.
"""

from bihuan.kernel.loop.action import action
from bihuan.kernel.loop.drifting import Difference, drift, rebuild
from bihuan.kernel.loop.happening import happened
from bihuan.kernel.loop.planner import Plan, plan
from bihuan.kernel.loop.profile import Profile, load_profile
from bihuan.kernel.loop.reconciling import CHANNEL, reconcile
from bihuan.kernel.loop.working import next_due, work

__all__ = [
    "CHANNEL",
    "Difference",
    "Plan",
    "Profile",
    "action",
    "drift",
    "happened",
    "load_profile",
    "next_due",
    "plan",
    "rebuild",
    "reconcile",
    "work",
]
