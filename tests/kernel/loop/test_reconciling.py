"""Reconcile makes the rows agree with the ledger; it is exact, repeatable and set-based."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bihuan.kernel import clock
from bihuan.kernel.ledger import NewFact, record_many
from bihuan.kernel.loop import drift, queries, reconcile, reconciling
from bihuan.kernel.loop.models import Duty, Run
from bihuan.kernel.loop.planning import plans
from tests.kernel.loop.making import DAY, GATE, OFFICE, SITE, approved, fact, order, proposed, tell

SUBJECT = order(1)
MINUTE = timedelta(minutes=1)


def states(subject: str = SUBJECT, pathway: str | None = None) -> dict[str, str]:
    rows = [row for row in queries.duties_of(subject) if pathway in (None, row.pathway)]
    return {f"{row.step} {row.occurrence}".strip(): row.state for row in rows}


@pytest.mark.django_db
class TestReconcile:
    def test_opens_a_run_with_the_duty_of_its_first_step(self) -> None:
        assert tell([proposed(SUBJECT)]) == 2
        run = Run.objects.get()
        assert (run.subject, run.pathway, run.profile, run.version, run.policy) == (
            SUBJECT, "order", "covid19-cn", 1, "ed9",
        )  # fmt: skip
        duty = queries.duties_of(SUBJECT)[0]
        assert (duty.step, duty.state, duty.owner_role, duty.owner_unit) == (
            "approve",
            "open",
            "order_approver",
            OFFICE,
        )
        assert duty.breach_at == DAY + timedelta(hours=2)
        assert run.next_at == duty.breach_at

    def test_changes_nothing_the_second_time(self) -> None:
        tell([proposed(SUBJECT), approved(SUBJECT)])
        now = DAY + timedelta(hours=1)
        reconcile([SUBJECT], now)
        assert reconcile([SUBJECT], now) == 0

    def test_moves_the_owner_with_the_subject(self) -> None:
        tell([proposed(SUBJECT), approved(SUBJECT)])
        tell([fact(SUBJECT, "stay.checked_in", DAY + timedelta(hours=3), SITE)])
        by_step = {row.step: row for row in queries.duties_of(SUBJECT)}
        assert by_step["check"].owner_unit == SITE
        assert by_step["request"].owner_unit == SITE
        assert by_step["approve"].owner_unit == OFFICE

    def test_closes_and_cancels_what_is_left(self) -> None:
        tell([proposed(SUBJECT), approved(SUBJECT)])
        tell([fact(SUBJECT, "order.lifted", DAY + timedelta(hours=1))])
        assert Run.objects.get(pathway="order").closed_at == DAY + timedelta(hours=1)
        assert states(pathway="order") == {
            "approve": "done",
            "contact": "cancelled",
            "request": "cancelled",
            "end": "cancelled",
        }

    def test_takes_a_late_fact_as_if_it_had_been_there(self) -> None:
        tell([proposed(SUBJECT), approved(SUBJECT), fact(SUBJECT, "stay.checked_in", DAY + timedelta(hours=3), SITE)])
        evening = DAY + timedelta(days=1, hours=10)
        reconcile([SUBJECT], evening)
        assert states()["check 2022-07-02 morning"] == "missed"
        tell([fact(SUBJECT, "check.recorded", DAY + timedelta(hours=22), SITE)], now=evening + MINUTE)
        assert states()["check 2022-07-02 morning"] == "done"

    def test_opens_nothing_for_a_subject_without_a_pathway(self) -> None:
        assert tell([fact("lamp:1", "lamp.lit", DAY)]) == 0
        assert not Run.objects.exists()

    def test_closes_history_at_once_and_opens_no_duty(self) -> None:
        arrival = "arrival:" + order(9).partition(":")[2]
        tell([fact(arrival, "arrival.expected", DAY, expected_at="2020-03-01T10:00:00+08:00"),
              fact(arrival, "arrival.history", DAY)])  # fmt: skip
        assert Run.objects.get().closed_at == DAY
        assert not Duty.objects.exists()

    def test_uses_the_profile_the_facts_name(self) -> None:
        arrival = "arrival:" + order(8).partition(":")[2]
        tell([fact(arrival, "arrival.expected", DAY, expected_at=DAY.isoformat())])
        assert Run.objects.get().profile == "covid19-cn"
        tell([fact(arrival, "arrival.landed", DAY + MINUTE, GATE, profile="mpox", measure="monitor",
                   counted_from="2022-07-01")])  # fmt: skip
        assert Run.objects.get().profile == "mpox"
        assert drift(DAY + MINUTE) == []

    def test_reaches_those_who_wait_for_the_subject(self) -> None:
        close, second = order(1), order(2)
        tell([proposed(close), approved(close)])
        tell([proposed(second, class_code="secondary_contact", kind="home", links=[close]), approved(second)])
        assert Run.objects.get(subject=second).watches == [close]
        assert "end" not in {row.step for row in queries.duties_of(second)}
        results = [
            fact(close, "test.resulted", DAY + timedelta(days=n), phase="central", day=n, result="negative")
            for n in (1, 2)
        ]
        tell(results)
        assert "end" in {row.step for row in queries.duties_of(second)}

    def test_takes_the_same_few_statements_however_many_subjects(self) -> None:
        def statements(first: int, count: int) -> int:
            subjects = [order(number) for number in range(first, first + count)]
            with clock.given(DAY), transaction.atomic():
                record_many([proposed(subject) for subject in subjects])
                with CaptureQueriesContext(connection) as caught:
                    reconcile(subjects, DAY)
            return len(caught)

        assert statements(1000, 300) <= 20
        assert statements(2000, 900) <= 20

    def test_wakes_the_worker_when_the_earliest_moment_moves(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("LISTEN bihuan_loop")
        with CaptureQueriesContext(connection) as caught:
            tell([proposed(SUBJECT)])
        assert any("pg_notify" in query["sql"] for query in caught.captured_queries)
        with CaptureQueriesContext(connection) as caught:
            tell([proposed(order(2), DAY + timedelta(hours=1))])
        assert not any("pg_notify" in query["sql"] for query in caught.captured_queries)


@pytest.mark.usefixtures("transactional")
class TestTwoAtOnce:
    def test_see_each_others_facts_when_both_open_the_run(self) -> None:
        """Each transaction records one fact before the other commits; the later one must plan with both."""
        arrival = "arrival:" + SUBJECT.partition(":")[2]
        expected = fact(arrival, "arrival.expected", DAY, expected_at=DAY.isoformat())
        landed = fact(
            arrival, "arrival.landed", DAY + MINUTE, GATE, measure="tests", sample=True, class_code="low_area"
        )
        tell([fact(arrival, "arrival.noted", DAY - MINUTE)])  # the ledger knows the person; nothing has opened yet
        both_have_recorded = threading.Barrier(2)
        failures: list[Exception] = []

        def act(facts: list[NewFact]) -> None:
            try:
                with clock.given(DAY + timedelta(hours=1)), transaction.atomic():
                    record_many(facts)
                    both_have_recorded.wait(timeout=60)
                    reconcile([arrival], DAY + timedelta(hours=1))
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=act, args=[facts]) for facts in ([expected], [landed])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert not failures
        assert states(arrival)["land"] == "done"
        assert drift(DAY + timedelta(hours=1)) == []

    def test_plan_anew_what_was_opened_between_planning_and_writing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One plans with its own fact alone; before it looks at the rows, the other has committed the run."""
        arrival = "arrival:" + SUBJECT.partition(":")[2]
        expected = fact(arrival, "arrival.expected", DAY, expected_at=DAY.isoformat())
        landed = fact(
            arrival, "arrival.landed", DAY + MINUTE, GATE, measure="tests", sample=True, class_code="low_area"
        )
        tell([fact(arrival, "arrival.noted", DAY - MINUTE)])
        other_told = threading.Event()
        planned_before: list[int] = []

        def plan_then_let_the_other_commit(*args: Any, **options: Any) -> Any:
            found = plans(*args, **options)
            if threading.current_thread() is threading.main_thread():
                return found
            planned_before.append(len(found))
            other_told.wait(timeout=60)
            return found

        def act() -> None:
            tell([landed], now=DAY + timedelta(hours=1))
            connection.close()

        monkeypatch.setattr(reconciling, "plans", plan_then_let_the_other_commit)
        slow = threading.Thread(target=act)
        slow.start()
        while not planned_before:
            time.sleep(0.01)
        tell([expected], now=DAY + timedelta(hours=1))
        other_told.set()
        slow.join(timeout=60)
        assert states(arrival)["land"] == "done"
        assert drift(DAY + timedelta(hours=1)) == []

    def test_make_one_run_of_many_concurrent_facts(self) -> None:
        tell([proposed(SUBJECT), approved(SUBJECT)])
        start = threading.Barrier(6)

        def act(number: int) -> None:
            start.wait(timeout=60)
            tell(
                [fact(SUBJECT, "check.recorded", DAY + timedelta(hours=1, minutes=number))],
                now=DAY + timedelta(hours=2),
            )
            connection.close()

        threads = [threading.Thread(target=act, args=[number]) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert Run.objects.count() == 1
        assert states()["contact"] == "done"
        assert drift(DAY + timedelta(hours=2)) == []
