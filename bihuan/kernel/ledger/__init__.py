"""The ledger owns what happened: one append-only row per fact, written in the transaction of the action that did it.

It never changes or forgets a fact and knows no meaning of one: kinds and payloads belong to the modules. Payloads lie
beside the facts under a key that a retention job can destroy, so that forgetting a person leaves every proof intact.
"""

from bihuan.kernel.ledger.actor import Actor
from bihuan.kernel.ledger.checkpoints import Forgotten, Signed, WrongKey, covering, latest, publish, rotate, sign
from bihuan.kernel.ledger.fact import Fact as FactRow
from bihuan.kernel.ledger.fact import KeyReused, NewFact, derive
from bihuan.kernel.ledger.gathering import gathering
from bihuan.kernel.ledger.histories import (
    count_of_kinds,
    facts,
    histories,
    history,
    newest_at,
    of_kinds,
    subjects_met,
    total,
)
from bihuan.kernel.ledger.notes import Checkpoint, PublicKey, SigningKey, Unreadable
from bihuan.kernel.ledger.proving import Proof, prove
from bihuan.kernel.ledger.recording import record, record_many, record_new
from bihuan.kernel.ledger.requests import claim, settle_claim
from bihuan.kernel.ledger.sealing import Json
from bihuan.kernel.ledger.tree import breaks, root, sequence
from bihuan.kernel.ledger.verifying import Broken, Reason, Verdict, Witness, snapshot, verify

__all__ = [
    "Actor",
    "Broken",
    "Checkpoint",
    "FactRow",
    "Forgotten",
    "Json",
    "KeyReused",
    "NewFact",
    "Proof",
    "PublicKey",
    "Reason",
    "Signed",
    "SigningKey",
    "Unreadable",
    "Verdict",
    "Witness",
    "WrongKey",
    "breaks",
    "claim",
    "count_of_kinds",
    "covering",
    "derive",
    "facts",
    "gathering",
    "histories",
    "history",
    "latest",
    "newest_at",
    "of_kinds",
    "prove",
    "publish",
    "record",
    "record_many",
    "record_new",
    "root",
    "rotate",
    "sequence",
    "settle_claim",
    "sign",
    "snapshot",
    "subjects_met",
    "total",
    "verify",
]
