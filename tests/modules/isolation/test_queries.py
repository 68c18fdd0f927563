from datetime import timedelta
from uuid import uuid4

import pytest

from bihuan.kernel import clock
from bihuan.kernel.access import scope_for
from bihuan.modules.isolation import actions, queries
from bihuan.modules.isolation.models import Zone
from bihuan.modules.testing import actions as testing
from tests.modules.isolation.conftest import MEDIUM


def scope(isolation, name):
    return scope_for(isolation.world.user(name))


def rooms(isolation):
    [found] = queries.rooms_by_site(scope(isolation, "commander"), clock.now())
    return found


class TestRoomsBySite:
    def test_adds_up(self, isolation):
        isolation.resident("101")
        isolation.do(actions.set_room, isolation.rooms["102"], state="blocked", reason="leak")
        isolation.do(actions.set_room, isolation.rooms["202"], state="cleaning")
        found = rooms(isolation)
        assert (found.total, found.free, found.occupied, found.cleaning, found.blocked) == (4, 1, 1, 1, 1)
        assert (found.people, found.usable_free) == (1, 1)

    def test_counts_no_room_as_free_without_a_valid_certificate(self, isolation, at):
        with at(clock.now() + timedelta(days=300)):
            assert rooms(isolation).usable_free == 0
            assert rooms(isolation).free == 4

    def test_is_empty_for_another_district(self, isolation):
        assert queries.rooms_by_site(scope(isolation, "stranger"), clock.now()) == ()

    def test_takes_three_queries(self, isolation, django_assert_num_queries):
        everywhere = scope(isolation, "commander")
        with django_assert_num_queries(3):
            queries.rooms_by_site(everywhere, clock.now())


class TestRoomGrid:
    def test_of_a_hotel_of_two_hundred_rooms_takes_two_queries(self, isolation, django_assert_num_queries):
        zone = Zone.objects.get().id
        numbers = [str(number) for number in range(300, 500)]
        isolation.do(actions.add_rooms, zone, by="site_head", numbers=numbers, floor=3)
        isolation.resident("101")
        with django_assert_num_queries(2):
            assert len(queries.room_grid(isolation.site_id, site_usable=True)) == 204

    def test_offers_a_household_the_room_it_has_first(self, isolation):
        order = isolation.resident("201")
        household = queries.household_of(queries.stay_of(order).person_id)
        assert [cell.number for cell in queries.free_rooms(isolation.site_id, household)] == [
            "201",
            "101",
            "102",
            "202",
        ]
        assert [cell.number for cell in queries.free_rooms(isolation.site_id, uuid4())] == ["101", "102", "202"]


class TestHomesToday:
    def test_shows_only_homes_of_the_scope_whose_order_lives(self, isolation):
        order = isolation.order(isolation.person(), facts=MEDIUM)
        team = [actions.Member(role.code, "A", "1") for role in queries.team_roles()]
        unit = isolation.unit("410811001001")
        isolation.do(actions.begin_home, order, by="community_worker", unit_id=unit, address="1", team=team)
        [row] = queries.homes_today(scope(isolation, "community_worker"), clock.now())
        assert (row.subject, row.is_done) == (f"order:{order}", False)
        assert queries.homes_today(scope(isolation, "stranger"), clock.now()) == ()


class TestKeeper:
    @pytest.mark.parametrize(("is_in", "unit"), [(False, "gate-rail"), (True, "site-yuntai")])
    def test_is_the_unit_where_the_person_is(self, isolation, is_in, unit):
        order = isolation.resident() if is_in else isolation.order(isolation.person())
        assert queries.keeper_of(order).unit_id == isolation.unit(unit)


class TestExceptions:
    def test_show_a_positive_result_until_it_is_corrected(self, isolation):
        order = isolation.resident()
        person = queries.stay_of(order).person_id
        sample = isolation.do(
            testing.take_sample,
            f"order:{order}",
            person_id=person,
            unit_id=isolation.unit("site-yuntai"),
            purpose="plan",
        )
        wrong = isolation.do(testing.record_result, sample, result="positive", laboratory_id=None)
        assert "positive" in troubles(isolation)
        isolation.do(testing.correct_result, wrong, result="negative", reason="mixed up")
        assert "positive" not in troubles(isolation)


def troubles(isolation):
    here = queries.residents(isolation.site_id, now=clock.now())
    return [finding.trouble for finding in queries.exceptions(isolation.site_id, here, clock.now())]
