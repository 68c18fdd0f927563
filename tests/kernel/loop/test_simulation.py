"""A seeded city of senseless lives drives the loop: facts in any order, late, twice, with jumps of the clock between.

After every jump: every open run has an open duty with an owner and a time, nothing is done without its fact, the tables
agree with the ledger, and doing it again changes nothing. BIHUAN_PROVE=1 runs the long form; a failing seed is printed.
"""

import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, NewFact, record, record_many
from bihuan.kernel.loop import action, drift, queries, reconcile, work, working
from bihuan.kernel.loop.models import Duty, Run
from tests.kernel.loop.making import GATE, SITE, fact, order
from tests.kernel.loop.test_planner import random_life

PROVE = os.environ.get("BIHUAN_PROVE") == "1"
LIVES = 40 if PROVE else 6
FIRST = int(os.environ["BIHUAN_SEED"]) if PROVE else 0
SEEDS = range(FIRST, FIRST + (12 if PROVE else 2))
JUMPS = 12


def stand_in(kind: str) -> Callable[..., Any]:
    """An action that does nothing but record that it was done."""

    @action
    def verb(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
        record(key=key, kind=kind, subject=f"order:{order_id}", at=at, by=by, payload={"cause": "policy"})

    return verb


@pytest.fixture(autouse=True)
def verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "measures.end": stand_in("order.ended"),
        "measures.retime": stand_in("order.retimed"),
        "isolation.let_out": stand_in("stay.settled"),
    }
    monkeypatch.setattr(working, "verb", known.__getitem__)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
def test_the_loop_keeps_its_promises_whatever_happens(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    waiting = [one for number in range(LIVES) for one in facts_of_a_life(seed * 1000 + number, chance)]
    waiting.sort(key=lambda item: item[0])
    now = waiting[0][0]
    while waiting:
        now = max(now, waiting[0][0]) + timedelta(minutes=chance.randrange(1, 60 * 24 * 40 // JUMPS))
        batch = [one for known_at, one in waiting if known_at <= now]
        waiting = [item for item in waiting if item[0] > now]
        with clock.given(now):
            with transaction.atomic():
                record_many([*batch, *batch[:2]])
                reconcile({one.subject for one in batch}, now)
            while work(now):
                pass
            check(now, seed)


def facts_of_a_life(number: int, chance: random.Random) -> list[tuple[datetime, NewFact]]:
    """The facts of a life with the moments at which they become known: some at once, some days late."""
    subject = order(number)
    found = []
    for happening in random_life(number).facts:
        if happening.kind == "duty.breached":
            continue  # the worker says what is breached
        late = chance.choice([0, 0, 0, 5, 600, 6000])
        unit = chance.choice([GATE, SITE, None])
        told = fact(subject, happening.kind, happening.happened_at, unit, **happening.payload)
        found.append((happening.happened_at + timedelta(minutes=late), told))
    return found


def check(now: datetime, seed: int) -> None:
    assert queries.violations(now) == {"drifted_duties": 0, "loops_without_duty": 0}, f"seed {seed}: {drift(now)[:5]}"
    assert not Duty.objects.filter(state="done", evidence=None).exists(), f"seed {seed}"
    assert not Duty.objects.filter(owner_role="").exists(), f"seed {seed}"
    assert not Duty.objects.filter(state="open", run__closed_at__isnull=False).exists(), f"seed {seed}"
    subjects = list(Run.objects.values_list("subject", flat=True).distinct())
    assert reconcile(subjects, now) == 0, f"seed {seed}: reconciling again changed something"
