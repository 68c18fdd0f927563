from uuid import uuid4

import pytest

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.modules.units import queries
from tests.conftest import START
from tests.world import World

pytestmark = pytest.mark.django_db


class TestUnitRegister:
    def test_shows_own_scope_with_both_owners_and_staff(self, city: World) -> None:
        register = queries.UnitRegister(access.scope_for(city.user("district")))
        assert register.count({}) == 6
        (gate,) = register.rows({"kind": "gate"}, "name", 0, 10)
        assert (gate.code, gate.staff) == ("gate-rail", 2)
        assert gate.above
        assert gate.sector

    def test_finds_by_name_code_place_and_vacancy(self, city: World) -> None:
        register = queries.UnitRegister(access.scope_for(city.user("commander")))
        assert [row.code for row in register.rows({"q": "Yuntai"}, "", 0, 9)] == ["site-yuntai"]
        assert "410811001" in {row.code for row in register.rows({"vacant": "1"}, "-code", 0, 99)}

    def test_reads_a_page_in_two_queries(self, city: World, django_assert_num_queries: pytest.fixture) -> None:
        register = queries.UnitRegister(access.scope_for(city.user("commander")))
        with django_assert_num_queries(2):
            register.count({})
            register.rows({}, "-staff", 0, 50)


class TestUnitPage:
    def test_marks_the_posts_that_nobody_holds(self, city: World) -> None:
        scope = access.scope_for(city.user("commander"))
        posts = {post.role: post for post in queries.unit_page(scope, city.unit("410802").id).posts}
        assert posts["order_clerk"].is_vacant
        assert not posts["district_command"].is_vacant

    def test_of_another_district_does_not_exist(self, city: World) -> None:
        with pytest.raises(NotFound):
            queries.unit_page(access.scope_for(city.user("stranger")), city.unit("gate-rail").id)
        with pytest.raises(NotFound):
            queries.unit_page(access.scope_for(city.user("commander")), uuid4())


class TestRoster:
    def test_names_the_roles_with_nobody_on_duty(self, city: World) -> None:
        unit = access.queries.unit_by_code("gate-rail")
        (day,) = queries.roster(unit, clock.now().astimezone(clock.CITY).date(), 1)
        assert day.shifts == ()
        assert len(day.unstaffed) == 1
        assert queries.on_duty(unit.id, at=START) == []
