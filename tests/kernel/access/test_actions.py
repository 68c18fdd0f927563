"""Units, accounts and posts change only by actions, each of which leaves its facts."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from bihuan.kernel import access, clock
from bihuan.kernel.access import events
from bihuan.kernel.access.actions import NewUnit, NewUser, PostRefused, UnitRefused
from bihuan.kernel.access.models import Appointment, Role, Unit, User
from bihuan.kernel.access.passwords import AccountRefused, hashed
from bihuan.kernel.access.queries import Vacant
from bihuan.kernel.ledger import history
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from tests.world import World

pytestmark = pytest.mark.django_db
TODAY = date(2022, 6, 20)


def given(city: World, who: str = "security_admin") -> dict[str, object]:
    return {"at": clock.now(), "by": city.actor(who), "key": uuid4()}


def unit(code: str, parent: str | None, kind: str = "grid") -> NewUnit:
    return NewUnit(code, kind, Text(zh=code, en=code), parent=parent)


class TestUnits:
    def test_stand_below_their_parent_even_if_it_came_in_the_same_list(self, city: World) -> None:
        access.actions.add_units([unit("g2", "410811001001"), unit("b1", "g2", "building_group")], **given(city))
        assert Unit.objects.get(code="b1").path == "/410800/410811/410811001/410811001001/g2/b1/"
        assert [fact.kind for fact in history(f"unit:{Unit.objects.get(code='b1').id}")] == [events.UNIT_ADDED]

    def test_take_the_same_statements_however_many(
        self, city: World, django_assert_max_num_queries: pytest.fixture
    ) -> None:
        many = [unit(f"g{number}", "410811001001") for number in range(500)]
        with django_assert_max_num_queries(25):
            access.actions.add_units(many, **given(city))

    @pytest.mark.parametrize("wrong", [unit("x", "nowhere"), unit("x", "410811", "castle")])
    def test_are_refused_under_an_unknown_parent_or_of_an_unknown_kind(self, city: World, wrong: NewUnit) -> None:
        with pytest.raises(UnitRefused):
            access.actions.add_units([wrong], **given(city))

    def test_paths_are_kept_closed_by_the_database(self, city: World) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Unit.objects.filter(code="gate-rail").update(path="410800/gate-rail")


class TestRoles:
    def test_come_from_the_profile_and_change_only_when_it_does(self, city: World) -> None:
        before = len(history("roles:city"))
        access.actions.adopt_roles(**given(city))
        assert len(history("roles:city")) == before

    def test_lose_their_powers_when_the_profile_no_longer_names_them(self, city: World) -> None:
        Role.objects.create(code="old", name_zh="old", name_en="old", line="territorial", powers=["units.read"])
        Role.objects.filter(code="driver").update(powers=[])
        access.actions.adopt_roles(**given(city))
        assert Role.objects.get(code="old").powers == []
        assert "transfers.drive" in Role.objects.get(code="driver").powers


class TestAccounts:
    def test_are_opened_without_a_post(self, city: World) -> None:
        made = access.actions.add_user(NewUser("newcomer", "N"), **given(city, "system_admin"))
        assert not access.scope_for(User.objects.get(id=made)).grants

    def test_have_one_name_each(self, city: World) -> None:
        with pytest.raises(AccountRefused):
            access.actions.add_user(NewUser("driver", "N"), **given(city, "system_admin"))

    @pytest.mark.parametrize(
        "password", ["short", "1234567890123", "password123", "newcomer-1", "Q1W2E3R4T5Y6", "yuantuo2012"]
    )
    def test_take_no_weak_password(self, password: str) -> None:
        with pytest.raises(AccountRefused):
            hashed(password, username="newcomer", name="N")

    def test_with_a_new_password_lose_their_sessions(self, city: World) -> None:
        user = city.user("driver")
        new = hashed("three-green-umbrellas", username="driver", name="D")
        access.actions.set_password(user.id, password_hash=new, **given(city))
        user.refresh_from_db()
        assert user.check_password("three-green-umbrellas")
        assert user.sessions_end_before == clock.now()


class TestPosts:
    def test_give_their_power_from_the_first_day_to_the_day_before_the_end(self, city: World) -> None:
        user = city.user("driver")
        access.actions.appoint(
            user.id,
            role="gate_officer",
            unit_id=city.unit("gate-rail").id,
            since=date(2022, 6, 21),
            until=date(2022, 6, 23),
            **given(city),
        )
        days = {day: access.scope_for(user, on=date(2022, 6, day)).may("arrivals.land") for day in range(20, 25)}
        assert days == {20: False, 21: True, 22: True, 23: False, 24: False}

    def test_are_not_given_twice_for_the_same_days(self, city: World) -> None:
        with pytest.raises(PostRefused):
            access.actions.appoint(
                city.user("driver").id, role="driver", unit_id=city.unit("fleet").id, since=TODAY, **given(city)
            )
        with pytest.raises(IntegrityError), transaction.atomic():
            Appointment.objects.create(
                user=city.user("driver"), role_id="driver", unit=city.unit("fleet"), valid=DateRange(TODAY, None)
            )

    def test_are_not_given_to_a_closed_account(self, city: World) -> None:
        User.objects.filter(username="driver").update(is_active=False)
        with pytest.raises(PostRefused):
            access.actions.appoint(
                city.user("driver").id, role="lab_staff", unit_id=city.unit("laboratory").id, since=TODAY, **given(city)
            )

    def test_are_handed_over_without_a_gap_and_on_record(self, city: World) -> None:
        held = Appointment.objects.get(user=city.user("site_head"))
        access.actions.hand_over(
            held.id, to_user=city.user("site_staff").id, on=TODAY, remark="keys, open requests", **given(city)
        )
        holders = access.queries.holders("site_head", city.unit("site-yuntai").id, TODAY)
        assert [one.user for one in holders] == [city.user("site_staff").id]
        facts = history(f"unit:{city.unit('site-yuntai').id}")
        assert [fact.kind for fact in facts] == [events.POST_FILLED, events.POST_HANDED_OVER]
        assert facts[-1].payload["remark"] == "keys, open requests"

    def test_cannot_be_handed_over_twice(self, city: World) -> None:
        held = Appointment.objects.get(user=city.user("site_head"))
        for_staff = {"to_user": city.user("site_staff").id, "on": TODAY, "remark": "keys"}
        access.actions.hand_over(held.id, **for_staff, **given(city))
        with pytest.raises(PostRefused):
            access.actions.hand_over(held.id, **for_staff, **given(city))

    def test_that_end_without_a_successor_are_vacant_and_take_no_task(self, city: World) -> None:
        held = Appointment.objects.get(user=city.user("site_head"))
        scope = access.scope_for(city.user("commander"))
        before = {(one.unit, one.role) for one in access.queries.vacancies(scope)}
        access.actions.end_appointment(held.id, until=TODAY, reason="moved", **given(city))
        after = {(one.unit, one.role) for one in access.queries.vacancies(scope)}
        assert after - before == {(city.unit("site-yuntai").id, "site_head")}
        site = city.unit("site-yuntai").id
        of_it = {(one.unit, one.role) for one in access.queries.vacancies(scope, of=[site])}
        assert of_it == {(unit, role) for unit, role in after if unit == site}
        assert access.queries.vacancies(scope, of=[]) == []
        with pytest.raises(Vacant):
            access.queries.require_holder("site_head", city.unit("site-yuntai").id)

    def test_of_an_unknown_appointment_cannot_end(self, city: World) -> None:
        with pytest.raises(NotFound):
            access.actions.end_appointment(uuid4(), until=TODAY, reason="", **given(city))
