from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from bihuan.kernel import access, clock, custody
from bihuan.kernel.access.queries import Vacant
from bihuan.kernel.ledger import history
from bihuan.kernel.refusals import NotFound
from bihuan.modules.units import actions, events, queries
from bihuan.modules.units.models import DailyReturn, DutyShift
from tests.conftest import START
from tests.world import World

pytestmark = pytest.mark.django_db
TODAY = START.date()
EIGHT = datetime(2022, 6, 20, 8, 0, tzinfo=clock.CITY)
TWENTY = EIGHT + timedelta(hours=12)


def given(city: World, who: str = "district") -> dict[str, object]:
    return {"at": clock.now(), "by": city.actor(who), "key": uuid4()}


def on_duty(city: World, who: str = "gate_officer", starts_at: datetime = EIGHT, ends_at: datetime = TWENTY) -> UUID:
    return actions.plan_shift(
        city.unit("gate-rail").id,
        role="gate_officer",
        user_id=city.user(who).id,
        starts_at=starts_at,
        ends_at=ends_at,
        **given(city),
    )


class TestCloseUnit:
    def close(self, city: World, code: str, on: date = TODAY) -> None:
        actions.close_unit(city.unit(code).id, on=on, reason="merged", **given(city))

    def test_ends_its_posts_and_shifts_and_keeps_its_past(self, city: World) -> None:
        on_duty(city)
        gate = city.unit("gate-rail").id
        self.close(city, "gate-rail")
        assert access.queries.holders("gate_officer", gate) == []
        assert queries.shifts(gate, EIGHT, TWENTY) == []
        assert access.scope_for(city.user("gate_officer")).grants == ()
        assert gate not in {unit.id for unit in access.queries.units_of_kinds("gate")}
        assert "unit.closed" in [fact.kind for fact in history(f"unit:{gate}")]
        with pytest.raises(NotFound):
            access.actions.appoint(
                city.user("driver").id, role="gate_officer", unit_id=gate, since=TODAY, **given(city)
            )

    def test_is_refused_while_anything_waits_for_it(self, city: World) -> None:
        with pytest.raises(actions.StillNeeded, match=r"below|下级"):
            self.close(city, "410811001001")
        with pytest.raises(actions.StillNeeded):
            self.close(city, "gate-rail", TODAY - timedelta(days=1))
        site = city.unit("site-yuntai").id
        custody.take(["person:somebody"], holder=f"unit:{site}", **given(city))
        with pytest.raises(actions.StillNeeded, match=r"answers for|负责"):
            self.close(city, "site-yuntai")
        actions.open_returns(TODAY, **given(city))
        with pytest.raises(actions.StillNeeded, match=r"owes|待办"):
            self.close(city, "isolation_team")


class TestPlanShift:
    def test_puts_somebody_on_duty_and_says_so(self, city: World) -> None:
        on_duty(city)
        gate = city.unit("gate-rail").id
        assert [shift.user for shift in queries.on_duty(gate, "gate_officer")] == [city.user("gate_officer").id]
        assert [fact.kind for fact in history(f"unit:{gate}")] == [events.SHIFT_PLANNED]

    def test_refuses_to_have_one_person_on_duty_twice(self, city: World) -> None:
        on_duty(city)
        with pytest.raises(actions.OnDutyTwice):
            on_duty(city, starts_at=TWENTY - timedelta(hours=1), ends_at=TWENTY + timedelta(hours=3))
        on_duty(city, starts_at=TWENTY, ends_at=TWENTY + timedelta(hours=3))

    def test_is_held_by_the_database_too(self, city: World) -> None:
        shift = DutyShift.objects.get(id=on_duty(city))
        with pytest.raises(IntegrityError), transaction.atomic():
            DutyShift.objects.create(
                unit_id=shift.unit_id, role_id="gate_officer", user_id=shift.user_id, during=(EIGHT, TWENTY)
            )

    def test_refuses_a_vacancy_and_a_stranger_to_the_post(self, city: World) -> None:
        with pytest.raises(actions.ShiftRefused):
            on_duty(city, who="driver")
        for held in access.queries.holders("gate_officer", city.unit("gate-rail").id):
            access.actions.end_appointment(held.appointment, until=TODAY, reason="moved", **given(city))
        with pytest.raises(Vacant):
            on_duty(city)

    def test_refuses_an_end_before_the_beginning(self, city: World) -> None:
        with pytest.raises(actions.ShiftRefused):
            on_duty(city, ends_at=EIGHT)


class TestCancelShift:
    def test_leaves_the_fact_that_it_was_there(self, city: World) -> None:
        shift = on_duty(city)
        actions.cancel_shift(shift, reason="ill", **given(city))
        assert not DutyShift.objects.exists()
        assert history(f"unit:{city.unit('gate-rail').id}")[-1].payload["reason"] == "ill"


class TestReturns:
    def test_open_once_a_day_for_every_team_and_district(self, city: World) -> None:
        for _ in range(2):
            actions.open_returns(TODAY, **given(city))
        owing = {row.unit.code for row in DailyReturn.objects.select_related("unit")}
        assert owing == {"isolation_team", "410802", "410811"}
        row = DailyReturn.objects.first()
        assert [fact.kind for fact in history(row.subject)] == [events.RETURN_DUE]

    def test_carry_drawn_figures_and_a_remark(self, city: World) -> None:
        actions.open_returns(TODAY, **given(city))
        row = DailyReturn.objects.get(unit__code="410811")
        actions.submit_return(row.id, remark="quiet", **given(city))
        row.refresh_from_db()
        assert set(row.figures) == set(queries.FIGURES)
        assert (row.remark, row.submitted_at) == ("quiet", clock.now())
        with pytest.raises(actions.ReturnRefused):
            actions.submit_return(row.id, remark="again", **given(city))

    def test_not_sent_by_the_cut_off_are_missing(self, city: World) -> None:
        actions.open_returns(TODAY, **given(city))
        row = DailyReturn.objects.get(unit__code="410811")
        actions.submit_return(row.id, remark="", **given(city))
        scope = access.scope_for(city.user("commander"))
        counts = queries.return_counts(scope, TODAY, START + timedelta(hours=8))
        assert (counts.due, counts.sent, counts.missing) == (3, 1, 2)
        missing = queries.Returns(scope, START + timedelta(hours=8))
        assert missing.count({"standing": "missing", "day": date(2022, 6, 20).isoformat()}) == 2
