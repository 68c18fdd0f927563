"""Everything the loop holds can be dropped and rebuilt; what does not follow from the ledger shows."""

from datetime import timedelta

import pytest

from bihuan.kernel.loop import drift, queries, rebuild, work
from bihuan.kernel.loop.models import Duty, Run
from tests.kernel.loop.making import DAY, SITE, approved, fact, order, proposed, tell

NOW = DAY + timedelta(days=2)


@pytest.fixture
def city() -> None:
    for number in range(12):
        subject = order(number)
        facts = [proposed(subject), approved(subject)]
        if number % 2:
            facts.append(fact(subject, "stay.checked_in", DAY + timedelta(hours=2), SITE))
        if number % 3 == 0:
            facts.append(fact(subject, "order.lifted", DAY + timedelta(hours=5)))
        tell(facts, now=DAY + timedelta(hours=6))


@pytest.mark.django_db
@pytest.mark.usefixtures("city")
class TestDrift:
    def test_finds_nothing_when_the_tables_agree_even_if_the_worker_is_behind(self) -> None:
        assert drift(NOW) == []

    def test_finds_a_duty_that_was_changed_by_hand(self) -> None:
        Duty.objects.filter(subject=order(1), step="contact").update(state="cancelled", reason="by hand")
        found = drift(NOW)
        assert [(row.subject, row.step, row.what) for row in found] == [(order(1), "contact", "state, reason")] or found
        assert queries.violations(NOW)["drifted_duties"] == 1

    def test_finds_a_duty_that_is_gone_and_one_that_was_invented(self) -> None:
        duty = Duty.objects.filter(subject=order(1), step="contact").first()
        assert duty is not None
        Duty.objects.filter(pk=duty.pk).delete()
        duty.step = "invented"
        duty.pk = duty.run_id
        duty.save(force_insert=True)
        assert sorted(row.what for row in drift(NOW)) == ["extra", "missing"]

    def test_counts_open_loops_in_which_nobody_owes_anything(self) -> None:
        assert queries.violations(NOW)["loops_without_duty"] == 0
        Duty.objects.filter(subject=order(1)).delete()
        assert queries.violations(NOW)["loops_without_duty"] == 1

    def test_rebuilds_everything_from_the_ledger_to_the_same_rows(self) -> None:
        while work(NOW):
            pass
        before = (
            sorted(Duty.objects.values_list()),
            sorted(Run.objects.values_list("id", "next_at", "closed_at"), key=str),
        )
        Duty.objects.all().delete()
        Run.objects.all().delete()
        rebuild(NOW)
        after = (
            sorted(Duty.objects.values_list()),
            sorted(Run.objects.values_list("id", "next_at", "closed_at"), key=str),
        )
        assert after == before
        assert rebuild(NOW) == 0
