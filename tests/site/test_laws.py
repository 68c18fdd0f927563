"""Every law of `bihuan check`: broken behind the application's back it is counted, and the application cannot break it.

What is broken here is broken by the owner with constraints and triggers off, as after a bad restore or by a tamperer.
"""

import json
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from bihuan.kernel import clock, custody
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor
from bihuan.kernel.loop import rebuild
from bihuan.site.cli.check import LAWS
from tests.journeys.city import Journey
from tests.journeys.ordered import ordered
from tests.processes import bihuan

LIFTED = (
    'UPDATE measures_order SET state = \'lifted\', closed_at = now(), closing = \'{{"zh": "x", "en": "x"}}\' '
    "WHERE id = '{order}'"
)
BROKEN = {
    "items_without_one_holder": "DELETE FROM custody_holding WHERE item = '{person}'",
    "unbalanced_handovers": "UPDATE custody_line SET outcome = 'missing', pledged = NULL, answered_at = now()",
    "loops_without_duty": "DELETE FROM loop_duty WHERE subject = 'order:{order}' AND state = 'open'",
    "restrictions_without_order_or_evidence": LIFTED,
    "drifted_duties": "UPDATE loop_duty SET breach_at = breach_at + interval '1 day' "
    "WHERE subject = 'order:{order}' AND step = 'end'",
    "ledger_breaks": "UPDATE ledger_fact SET kind = 'order.rejected' "
    "WHERE subject = 'order:{order}' AND kind = 'order.approved'",
}
DERIVED = ("loops_without_duty", "drifted_duties")  # rows the application writes anew from the ledger at any time


@dataclass(frozen=True)
class Kept:
    """Somebody under an order and on the way from the gate to the site."""

    order: UUID
    person: str

    def broken(self, law: str) -> str:
        return BROKEN[law].format(order=self.order, person=self.person)


def told() -> dict[str, object]:
    return {"key": uuid7(), "at": clock.now(), "by": Actor.system("test")}


@pytest.fixture
def kept(lived_in: Journey) -> Kept:
    order = ordered(lived_in, 1, "Zhang San")
    person = f"person:{order.person_id}"
    site = f"unit:{lived_in.unit('site-yuntai')}"
    with transaction.atomic():
        custody.dispatch([person], sender=custody.holder_of(person), receiver=site, **told())
    return Kept(order.id, person)


def counted() -> tuple[int, dict[str, int]]:
    done = bihuan("check", "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["violations"]


class TestCheck:
    def test_names_six_laws_and_counts_none_broken(self, kept: Kept) -> None:
        assert BROKEN.keys() == LAWS.keys()
        assert counted() == (0, dict.fromkeys(LAWS, 0))

    @pytest.mark.parametrize("law", LAWS)
    def test_counts_what_the_owner_has_broken(self, kept: Kept, owner: psycopg.Connection, law: str) -> None:
        owner.execute("SET session_replication_role = replica")
        assert owner.execute(kept.broken(law)).rowcount > 0
        code, violations = counted()
        assert code == 1
        assert violations[law] > 0
        if law in DERIVED:
            rebuild(clock.now())
            assert counted()[1][law] == 0


class TestTheApplication:
    @pytest.mark.parametrize("law", [law for law in LAWS if law not in DERIVED])
    def test_is_refused_the_same(self, kept: Kept, law: str) -> None:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(kept.broken(law))
        assert counted() == (0, dict.fromkeys(LAWS, 0))

    def test_binds_nobody_without_an_order(self, kept: Kept) -> None:
        free = f"person:{uuid7()}"
        with pytest.raises(DatabaseError, match="order"), transaction.atomic():
            custody.bind(free, bond=uuid7(), holder=custody.holder_of(kept.person), **told())
        assert custody.holder_of(free) == "self"
