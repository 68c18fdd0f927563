"""Three administrators who keep watch on each other, and posts that take two people of two units."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from bihuan.kernel import access, clock
from bihuan.kernel.access import events
from bihuan.kernel.access.actions import RolesRefused
from bihuan.kernel.access.models import Appointment, Nomination, Role, User
from bihuan.kernel.access.nominations import OtherUnitNeeded, confirm_nomination, nominate, refuse_nomination
from bihuan.kernel.access.posts import OfficesApart, PostRefused, TwoNeeded
from bihuan.kernel.ledger import Actor, history
from tests.world import World

pytestmark = pytest.mark.django_db
TODAY = date(2022, 6, 20)
OFFICES = ("system_admin", "security_admin", "auditor")


def given(city: World, who: str = "security_admin") -> dict[str, Any]:
    return {"at": clock.now(), "by": city.actor(who), "key": uuid4()}


def newcomer(name: str = "newcomer") -> User:
    user = User(username=name, name=name)
    user.set_unusable_password()
    user.save()
    return user


def appoint(city: World, user: User, role: str, unit: str, who: str = "security_admin") -> UUID:
    return access.actions.appoint(user.id, role=role, unit_id=city.unit(unit).id, since=TODAY, **given(city, who))


def named(city: World, user: User, role: str, unit: str = "410800", who: str = "security_admin") -> UUID:
    return nominate(user.id, role=role, unit_id=city.unit(unit).id, since=TODAY, **given(city, who))


class TestThreeOffices:
    @pytest.mark.parametrize("role", OFFICES)
    def test_are_not_joined_in_one_account(self, city: World, role: str) -> None:
        for held in OFFICES:
            if held != role:
                with pytest.raises(OfficesApart), transaction.atomic():
                    named(city, city.user(held), role, who="commander")

    def test_are_kept_apart_by_the_database_at_the_same_time_only(self, city: World) -> None:
        user, root = newcomer(), city.unit("410800")
        first, second = DateRange(TODAY, TODAY + timedelta(days=9)), DateRange(TODAY + timedelta(days=9), None)
        Appointment.objects.create(user=user, role_id="auditor", unit=root, valid=first)
        Appointment.objects.create(user=user, role_id="system_admin", unit=root, valid=second)
        with pytest.raises(IntegrityError, match="access_three_offices_apart"), transaction.atomic():
            Appointment.objects.create(user=user, role_id="security_admin", unit=root, valid=first)
        with pytest.raises(IntegrityError, match="access_three_offices_apart"), transaction.atomic():
            Appointment.objects.filter(user=user, role_id="auditor").update(valid=DateRange(TODAY, None))

    def test_cannot_be_hidden_from_the_database(self, city: World) -> None:
        """Whoever writes past the actions cannot leave the office out, nor change it afterwards."""
        user, root = newcomer(), city.unit("410800")
        valid = DateRange(TODAY, None)
        Appointment.objects.create(user=user, role_id="auditor", unit=root, valid=valid, office="")
        Appointment.objects.filter(user=user).update(office="")
        with pytest.raises(IntegrityError, match="access_three_offices_apart"), transaction.atomic():
            Appointment.objects.create(user=user, role_id="system_admin", unit=root, valid=valid, office="")

    def test_are_looked_at_again_when_a_profile_makes_a_role_an_office(self, city: World) -> None:
        Role.objects.filter(code="system_admin").update(office="", by_two=False)
        Appointment.objects.create(
            user=city.user("auditor"), role_id="system_admin", unit=city.unit("410800"), valid=DateRange(TODAY, None)
        )
        with pytest.raises(RolesRefused, match="auditor"), transaction.atomic():
            access.actions.adopt_roles(**given(city))
        with pytest.raises(IntegrityError), transaction.atomic():
            Role.objects.filter(code="system_admin").update(office="system", by_two=True)

    def test_have_no_power_over_persons(self, city: World) -> None:
        offices = Role.objects.exclude(office="")
        assert {role.code for role in offices} == set(OFFICES)
        assert {power.split(".")[0] for role in offices for power in role.powers} <= {"access", "units"}

    def test_take_no_power_over_persons_from_a_profile(self, city: World, monkeypatch: pytest.MonkeyPatch) -> None:
        words = access.actions.role_words()
        wrong = [w.__class__(**(_fields(w) | {"powers": ("people.open",)})) if w.office else w for w in words]
        monkeypatch.setattr(access.actions, "role_words", lambda: wrong)
        with pytest.raises(RolesRefused, match=r"people\.open"):
            access.actions.adopt_roles(**given(city))

    def test_divide_what_administrators_do(self, city: World) -> None:
        powers = {role.code: set(role.powers) for role in Role.objects.filter(code__in=OFFICES)}
        only = {"auditor": "access.audit", "system_admin": "access.users", "security_admin": "access.sessions"}
        for role, power in only.items():
            assert [one for one in OFFICES if power in powers[one]] == [role]
        assert "units.appoint" not in powers["system_admin"] | powers["auditor"]


def _fields(words: Any) -> dict[str, Any]:
    return {name: getattr(words, name) for name in words.__dataclass_fields__}


class TestPostsByOnePerson:
    @pytest.mark.parametrize("role", [*OFFICES, "order_approver", "appeal_reviewer"])
    def test_are_not_those_that_watch_or_bind(self, city: World, role: str) -> None:
        with pytest.raises(TwoNeeded), transaction.atomic():
            appoint(city, newcomer(), role, "410800", "commander")
        assert not Appointment.objects.filter(user__username="newcomer").exists()

    @pytest.mark.parametrize("role", [*OFFICES, "city_command", "site_head", "grid_worker"])
    def test_are_not_given_where_the_role_has_no_place(self, city: World, role: str) -> None:
        """A district fills its own posts, and none of the city's in its own house."""
        with pytest.raises(PostRefused):
            appoint(city, newcomer(), role, "410811", "district")

    def test_are_not_given_to_oneself(self, city: World) -> None:
        with pytest.raises(PostRefused, match=r"themselves|自己"):
            appoint(city, city.user("district"), "order_clerk", "410811", "district")

    def test_are_handed_over_by_two_where_they_take_two(self, city: World) -> None:
        held = Appointment.objects.get(user=city.user("approver"))
        with pytest.raises(TwoNeeded), transaction.atomic():
            access.actions.hand_over(held.id, to_user=newcomer().id, on=TODAY, remark="-", **given(city, "district"))
        held.refresh_from_db()
        assert held.until is None


class TestNominations:
    def test_give_nothing_before_another_unit_confirms(self, city: World) -> None:
        user = newcomer()
        nomination = named(city, user, "order_approver", "410811", "district")
        assert not access.scope_for(user).grants
        confirm_nomination(nomination, **given(city, "security_admin"))
        assert access.scope_for(user).may("measures.approve")
        kinds = [(fact.kind, fact.actor) for fact in history(f"unit:{city.unit('410811').id}")]
        assert kinds == [
            (events.POST_NAMED, city.user("district").subject),
            (events.POST_FILLED, city.user("security_admin").subject),
        ]

    def test_of_the_city_are_confirmed_by_any_other_unit(self, city: World) -> None:
        user = newcomer()
        confirm_nomination(named(city, user, "auditor"), **given(city, "stranger"))
        assert access.scope_for(user).may("access.audit")

    @pytest.mark.parametrize("second", ["security_admin", "commander", "district"])
    def test_are_not_confirmed_by_the_same_unit_nor_by_one_below(self, city: World, second: str) -> None:
        nomination = named(city, newcomer(), "order_approver", "410802")
        with pytest.raises(OtherUnitNeeded), transaction.atomic():
            confirm_nomination(nomination, **given(city, second))
        assert Nomination.objects.get().state == "open"

    def test_are_not_confirmed_by_whom_they_name(self, city: World) -> None:
        nomination = named(city, city.user("stranger"), "auditor")
        with pytest.raises(OtherUnitNeeded):
            confirm_nomination(nomination, **given(city, "stranger"))

    def test_lapse_when_nobody_confirms(self, city: World) -> None:
        nomination = named(city, newcomer(), "auditor")
        later = clock.now() + timedelta(days=7)
        with pytest.raises(PostRefused):
            confirm_nomination(nomination, **given(city, "stranger") | {"at": later})

    def test_are_decided_once_and_can_be_taken_back(self, city: World) -> None:
        nomination = named(city, newcomer(), "auditor")
        refuse_nomination(nomination, reason="in error", **given(city))
        with pytest.raises(PostRefused):
            confirm_nomination(nomination, **given(city, "stranger"))

    def test_are_looked_at_again_when_confirmed(self, city: World) -> None:
        """Between the two acts the person came to another of the three offices."""
        user = newcomer()
        first, second = named(city, user, "auditor"), named(city, user, "system_admin")
        confirm_nomination(first, **given(city, "stranger"))
        with pytest.raises(OfficesApart):
            confirm_nomination(second, **given(city, "stranger"))

    def test_need_two_people_of_two_units_by_the_database_too(self, city: World) -> None:
        nomination = named(city, newcomer(), "auditor")
        alone = Nomination.objects.filter(id=nomination)
        for by, unit in ((city.user("security_admin"), "410811"), (city.user("commander"), "410800")):
            with pytest.raises(IntegrityError, match="two_people_two_units"), transaction.atomic():
                alone.update(state="confirmed", decided_by=by.subject, decided_unit=city.unit(unit))


class TestBeginning:
    def test_lets_the_machine_fill_posts_while_there_is_no_security_administrator(self, city: World) -> None:
        console = {"at": clock.now(), "by": Actor.system("console")}
        asked = {"unit_id": city.unit("410800").id, "since": TODAY} | console
        with pytest.raises(TwoNeeded), transaction.atomic():
            access.actions.appoint(newcomer().id, role="auditor", key=uuid4(), **asked)
        Appointment.objects.filter(role_id="security_admin").update(valid=DateRange(date(2020, 1, 1), TODAY))
        access.actions.appoint(newcomer("a").id, role="auditor", key=uuid4(), **asked)
        access.actions.appoint(newcomer("b").id, role="security_admin", key=uuid4(), **asked)
        with pytest.raises(TwoNeeded):
            access.actions.appoint(newcomer("c").id, role="system_admin", key=uuid4(), **asked)
