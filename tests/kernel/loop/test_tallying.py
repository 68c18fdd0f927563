"""What boards count agrees with the rows it counts, one index, one pass."""

import re
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from bihuan.kernel.db import uuid7
from bihuan.kernel.loop.models import Duty, Run
from bihuan.kernel.loop.queries import count_duties
from bihuan.kernel.loop.tallying import AGES, age, open_now, step_titles, system_steps, tally
from tests.conftest import START

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
A, B = uuid4(), uuid4()


def owe(unit: UUID | None, step: str, opened: datetime, *, limit: timedelta = 12 * HOUR, state: str = "open") -> None:
    subject = f"order:{uuid4()}"
    run = Run.objects.create(
        subject=subject,
        profile="p",
        pathway="order",
        version=1,
        policy="",
        opened_by=1,
        opened_at=opened,
        planned_at=opened,
    )
    Duty.objects.create(
        id=uuid7(),
        run=run,
        subject=subject,
        pathway="order",
        version=1,
        step=step,
        owner_role="r",
        owner_unit=unit,
        opens_at=opened,
        target_at=opened + limit / 4,
        warn_at=opened + limit / 2,
        breach_at=opened + limit,
        state=state,
    )


@pytest.fixture
def owed(db: None) -> None:
    owe(A, "check", START)
    owe(A, "check", START - 8 * HOUR)
    owe(A, "check", START - 30 * HOUR)
    owe(B, "approve", START - 100 * HOUR, limit=200 * HOUR)
    owe(None, "approve", START - HOUR)
    owe(A, "check", START + HOUR)
    owe(A, "check", START - 5 * HOUR, state="cancelled")


class TestTally:
    def test_counts_what_is_open_now_three_ways(self, owed: None) -> None:
        found = tally(None, START)
        assert found.total is not None
        assert (found.total.open, found.total.ahead, found.total.warned, found.total.breached) == (5, 1, 2, 1)
        assert {key: sums.open for key, sums in found.by_step.items()} == {
            ("order", "check"): 3,
            ("order", "approve"): 2,
        }
        assert {unit: sums.open for unit, sums in found.by_unit.items()} == {A: 3, B: 1, None: 1}
        assert found.by_step["order", "check"].ages == (1, 1, 1, 0)
        assert found.by_step["order", "approve"].oldest == START - 100 * HOUR

    def test_is_limited_to_the_units_named(self, owed: None) -> None:
        assert set(tally([B], START).by_unit) == {B}
        assert tally([uuid4()], START).total is None
        assert tally([], START).total is None

    def test_agrees_with_the_rows_of_every_age(self, owed: None) -> None:
        total = tally(None, START).total
        assert total is not None
        for number in range(len(AGES) + 1):
            assert open_now(None, START).filter(age(number, START)).count() == total.ages[number]

    def test_needs_no_column_that_its_index_does_not_hold(self, owed: None) -> None:
        """Then a big table is answered from the index alone; which way a planner goes on a few rows says nothing."""
        from bihuan.kernel.loop.tallying import TALLY

        with connection.cursor() as cursor:
            cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = 'loop_duty'::regclass AND attnum > 0")
            columns = {name for (name,) in cursor.fetchall()}
            cursor.execute("SELECT pg_get_indexdef('loop_duty_open'::regclass)")
            (index,) = cursor.fetchone()
        words = set(re.findall(r"\w+", "\n".join(line for line in TALLY.splitlines() if not line.startswith("--"))))
        read = words & columns
        assert {"pathway", "step", "owner_unit", "opens_at", "warn_at", "breach_at"} <= read
        assert read <= set(re.findall(r"\w+", index))


class TestWhatTheSystemDoes:
    def test_is_marked_in_the_pathways(self) -> None:
        assert {("order", "end"), ("appeal", "lapse")} <= system_steps()
        assert ("order", "check") not in system_steps()

    @pytest.mark.parametrize(("hours", "counted", "left"), [(0, 0, 1), (11, 0, 1), (12, 1, 0)])
    def test_is_nobodys_duty_before_it_is_overdue(self, db: None, hours: int, counted: int, left: int) -> None:
        owe(A, "end", START)
        now = START + hours * HOUR
        total = tally(None, now).total
        assert (total.open if total else 0) == counted
        assert open_now(None, now).count() == count_duties(standing="due", now=now) == counted
        assert count_duties(standing="warned", now=now) == count_duties(standing="open", now=now) == 0
        assert count_duties(standing="breached", now=now) == counted
        assert count_duties(standing="system", now=now) == left


class TestStepTitles:
    def test_name_every_step_in_both_languages(self) -> None:
        name, title = step_titles()["order", "approve"]
        assert all((name.zh, name.en, title.zh, title.en))
