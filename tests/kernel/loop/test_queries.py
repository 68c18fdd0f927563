"""What pages and boards read: most urgent first, filtered, named in both languages, in a pinned number of queries."""

from datetime import timedelta

import pytest

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor
from bihuan.kernel.loop import actions, profile, queries
from tests.kernel.loop.making import DAY, GATE, OFFICE, SITE, approved, fact, order, proposed, tell

NOW = DAY + timedelta(hours=1)


@pytest.fixture
def orders() -> None:
    for number in range(6):
        subject = order(number)
        at = DAY + timedelta(minutes=number)
        facts = [proposed(subject, at)]
        if number >= 3:
            facts.append(approved(subject, at + timedelta(minutes=20)))
        if number == 5:
            facts.append(fact(subject, "stay.checked_in", at + timedelta(minutes=40), SITE))
        tell(facts, now=NOW)


@pytest.mark.django_db
@pytest.mark.usefixtures("orders")
class TestDuties:
    def test_come_most_urgent_first_and_named(self) -> None:
        rows = queries.open_duties(pathway="order", now=NOW)
        assert [row.breach_at for row in rows] == sorted(row.breach_at for row in rows)
        approve = next(row for row in rows if row.step == "approve")
        assert (approve.title.en, approve.version, approve.policy) == ("Approve the order", 1, "ed9")
        assert approve.about == "person:" + str(approve.about).partition(":")[2]

    def test_can_be_filtered(self) -> None:
        assert queries.count_duties(units=[OFFICE], now=NOW) == 3
        assert queries.count_duties(roles=["order_approver"], now=NOW) == 3
        assert queries.count_duties(steps=["request"], units=[GATE], now=NOW) == 2
        assert queries.count_duties(steps=["approve"], standing="warned", now=NOW) == 1
        assert queries.count_duties(steps=["approve"], standing="late", now=NOW) == 2
        assert queries.count_duties(units=[SITE], standing="ahead", now=NOW) > 0

    def test_say_how_they_stand(self) -> None:
        [row] = queries.open_duties(steps=["approve"], now=NOW, limit=1)
        assert row.standing(DAY) == "open"
        assert row.standing(NOW) == "warned"
        assert row.standing(DAY + timedelta(hours=2)) == "breached"

    def test_take_one_query(self, django_assert_num_queries: object) -> None:
        with django_assert_num_queries(1):  # type: ignore[operator]
            queries.open_duties(now=NOW)
        with django_assert_num_queries(1):  # type: ignore[operator]
            queries.counts_by_step(now=NOW)

    def test_of_many_subjects_come_in_one_query(self, django_assert_num_queries: object) -> None:
        with django_assert_num_queries(1):  # type: ignore[operator]
            found = queries.duties_of_many([order(0), order(3), order(77)])
        assert {row.step for row in found[order(0)]} == {"approve"}
        assert found[order(77)] == ()

    def test_are_counted_by_step_in_the_order_of_the_pathway(self) -> None:
        rows = [row for row in queries.counts_by_step(now=NOW) if row.pathway == "order"]
        assert [row.step for row in rows][:3] == ["approve", "contact", "request"]
        approve = rows[0]
        assert (approve.open, approve.due, approve.late, approve.warned, approve.breached) == (3, 3, 3, 1, 0)

    def test_past_their_breach_are_counted_by_owner(self) -> None:
        late = DAY + timedelta(hours=3)
        owners = {(row.owner_role, row.owner_unit): row.breached for row in queries.overdue_by_owner(now=late)}
        assert owners[("order_approver", OFFICE)] == 3

    def test_the_schedule_looks_ahead_without_writing(self) -> None:
        rows = queries.schedule(order(5), NOW)
        days = [row.occurrence.rpartition(" ")[2] for row in rows if row.step == "central_test"]
        assert days == ["d1", "d2", "d3", "d5", "d7"]
        assert sum(row.step == "check" for row in rows) >= 14
        assert len(queries.duties_of(order(5))) < len(rows)

    def test_runs_carry_their_version_and_policy(self) -> None:
        [run] = [row for row in queries.runs_of(order(0)) if row.pathway == "order"]
        assert (run.profile, run.version, run.policy, run.closed_at) == ("covid19-cn", 1, "ed9", None)
        assert queries.open_runs("order") == 6


@pytest.mark.django_db
class TestChooseProfile:
    BY = Actor("user:1", name="Chen")

    def test_newcomers_are_met_with_the_chosen_profile_from_then_on(self) -> None:
        assert profile.active(NOW).code == "covid19-cn"
        with clock.given(NOW):
            actions.choose_profile("mpox", at=NOW, by=self.BY, key=SITE)
        assert profile.active(NOW).code == "mpox"
        assert profile.active(NOW - timedelta(seconds=1)).code == "covid19-cn"
        arrival = "arrival:" + order(1).partition(":")[2]
        tell([fact(arrival, "arrival.expected", NOW, expected_at=NOW.isoformat())])
        assert queries.runs_of(arrival)[0].profile == "mpox"

    def test_is_asked_for_once_while_the_clock_stands(self, django_assert_num_queries) -> None:
        with clock.given(NOW), django_assert_num_queries(1):
            assert profile.active().code == profile.active().code
        with clock.given(NOW), django_assert_num_queries(1):
            profile.active()
        with clock.given(NOW):
            assert profile.active().code == "covid19-cn"
            actions.choose_profile("mpox", at=NOW, by=self.BY, key=SITE)
            assert profile.active().code == "mpox"

    def test_refuses_one_that_is_not_there(self) -> None:
        with pytest.raises(actions.NoSuchProfile):
            actions.choose_profile("plague", at=NOW, by=self.BY, key=SITE)
