"""Who reaches what: two lines, dated posts, and nothing from a post that has lapsed."""

from datetime import date

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

from bihuan.kernel import access
from bihuan.kernel.access.models import Appointment, Unit
from bihuan.kernel.access.scope import outermost
from tests.world import World, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(db: None) -> World:
    return world()


def reached(city: World, name: str) -> set[str]:
    scope = access.scope_for(city.user(name))
    return set(scope.rows(Unit.objects.all(), "").values_list("code", flat=True))


class TestReach:
    def test_of_a_district_is_its_subtree(self, city: World) -> None:
        assert reached(city, "district") == {
            "410811",
            "410811001",
            "410811001001",
            "41081100100101",
            "gate-rail",
            "site-yuntai",
        }

    def test_of_a_gate_is_the_gate(self, city: World) -> None:
        assert reached(city, "gate_officer") == {"gate-rail"}

    def test_of_a_team_follows_the_sector_line_across_districts(self, city: World) -> None:
        assert {"gate-rail", "410802001001", "fleet"} <= reached(city, "team_lead")
        assert "laboratory" not in reached(city, "team_lead")

    def test_of_the_command_is_everything_even_rows_without_a_unit(self, city: World) -> None:
        scope = access.scope_for(city.user("commander"))
        assert scope.is_everywhere
        assert scope.rows(Unit.objects.all(), "").count() == Unit.objects.count()

    def test_of_somebody_without_a_post_is_nothing(self, city: World) -> None:
        Appointment.objects.filter(user=city.user("district")).delete()
        assert reached(city, "district") == set()
        nobody = access.scope_for(city.user("district"))
        assert not nobody.rows(Appointment.objects.all(), "unit").exists()

    def test_costs_two_queries_at_most(self, city: World, django_assert_num_queries: pytest.fixture) -> None:
        with django_assert_num_queries(1):
            access.scope_for(city.user("district"))
        with django_assert_num_queries(2):
            access.scope_for(city.user("team_lead"))

    def test_asks_once_which_units_it_holds(self, city: World, django_assert_num_queries: pytest.fixture) -> None:
        scope = access.scope_for(city.user("district"))
        with django_assert_num_queries(3):
            held = [set(scope.rows(Appointment.objects.all(), "unit").values_list("id", flat=True)) for _ in range(2)]
        assert held[0] == held[1]
        assert held[0] == set(
            Appointment.objects.filter(unit__path__startswith=city.unit("410811").path).values_list("id", flat=True)
        )

    def test_of_several_relations_is_that_of_each(self, city: World) -> None:
        scope = access.scope_for(city.user("team_lead"))
        found = scope.rows(Unit.objects.all(), "parent", "sector").values_list("code", flat=True)
        held = {unit.id for unit in access.queries.units(scope)}
        assert set(found) == {unit.code for unit in Unit.objects.all() if {unit.parent_id, unit.sector_id} & held}

    def test_of_the_root_is_not_lost_beside_another_condition(self, city: World) -> None:
        everywhere = access.scope_for(city.user("commander")).within("")
        assert Unit.objects.filter(everywhere | Q(code="nothing")).count() == Unit.objects.count()


class TestPosts:
    @pytest.mark.parametrize(("day", "holds"), [(date(2022, 6, 19), True), (date(2022, 6, 20), False)])
    def test_a_lapsed_post_gives_nothing_from_its_end_on(self, city: World, day: date, holds: bool) -> None:
        Appointment.objects.filter(user=city.user("district")).update(
            valid=DateRange(date(2020, 1, 1), date(2022, 6, 20))
        )
        assert access.scope_for(city.user("district"), on=day).may("command.board") is holds

    def test_a_post_at_a_closed_unit_gives_nothing(self, city: World) -> None:
        Unit.objects.filter(code="gate-rail").update(valid_until=date(2022, 6, 20))
        assert not access.scope_for(city.user("gate_officer")).grants

    def test_a_closed_account_has_no_reach(self, city: World) -> None:
        user = city.user("commander")
        user.is_active = False
        assert not access.scope_for(user).grants


class TestPower:
    def test_holds_only_where_its_post_is(self, city: World) -> None:
        user = city.user("stranger")
        Appointment.objects.create(
            user=user, role_id="gate_officer", unit=city.unit("gate-rail"), valid=DateRange(date(2022, 1, 1), None)
        )
        scope = access.scope_for(user)
        assert scope.may("arrivals.land", city.unit("gate-rail").path)
        assert not scope.may("arrivals.land", city.unit("410802").path)
        landing = scope.for_power("arrivals.land")
        assert landing.units == (city.unit("gate-rail").path,)
        assert landing.actor.unit == city.unit("gate-rail").id

    def test_prefixes_inside_others_are_left_out(self) -> None:
        assert outermost(["/a/b/", "/a/", "/a/b/c/", "/ab/"]) == ("/a/", "/ab/")
