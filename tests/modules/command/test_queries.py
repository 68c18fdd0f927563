"""The board's numbers are the numbers of the rows they open."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import pytest

from bihuan.kernel import access, clock
from bihuan.kernel.access.models import Appointment
from bihuan.kernel.loop import work
from bihuan.kernel.refusals import NotFound
from bihuan.modules.command import queries
from bihuan.modules.units import actions as units
from bihuan.modules.units.models import DailyReturn
from tests.conftest import START
from tests.world import World

pytestmark = pytest.mark.django_db
LATE = START + timedelta(hours=40)


@pytest.fixture
def owing(city: World) -> World:
    """Every team and district owes its daily return."""
    units.open_returns(START.date(), at=clock.now(), by=city.actor("commander"), key=uuid4())
    return city


def rows(scope: access.Scope, url: str) -> int:
    """How many duties the address opens: the door cuts the reach to the place, the list filters by the rest."""
    asked = dict(parse_qsl(urlsplit(url).query))
    reach = scope.below(access.queries.unit_by_code(asked["below"]).path) if "below" in asked else scope
    return queries.DutyList(reach, LATE).count(asked)


class TestBoard:
    def test_counts_what_is_open_by_step_place_and_team(self, owing: World) -> None:
        board = queries.board(access.scope_for(owing.user("commander")), "", START)
        assert board.total is not None
        assert board.total.open == 3
        assert [(line.step, line.sums.open) for line in board.steps] == [("submit", 1), ("submit_district", 2)]
        assert sorted(line.sums.open for line in board.territorial) == [1, 1, 1]
        assert [line.sums.open for line in board.sector] == [2]

    def test_opens_the_rows_behind_every_number(self, owing: World) -> None:
        scope = access.scope_for(owing.user("commander"))
        for place in ("", "410811"):
            board = queries.board(scope, place, LATE)
            for step in board.steps:
                assert rows(scope, step.url) == step.sums.open
                assert rows(scope, step.breached_url) == step.sums.breached
                assert rows(scope, step.warned_url) == step.sums.warned
                assert [rows(scope, url) for _count, url in step.ages] == list(step.sums.ages)
            for owner in (*board.territorial, *board.sector):
                assert rows(scope, owner.url) == owner.sums.open
                assert rows(scope, owner.breached_url) == owner.sums.breached

    def test_of_a_place_holds_only_what_lies_below_it(self, owing: World) -> None:
        scope = access.scope_for(owing.user("commander"))
        board = queries.board(scope, "410811", START)
        assert board.total is not None
        assert board.total.open == 1
        assert [unit.code for unit in board.above] == ["410800"]
        assert queries.board(scope, "gate-rail", START).total is None

    def test_of_another_district_does_not_exist(self, owing: World) -> None:
        with pytest.raises(NotFound):
            queries.board(access.scope_for(owing.user("stranger")), "410811", START)

    def test_takes_no_more_queries_for_more_rows(
        self, owing: World, django_assert_max_num_queries: pytest.fixture
    ) -> None:
        for day in range(1, 20):
            units.open_returns(
                START.date() + timedelta(days=day), at=clock.now(), by=owing.actor("commander"), key=uuid4()
            )
        for who, place, most in (("commander", "", 32), ("commander", "410811", 36), ("team_lead", "", 36)):
            scope = access.scope_for(owing.user(who))
            with django_assert_max_num_queries(most):
                queries.board(scope, place, START)


class TestMyDuties:
    def test_are_those_of_my_own_posts(self, owing: World) -> None:
        (group,) = queries.my_duties(access.scope_for(owing.user("district")), START)
        assert (group.count, group.breached) == (1, 0)
        row = DailyReturn.objects.get(unit__code="410811")
        assert [line.url for line in group.lines] == [f"/returns/{row.id}"]
        assert queries.my_duties(access.scope_for(owing.user("gate_officer")), START) == []

    def test_end_when_they_are_done(self, owing: World) -> None:
        row = DailyReturn.objects.get(unit__code="410811")
        units.submit_return(row.id, remark="", at=clock.now(), by=owing.actor("district"), key=uuid4())
        assert queries.my_duties(access.scope_for(owing.user("district")), START) == []


class TestToldToMe:
    def test_is_what_others_are_late_with(self, owing: World) -> None:
        commander = access.scope_for(owing.user("commander"))
        assert queries.told_to(commander, START) == []
        with clock.given(LATE):
            work(LATE)
            told = queries.told_to(commander, LATE)
        assert sum(group.count for group in told) == 3
        assert all(line.escalated_at for group in told for line in group.lines)
        district = queries.told_to(access.scope_for(owing.user("district")), LATE)
        assert district == []


class TestVacantPosts:
    def test_are_seen_from_above_before_anything_is_late(self, owing: World) -> None:
        scope, post = access.scope_for(owing.user("commander")), owing.user("district").id
        before = queries.DutyList(scope, START)
        assert owed(scope, "410811") == []
        assert all(line.post is None for line in before.rows({"unit": "410811"}, "due", 0, 20))
        Appointment.objects.filter(user_id=post).delete()
        after = queries.DutyList(scope, START)
        [line] = after.rows({"unit": "410811", "vacant": "1"}, "due", 0, 20)
        assert line.post is not None
        shown = after.rows({}, "due", 0, 20)
        assert len(shown) > 1
        assert [one.id for one in shown if one.post] == [line.id]
        assert after.count({"unit": "410811", "vacant": "1"}) == 1
        assert owed(scope, "410811") == [line.id]

    def test_are_nothing_to_whoever_appoints_nobody(self, owing: World) -> None:
        assert queries.without_owner(access.scope_for(owing.user("community_worker")), START) == []


def owed(scope: access.Scope, code: str) -> list[UUID]:
    """The duties of vacant posts at a unit that somebody is shown at once."""
    name = access.queries.unit_by_code(code).name
    found = queries.without_owner(scope, START)
    return [line.id for group in found for line in group.lines if line.unit == name]
