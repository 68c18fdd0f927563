"""Every write of orders, exposures, links and appeals."""

from bihuan.modules.measures.actions.appeals import decide_appeal, file_appeal, lapse_unanswered
from bihuan.modules.measures.actions.closing import end, lift, lift_many, notify_release
from bihuan.modules.measures.actions.exposures import approve_exposure, enter_exposure, judge_exposure, reject_exposure
from bihuan.modules.measures.actions.links import give_link, revoke_link
from bihuan.modules.measures.actions.orders import Proposal, approve, approve_many, propose, propose_many, reject
from bihuan.modules.measures.actions.refused import (
    AlreadyUnderOrder,
    EvidenceUnknown,
    NotARestriction,
    NothingLeft,
    NotLive,
    NotOpen,
    TwoPeople,
    TwoUnits,
)
from bihuan.modules.measures.actions.retiming import retime, retime_open

__all__ = [
    "AlreadyUnderOrder",
    "EvidenceUnknown",
    "NotARestriction",
    "NotLive",
    "NotOpen",
    "NothingLeft",
    "Proposal",
    "TwoPeople",
    "TwoUnits",
    "approve",
    "approve_exposure",
    "approve_many",
    "decide_appeal",
    "end",
    "enter_exposure",
    "file_appeal",
    "give_link",
    "judge_exposure",
    "lapse_unanswered",
    "lift",
    "lift_many",
    "notify_release",
    "propose",
    "propose_many",
    "reject",
    "reject_exposure",
    "retime",
    "retime_open",
    "revoke_link",
]
