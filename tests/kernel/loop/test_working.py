"""The worker records each breach once, does each system step once, and holds up nobody for one that fails."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, derive, history, record
from bihuan.kernel.loop import action, actions, drift, next_due, queries, work, working
from bihuan.kernel.loop.models import Run
from bihuan.kernel.refusals import Refused
from tests.kernel.loop.making import DAY, approved, order, proposed, tell

BY = Actor("user:1", name="Chen")


@action
def end(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Stands in for the module's action."""
    record(key=key, kind="order.ended", subject=f"order:{order_id}", at=at, by=by)


@action
def settle(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Stands in for the module that empties the room."""
    record(key=key, kind="stay.settled", subject=f"order:{order_id}", at=at, by=by)


def verbs(**others: Any) -> Callable[[str], Any]:
    """The stand-ins by the name a pathway gives them."""
    known = {"measures.end": end, "isolation.let_out": settle, "measures.retime": refuse}
    return lambda name: (known | {f"measures.{verb}": found for verb, found in others.items()})[name]


@action
def refuse(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    raise Refused("Not now.", "Later.")


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "verb", verbs())


def all_work(now: datetime) -> int:
    with clock.given(now):
        taken = 0
        while found := work(now):
            taken += found
        return taken


def kinds(subject: str) -> list[str]:
    return [fact.kind for fact in history(subject)]


@pytest.mark.django_db
@pytest.mark.usefixtures("ends")
class TestWork:
    def test_does_nothing_before_the_moment_has_come(self) -> None:
        tell([proposed(order(1))])
        assert all_work(DAY + timedelta(hours=1)) == 0
        assert next_due() == DAY + timedelta(hours=2)

    def test_records_a_breach_once_and_shows_it_to_both_lines(self) -> None:
        tell([proposed(order(1))])
        late = DAY + timedelta(hours=3)
        assert all_work(late) == 1
        assert all_work(late + timedelta(hours=1)) == 0
        assert kinds(order(1)).count("duty.breached") == 1
        [row] = queries.open_duties(now=late, standing="breached")
        assert row.escalated_at == DAY + timedelta(hours=2)
        assert (row.territorial, row.sector) == ("district_command", "city_command")
        assert queries.count_duties(told=["city_command"], now=late) == 1
        assert queries.count_duties(told=["driver"], now=late) == 0

    @pytest.mark.parametrize(("minutes", "escalated"), [(20, None), (180, DAY + timedelta(hours=2))])
    def test_takes_a_breach_back_where_it_was_done_in_time_and_only_entered_late(
        self, minutes: int, escalated: datetime | None
    ) -> None:
        tell([proposed(order(1))])
        all_work(DAY + timedelta(hours=4))
        tell([approved(order(1), DAY + timedelta(minutes=minutes))], now=DAY + timedelta(hours=4))
        [row] = [row for row in queries.duties_of(order(1)) if row.step == "approve"]
        assert (row.state, row.done_at) == ("done", DAY + timedelta(minutes=minutes))
        assert row.escalated_at == escalated
        assert kinds(order(1)).count("duty.breached") == 1
        assert drift(DAY + timedelta(hours=4)) == []

    def test_takes_a_reason_for_a_breach_and_keeps_it(self) -> None:
        tell([proposed(order(1))])
        late = DAY + timedelta(hours=3)
        all_work(late)
        [row] = queries.open_duties(now=late)
        with clock.given(late):
            actions.explain_breach(row.id, reason="The line was down.", at=late, by=BY, key=row.run)
        [row] = queries.duties_of(order(1))
        assert row.reason == "The line was down."
        assert drift(late) == []

    def test_refuses_to_explain_what_was_not_breached(self) -> None:
        tell([proposed(order(1))])
        [row] = queries.duties_of(order(1))
        with pytest.raises(actions.NotBreached):
            actions.explain_breach(row.id, reason="I was early.", at=DAY, by=BY, key=row.run)

    def test_does_what_the_system_must_do_when_its_moment_has_come(self) -> None:
        tell([proposed(order(1)), approved(order(1))])
        all_work(DAY + timedelta(days=7, hours=13))
        assert "order.ended" not in kinds(order(1))
        all_work(DAY + timedelta(days=7, hours=14))
        assert kinds(order(1)).count("order.ended") == 1
        assert Run.objects.get(pathway="order").closed_at == DAY + timedelta(days=7, hours=14)

    def test_tries_again_later_what_was_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(working, "verb", verbs(end=refuse))
        tell([proposed(order(1)), approved(order(1))])
        end_at = DAY + timedelta(days=7, hours=14)
        all_work(end_at)
        assert all_work(end_at + timedelta(minutes=1)) == 0
        monkeypatch.setattr(working, "verb", verbs())
        assert all_work(end_at + timedelta(minutes=16)) > 0
        assert kinds(order(1)).count("order.ended") == 1

    def test_one_that_fails_holds_up_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        @action
        def fail_for_first(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
            if order(1).endswith(str(order_id)):
                raise RuntimeError("broken")
            end(order_id, at=at, by=by, key=derive(key, "end"))

        monkeypatch.setattr(working, "verb", verbs(end=fail_for_first))
        tell([proposed(order(1)), approved(order(1)), proposed(order(2)), approved(order(2))])
        all_work(DAY + timedelta(days=8))
        assert "order.ended" not in kinds(order(1))
        assert "order.ended" in kinds(order(2))


@pytest.mark.usefixtures("transactional", "ends")
class TestTwoWorkers:
    def test_double_nothing(self) -> None:
        subjects = [order(number) for number in range(40)]
        tell([make(subject) for subject in subjects for make in (proposed, approved)])
        end_at = DAY + timedelta(days=8)
        start = threading.Barrier(3)
        failures: list[Exception] = []

        def run() -> None:
            try:
                start.wait(timeout=60)
                with clock.given(end_at):
                    for _ in range(30):
                        work(end_at, limit=7)
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert not failures
        for subject in subjects:
            told = kinds(subject)
            assert told.count("order.ended") == 1, told
            breached = [
                (f.payload["step"], f.payload["occurrence"]) for f in history(subject) if f.kind == "duty.breached"
            ]
            assert len(breached) == len(set(breached)) > 0
        assert drift(end_at) == []
