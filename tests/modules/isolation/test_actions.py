from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from bihuan.kernel import clock, custody
from bihuan.kernel.access import scope_for
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.loop import work
from bihuan.kernel.loop.models import Duty
from bihuan.kernel.refusals import Refused
from bihuan.modules.isolation import actions, events, queries, rules
from bihuan.modules.isolation.actions import (
    DayNotTold,
    EnteredAlready,
    NoBed,
    NoHome,
    NoStay,
    NotOver,
    NotReferred,
    OtherHousehold,
    SiteNotUsable,
)
from bihuan.modules.isolation.models import Check, Occupancy, Room, Service, Site, Stay
from bihuan.modules.measures import actions as measures
from bihuan.modules.people.models import Household
from bihuan.modules.testing import actions as testing
from bihuan.modules.transfers import queries as transfers
from tests.modules.isolation.conftest import CLOSE, MEDIUM, NOW, furnished
from tests.world import world

TEAM = [
    actions.Member(code, f"Team {code}", "139") for code in ("cadre", "grid_worker", "medic", "police", "volunteer")
]


def kinds(order_id):
    return [fact.kind for fact in history(f"order:{order_id}")]


class TestCheckIn:
    def test_gives_a_room_and_makes_the_site_answer_for_the_person(self, isolation):
        person = isolation.person()
        order = isolation.order(person)
        isolation.check_in(order)
        assert custody.holder_of(f"person:{person}") == f"site:{isolation.unit('site-yuntai')}"
        fact = history(f"order:{order}")[-1]
        assert (fact.kind, fact.about, fact.unit) == (
            events.CHECKED_IN,
            f"person:{person}",
            isolation.unit("site-yuntai"),
        )
        assert fact.payload["room"] == "101"
        assert fact.payload["ends_at"] is not None
        assert queries.stay_of(order).room == "101"

    def test_is_done_once_however_often_it_is_sent(self, isolation):
        order, key = isolation.order(isolation.person()), uuid4()
        assert isolation.check_in(order, key=key) == isolation.check_in(order, key=key)
        assert kinds(order).count(events.CHECKED_IN) == 1

    def test_needs_an_order_in_force(self, isolation):
        order = isolation.proposed(isolation.person())
        with pytest.raises(NoStay):
            isolation.check_in(order)
        assert not Stay.objects.exists()

    def test_needs_an_order_with_a_time_at_a_site(self, isolation):
        order = isolation.order(isolation.person(), facts=MEDIUM)
        with pytest.raises(NoStay):
            isolation.check_in(order)

    def test_needs_a_confirmed_identity(self, isolation):
        order = isolation.order(isolation.person())
        with pytest.raises(NoStay):
            isolation.do(actions.check_in, order, room_id=isolation.rooms["101"], identity_confirmed=False)

    def test_is_refused_a_second_time(self, isolation):
        order = isolation.resident()
        with pytest.raises(NoStay):
            isolation.check_in(order, "102")

    def test_is_refused_in_a_full_a_blocked_and_an_undisinfected_room(self, isolation):
        isolation.resident("101")
        isolation.do(actions.set_room, isolation.rooms["102"], state="blocked", reason="leak")
        isolation.do(actions.set_room, isolation.rooms["201"], state="cleaning")
        order = isolation.order(isolation.person("Wang"))
        for room in ("101", "102", "201"):
            with pytest.raises(NoBed):
                isolation.check_in(order, room)

    def test_lets_a_household_share_a_room_as_far_as_it_has_beds(self, isolation):
        household = Household.objects.create(unit_id=isolation.unit("410811001001"), address="1-1-101").id
        family = [isolation.order(isolation.person(name, household)) for name in ("Father", "Mother", "Child")]
        isolation.check_in(family[0], "201")
        isolation.check_in(family[1], "201")
        with pytest.raises(NoBed):
            isolation.check_in(family[2], "201")

    def test_lets_no_other_household_into_a_room_with_a_free_bed(self, isolation):
        isolation.resident("201")
        with pytest.raises(OtherHousehold):
            isolation.check_in(isolation.order(isolation.person("Wang")), "201")

    @pytest.mark.parametrize("change", [{"certificate_until": None}, {"inspected_on": None}, {"state": "closed"}])
    def test_is_refused_at_a_site_that_has_not_passed_its_gates(self, isolation, change):
        Site.objects.update(**change)
        with pytest.raises(SiteNotUsable):
            isolation.check_in(isolation.order(isolation.person()))

    def test_takes_the_first_temperature_down(self, isolation):
        order = isolation.order(isolation.person())
        isolation.check_in(order, temperature=Decimal("37.5"), symptoms=["cough"])
        assert Check.objects.get().is_normal is False
        assert kinds(order)[-2:] == [events.CHECKED_IN, events.CHECKED]


class TestNoOrderNoStay:
    """By SQL, as the application's own role."""

    def insert(self, isolation, order, person, site=None):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO isolation_stay "
                "(id, order_id, person_id, site_id, during, identity_confirmed, needs, cause) "
                "VALUES (%s, %s, %s, %s, tstzrange(%s, NULL), true, '', '')",
                [uuid4(), order, person, site or isolation.site_id, clock.now()],
            )

    def test_holds_for_an_order_that_is_only_proposed(self, isolation):
        person = isolation.person()
        with pytest.raises(IntegrityError, match="no order, no stay"):
            self.insert(isolation, isolation.proposed(person), person)

    def test_holds_for_an_order_on_somebody_else(self, isolation):
        order = isolation.order(isolation.person())
        with pytest.raises(IntegrityError, match="no order, no stay"):
            self.insert(isolation, order, isolation.person("Wang"))

    def test_holds_for_an_order_that_does_not_exist(self, isolation):
        with pytest.raises(IntegrityError, match="no order, no stay"):
            self.insert(isolation, uuid4(), isolation.person())

    def test_holds_when_a_stay_is_turned_to_another_order(self, isolation):
        isolation.resident()
        other = isolation.proposed(isolation.person("Wang"))
        with pytest.raises(IntegrityError, match="no order, no stay"):
            Stay.objects.update(order=other)

    def test_refuses_a_stay_without_a_room_when_the_transaction_ends(self, isolation):
        person = isolation.person()
        order = isolation.order(person)
        self.insert(isolation, order, person)
        with pytest.raises(IntegrityError, match="has 0 rooms"), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    @pytest.mark.parametrize("table", ["isolation_stay", "isolation_occupancy", "isolation_check"])
    def test_cannot_be_covered_up_by_deleting(self, isolation, table):
        isolation.resident()
        with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")


class TestMoveRoom:
    def test_frees_the_old_room_for_disinfection_and_keeps_both_on_record(self, isolation, at):
        order = isolation.resident("101")
        with at(clock.now() + timedelta(hours=2)):
            isolation.do(actions.move_room, order, room_id=isolation.rooms["102"], reason="noise")
        assert [time.room for time in queries.stay_of(order).rooms] == ["101", "102"]
        assert Room.objects.get(number="101").state == "cleaning"
        assert kinds(order)[-1] == events.MOVED

    def test_to_the_same_room_is_refused(self, isolation, at):
        order = isolation.resident("101")
        with at(clock.now() + timedelta(hours=2)), pytest.raises(NoBed):
            isolation.do(actions.move_room, order, room_id=isolation.rooms["101"], reason="noise")


class TestChecks:
    def test_of_a_round_are_one_fact_a_person_however_often_it_is_sent(self, isolation):
        orders = [isolation.resident("101"), isolation.resident("102", "Wang")]
        key = uuid4()
        for _ in range(2):
            isolation.do(actions.record_round, isolation.site_id, order_ids=orders, key=key)
        assert Check.objects.count() == 2
        assert [kinds(order).count(events.CHECKED) for order in orders] == [1, 1]
        assert history(f"order:{orders[0]}")[-1].payload["round"] == "morning"

    def test_of_a_round_pass_over_who_does_not_stay_there(self, isolation):
        isolation.do(actions.record_round, isolation.site_id, order_ids=[isolation.order(isolation.person())])
        assert not Check.objects.exists()

    def test_with_a_fever_are_not_normal(self, isolation):
        order = isolation.resident()
        stay = queries.stay_of(order)
        isolation.do(
            actions.record_check,
            f"order:{order}",
            person_id=stay.person_id,
            place="site",
            contact="visit",
            temperature=Decimal("38.2"),
            symptoms=[],
        )
        assert history(f"order:{order}")[-1].payload["normal"] is False

    def test_are_not_rewritten(self, isolation):
        order = isolation.resident()
        isolation.do(actions.record_round, isolation.site_id, order_ids=[order])
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            Check.objects.update(is_normal=False)


class TestLeave:
    def test_is_refused_before_the_central_phase_is_over(self, isolation):
        order = isolation.resident()
        with pytest.raises(NotOver):
            isolation.do(actions.leave, order, to_unit_id=isolation.unit("410811001001"))

    def test_hands_the_person_over_to_the_community_which_receives_them_with_a_team(self, isolation, at):
        order = isolation.resident(facts=CLOSE)
        item = f"person:{queries.stay_of(order).person_id}"
        site, community = isolation.unit("site-yuntai"), isolation.unit("410811001001")
        sampled(isolation, at, order, (1, 2, 3, 5, 7))
        with at(datetime(2022, 7, 13, 8, 0, tzinfo=clock.CITY)):
            with pytest.raises(NotOver):
                isolation.do(actions.leave, order)
            isolation.do(actions.leave, order, to_unit_id=community)
            assert custody.holder_of(item) == f"site:{site}"
            assert history(f"order:{order}")[-1].unit == community
            isolation.do(
                actions.begin_home, order, by="community_worker", unit_id=community, address="1-1-101", team=TEAM
            )
        assert custody.holder_of(item) == f"unit:{community}"
        assert Room.objects.get(number="101").state == "cleaning"

    def test_waits_for_a_missing_test(self, isolation, at):
        order = isolation.resident(facts=CLOSE)
        sampled(isolation, at, order, (1, 2, 3, 5))
        with at(datetime(2022, 7, 13, 8, 0, tzinfo=clock.CITY)), pytest.raises(NotOver):
            isolation.do(actions.leave, order, to_unit_id=isolation.unit("410811001001"))

    def test_of_somebody_whose_order_was_lifted_asks_for_nothing(self, isolation, at):
        order = isolation.resident()
        fact = history(f"order:{order}")[0].key
        lift(isolation, order, fact)
        assert queries.violations() == {"restrictions_without_order_or_evidence": 1}
        with at(clock.now() + timedelta(hours=1)):
            assert isolation.do(actions.leave, order) is None
        assert queries.violations() == {"restrictions_without_order_or_evidence": 0}
        assert not Occupancy.objects.filter(during__upper_inf=True).exists()


def sampled(isolation, at, order, days):
    """Negative samples on these days after the last exposure."""
    for day in days:
        with at(NOW + timedelta(days=day)):
            sample = isolation.do(
                testing.take_sample,
                f"order:{order}",
                person_id=queries.stay_of(order).person_id,
                unit_id=isolation.unit("site-yuntai"),
                purpose="plan",
                day=day,
                phase="central",
            )
        with at(NOW + timedelta(days=day, hours=6)):
            laboratory = isolation.unit("laboratory")
            isolation.do(testing.record_result, sample, by="lab_staff", result="negative", laboratory_id=laboratory)


def lift(isolation, order, evidence):
    from bihuan.kernel.text import Text

    isolation.do(measures.lift, order, by="city_approver", evidence=evidence, reason=Text(zh="x", en="x"))


class TestRelease:
    def test_comes_by_itself_on_the_day_and_gives_the_person_back_to_themselves(self, isolation, at):
        order = isolation.resident(facts=CLOSE)
        item = f"person:{queries.stay_of(order).person_id}"
        community = isolation.unit("410811001001")
        sampled(isolation, at, order, (1, 2, 3, 5, 7))
        with at(datetime(2022, 7, 13, 8, 0, tzinfo=clock.CITY)):
            isolation.do(actions.leave, order, to_unit_id=community)
            isolation.do(
                actions.begin_home, order, by="community_worker", unit_id=community, address="1-1-101", team=TEAM
            )
        with at(datetime(2022, 7, 15, 12, 0, tzinfo=clock.CITY)):
            work(clock.now())
            assert custody.holder_of(item) == f"unit:{community}"
        with at(datetime(2022, 7, 16, 0, 30, tzinfo=clock.CITY)):
            work(clock.now())
            assert custody.holder_of(item) == "self"
            assert "order.ended" in kinds(order)


class TestReferral:
    """A positive person: the site answers until the hospital has taken them over, then their room is free."""

    @pytest.fixture
    def referred(self, isolation):
        order = isolation.resident(facts=CLOSE)
        refer(isolation, order)
        return order

    def test_leaves_the_person_with_the_site_until_the_hospital_takes_over(self, isolation, referred, at):
        person = queries.stay_of(referred).person_id
        assert custody.holder_of(f"person:{person}") == f"site:{isolation.unit('site-yuntai')}"
        with at(NOW + timedelta(hours=2)):
            isolation.do(actions.admit, referred, by="hospital_staff", hospital_id=isolation.unit("hospital"))
        assert custody.holder_of(f"person:{person}") == f"unit:{isolation.unit('hospital')}"
        stay = Stay.objects.get(order=referred)
        assert (stay.during.upper, stay.cause) == (NOW + timedelta(hours=2), Stay.Cause.ADMITTED)
        assert Room.objects.get(number="101").state == "cleaning"
        assert kinds(referred)[-2:] == [events.ENDED, events.ADMITTED]
        assert custody.violations() == {"items_without_one_holder": 0, "unbalanced_handovers": 0}

    def test_is_answered_once_and_by_the_hospital_it_went_to(self, isolation, referred, at):
        with at(NOW + timedelta(hours=1)):
            with pytest.raises(NotReferred):
                isolation.do(actions.admit, referred, hospital_id=isolation.unit("410811001001"))
            isolation.do(actions.admit, referred, hospital_id=isolation.unit("hospital"))
            with pytest.raises(NotReferred):
                isolation.do(actions.admit, referred, hospital_id=isolation.unit("hospital"))

    def test_declined_for_a_reason_leaves_the_person_at_the_site_and_can_be_made_anew(self, isolation, referred):
        hospital = isolation.unit("hospital")
        with pytest.raises(NotReferred):
            isolation.do(actions.decline, referred, hospital_id=hospital, reason=" ")
        isolation.do(actions.decline, referred, hospital_id=hospital, reason="no bed")
        person = queries.stay_of(referred).person_id
        assert custody.holder_of(f"person:{person}") == f"site:{isolation.unit('site-yuntai')}"
        assert queries.stay_of(referred).until is None
        refer(isolation, referred)
        assert len(queries.referrals([hospital], NOW)) == 1

    def test_is_no_more_when_the_order_is_over(self, isolation, referred, at):
        with at(datetime(2022, 7, 16, 0, 30, tzinfo=clock.CITY)):
            work(clock.now())
            assert queries.referrals([isolation.unit("hospital")], clock.now()) == ()
            work(clock.now())  # letting out is a step of its own, opened by the end
            assert queries.stay_of(referred).until is not None


class TestDischarge:
    """The order goes on: the hospital answers until a site, or the community, has received the person."""

    @pytest.fixture
    def admitted(self, isolation, at):
        order = isolation.resident(facts=CLOSE)
        swab(isolation, order, "positive")
        refer(isolation, order)
        with at(NOW + timedelta(hours=2)):
            isolation.do(actions.admit, order, by="hospital_staff", hospital_id=isolation.unit("hospital"))
        return order

    def discharge(self, isolation, order, to: str, grounds: str = "two negative tests", hospital: str = "hospital"):
        isolation.do(
            actions.discharge,
            order,
            by="hospital_staff",
            hospital_id=isolation.unit(hospital),
            to_unit_id=isolation.unit(to),
            grounds=grounds,
        )

    def test_to_a_site_asks_for_a_vehicle_and_begins_the_rounds_again(self, isolation, admitted, at):
        hospital, item = isolation.unit("hospital"), f"person:{queries.stay_of(admitted).person_id}"
        with at(NOW + timedelta(days=2)):
            self.discharge(isolation, admitted, "site-yuntai")
            assert transfers.under_way([admitted]) == {admitted: isolation.unit("site-yuntai")}
            assert custody.holder_of(item) == f"unit:{hospital}"
            [patient] = queries.admitted(scope_for(isolation.world.user("hospital_staff")))
            assert str(patient.onward)
            with pytest.raises(actions.NotDischarged, match=r"已.*出院|discharged already"):
                self.discharge(isolation, admitted, "site-yuntai")
        with at(NOW + timedelta(days=2, hours=3)):
            isolation.check_in(admitted, "102")
            assert custody.holder_of(item) == f"site:{isolation.unit('site-yuntai')}"
            assert {"check", "central_test"} <= open_steps(admitted)
            assert not {"home", "request", "check_in", "leave"} & open_steps(admitted)
            assert rules.Hindrance.NOT_NEGATIVE not in queries.leaving(admitted, clock.now()).hindrances
            swab(isolation, admitted, "positive")
            assert rules.Hindrance.NOT_NEGATIVE in queries.leaving(admitted, clock.now()).hindrances
        assert custody.violations() == {"items_without_one_holder": 0, "unbalanced_handovers": 0}

    def test_home_is_a_hand_over_that_the_community_answers(self, isolation, admitted, at):
        hospital, item = isolation.unit("hospital"), f"person:{queries.stay_of(admitted).person_id}"
        with at(NOW + timedelta(days=8)):
            assert queries.awaited_homes(scope_for(isolation.world.user("community_worker")), clock.now()) == ()
            with pytest.raises(actions.NotDischarged):
                self.discharge(isolation, admitted, "site-yuntai")
            self.discharge(isolation, admitted, "410811001001")
            assert custody.holder_of(item) == f"unit:{hospital}"
            [awaited] = queries.awaited_homes(scope_for(isolation.world.user("community_worker")), clock.now())
            assert awaited.order_id == admitted
            isolation.do(
                actions.begin_home,
                admitted,
                by="community_worker",
                unit_id=isolation.unit("410811001001"),
                address="1-1-101",
                team=TEAM,
            )
            assert custody.holder_of(item) == f"unit:{isolation.unit('410811001001')}"
            assert "home_check" in open_steps(admitted)

    def test_of_somebody_who_was_at_home_gives_them_a_team_anew(self, isolation, at):
        order = isolation.order(isolation.person(), facts=MEDIUM)
        given = {"by": "community_worker", "unit_id": isolation.unit("410811001001"), "address": "1-1-101"}
        isolation.do(actions.begin_home, order, team=TEAM, **given)
        with pytest.raises(actions.NoHome):
            isolation.do(actions.begin_home, order, team=TEAM, **given)
        person = queries.home_of(order).person_id
        hospital = isolation.unit("hospital")
        isolation.do(testing.refer, f"order:{order}", by="district", person_id=person, hospital_id=hospital)
        with at(NOW + timedelta(hours=1)):
            isolation.do(actions.admit, order, by="hospital_staff", hospital_id=hospital)
            assert "home_check" not in open_steps(order)
        with at(NOW + timedelta(days=2)):
            self.discharge(isolation, order, "410811001001")
            assert "home" in open_steps(order)
            isolation.do(actions.begin_home, order, team=TEAM, **given)
            assert {"home_check"} <= open_steps(order)
            assert queries.home_of(order).begun_at == clock.now()

    def test_is_refused_without_grounds_by_another_hospital_and_when_the_order_is_over(self, isolation, admitted, at):
        with at(NOW + timedelta(days=1)):
            for given in ({"grounds": " "}, {"hospital": "410811"}, {"to": "410811001001"}):
                with pytest.raises(actions.NotDischarged):
                    self.discharge(isolation, admitted, **({"to": "site-yuntai"} | given))
        with at(datetime(2022, 7, 16, 0, 30, tzinfo=clock.CITY)):
            work(clock.now())
            with pytest.raises(actions.NotDischarged):
                self.discharge(isolation, admitted, "410811001001")
            assert custody.holder_of(f"person:{queries.stay_of(admitted).person_id}") == "self"

    def test_leaves_nobody_in_a_hospital_without_a_vehicle_asked_for(self, isolation, at):
        order = isolation.order(isolation.person(), facts=CLOSE)
        person = queries.order_under(order).person_id
        hospital, team = isolation.unit("hospital"), scope_for(isolation.world.user("team_lead"))
        assert [one.order_id for one in transfers.unrequested(team).found] == [order]
        isolation.do(testing.refer, f"order:{order}", by="district", person_id=person, hospital_id=hospital)
        with at(NOW + timedelta(hours=1)):
            isolation.do(actions.admit, order, by="hospital_staff", hospital_id=hospital)
            assert transfers.unrequested(team).found == ()
            assert not {"request", "assign", "board", "check_in"} & open_steps(order)


def open_steps(order) -> set[str]:
    return set(Duty.objects.filter(subject=f"order:{order}", state="open").values_list("step", flat=True))


def swab(isolation, order, result: str):
    given = {"unit_id": isolation.unit("site-yuntai"), "purpose": "plan", "phase": "central", "day": 1}
    person = queries.order_under(order).person_id
    sample = isolation.do(testing.take_sample, f"order:{order}", person_id=person, **given)
    isolation.do(testing.record_result, sample, by="lab_staff", result=result, laboratory_id=None)


def refer(isolation, order):
    isolation.do(
        testing.refer,
        f"order:{order}",
        by="district",
        person_id=queries.stay_of(order).person_id,
        hospital_id=isolation.unit("hospital"),
    )


class TestChangingASite:
    def test_corrects_a_room_but_never_below_the_people_in_it(self, isolation):
        household = Household.objects.create(unit_id=isolation.unit("410811001001"), address="1-1-101").id
        for name in ("Father", "Mother"):
            isolation.check_in(isolation.order(isolation.person(name, household)), "201")
        zone = Room.objects.get(number="201").zone_id
        given = {"zone_id": zone, "floor": 3, "barrier_free": True, "by": "site_head"}
        with pytest.raises(NoBed):
            isolation.do(actions.change_room, isolation.rooms["201"], capacity=1, **given)
        isolation.do(actions.change_room, isolation.rooms["201"], capacity=3, **given)
        room = Room.objects.get(number="201")
        assert (room.floor, room.capacity, room.barrier_free) == (3, 3, True)

    def test_takes_a_zone_out_of_use_only_when_nobody_stays_in_it(self, isolation):
        given = {"kind": "observation", "name": "C", "blocked_for": "rewiring", "by": "site_head"}
        isolation.resident()
        with pytest.raises(NoBed):
            isolation.do(actions.change_zone, Room.objects.get(number="101").zone_id, **given)
        empty = isolation.do(actions.add_zone, isolation.site_id, by="site_head", kind="observation", name="B")
        isolation.do(actions.add_rooms, empty, by="site_head", numbers=["301", "302"], floor=3)
        isolation.do(actions.change_zone, empty, **given)
        blocked = Room.objects.filter(state="blocked", reason="rewiring")
        assert set(blocked.values_list("number", flat=True)) == {"301", "302"}


class TestOperation:
    """A site that operates owes each day's log and, before it lapses, a new certificate."""

    def owed(self):
        [service] = Service.objects.filter(closed_at=None)
        return {duty.step: duty for duty in loop.duties_of_many([service.subject])[service.subject]}

    def change(self, isolation, **values):
        given = {"state": "open", "phone": "1", "certificate_until": NOW.date(), "inspected_on": NOW.date()} | values
        isolation.do(actions.change_site, isolation.site_id, by="site_head", **given)

    def test_owes_the_days_log_from_the_next_morning_until_it_is_entered(self, isolation, at):
        assert self.owed()["day"].occurrence.startswith("2022-07-06")
        with at(NOW + timedelta(days=1)):
            isolation.do(actions.log_day, isolation.site_id, **ALL_IN_ORDER)
            assert self.owed()["day"].occurrence.startswith("2022-07-07")
            with pytest.raises(EnteredAlready):
                isolation.do(actions.log_day, isolation.site_id, **ALL_IN_ORDER)

    def test_takes_what_was_not_in_order_only_in_words(self, isolation):
        with pytest.raises(DayNotTold):
            isolation.do(actions.log_day, isolation.site_id, **ALL_IN_ORDER | {"waste": False})
        isolation.do(actions.log_day, isolation.site_id, **ALL_IN_ORDER | {"waste": False}, remark="lorry late")
        assert queries.operation(isolation.site_id, clock.now()).today.is_normal is False

    def test_owes_a_new_certificate_thirty_days_before_the_old_one_lapses(self, isolation, at):
        self.change(isolation, certificate_until=NOW.date() + timedelta(days=40))
        assert queries.operation(isolation.site_id, clock.now()).certificate_due is None
        with at(NOW + timedelta(days=12)):
            work(clock.now())
            assert queries.operation(isolation.site_id, clock.now()).certificate_due is not None
            self.change(isolation, certificate_until=NOW.date() + timedelta(days=400))
            assert queries.operation(isolation.site_id, clock.now()).certificate_due is None
            assert self.owed()["certificate"].breach_at == datetime(2023, 8, 10, tzinfo=clock.CITY)

    def test_owes_nothing_once_it_is_closed_and_begins_anew(self, isolation):
        self.change(isolation, state="closed")
        with pytest.raises(SiteNotUsable):
            isolation.do(actions.log_day, isolation.site_id, **ALL_IN_ORDER)
        assert not Service.objects.filter(closed_at=None).exists()
        assert loop.violations(clock.now()) == {"drifted_duties": 0, "loops_without_duty": 0}
        self.change(isolation, state="open")
        assert self.owed().keys() == {"day", "certificate"}

    def test_is_not_rewritten_by_sql(self, isolation):
        isolation.do(actions.log_day, isolation.site_id, **ALL_IN_ORDER)
        with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
            cursor.execute("UPDATE isolation_day SET meals = false, remark = 'x'")


ALL_IN_ORDER = {"meals": True, "waste": True, "disinfected": True, "staff_well": True}


class TestTwoClerks:
    def test_who_give_the_last_bed_away_at_once_give_it_to_one(self, transactional):
        with clock.given(NOW):
            isolation = furnished(world())
            orders = [isolation.order(isolation.person(name)) for name in ("Li", "Wang", "Zhao", "Sun")]
            with ThreadPoolExecutor(len(orders)) as clerks:
                outcomes = list(clerks.map(lambda order: tried(isolation, order), orders))
            assert sorted(outcomes) == ["in", "refused", "refused", "refused"]
            assert Occupancy.objects.count() == Stay.objects.count() == 1


def tried(isolation, order):
    try:
        with clock.given(NOW):
            isolation.check_in(order, "101")
    except Refused:
        return "refused"
    finally:
        connection.close()
    return "in"


class TestHome:
    def test_begins_at_once_where_the_order_has_no_time_at_a_site(self, isolation):
        person = isolation.person()
        order = isolation.order(person, facts=MEDIUM)
        unit = isolation.unit("410811001001")
        isolation.do(actions.begin_home, order, by="community_worker", unit_id=unit, address="1-1-101", team=TEAM)
        assert custody.holder_of(f"person:{person}") == f"unit:{unit}"
        fact = history(f"order:{order}")[-1]
        assert (fact.kind, fact.unit) == (events.HOME_BEGUN, unit)
        assert len(queries.home_of(order).team) == 5

    def test_needs_a_name_and_a_telephone_for_every_role(self, isolation):
        order = isolation.order(isolation.person(), facts=MEDIUM)
        unit = isolation.unit("410811001001")
        with pytest.raises(actions.TeamIncomplete):
            isolation.do(actions.begin_home, order, unit_id=unit, address="1", team=TEAM[:-1])

    def test_needs_an_order_in_force(self, isolation):
        order = isolation.proposed(isolation.person(), facts=MEDIUM)
        with pytest.raises(NoHome):
            isolation.do(actions.begin_home, order, unit_id=isolation.unit("410811001001"), address="1", team=TEAM)

    def test_contact_is_a_visit_and_a_check_and_an_attempt_is_neither(self, isolation):
        order = isolation.order(isolation.person(), facts=MEDIUM)
        isolation.do(
            actions.begin_home,
            order,
            by="community_worker",
            unit_id=isolation.unit("410811001001"),
            address="1",
            team=TEAM,
        )
        isolation.do(actions.visit_home, order, by="grid_worker", contact="phone", present=False)
        assert kinds(order)[-1] == events.HOME_MISSED
        isolation.do(
            actions.visit_home, order, by="grid_worker", contact="visit", present=True, temperature=Decimal("36.4")
        )
        assert kinds(order)[-2:] == [events.HOME_VISITED, events.CHECKED]


class TestTicket:
    def test_is_answered_and_closed_by_the_site(self, isolation):
        order = isolation.resident()
        ticket = isolation.do(actions.open_ticket, order, kind="medicine", text="Insulin")
        isolation.do(actions.answer_ticket, ticket, answer="Comes at six")
        isolation.do(actions.close_ticket, ticket, outcome="done")
        facts = history(f"ticket:{ticket}")
        assert [fact.kind for fact in facts] == [events.TICKET_OPENED, events.TICKET_ANSWERED, events.TICKET_CLOSED]
        assert facts[0].unit == isolation.unit("site-yuntai")

    def test_is_not_closed_without_an_answer(self, isolation):
        ticket = isolation.do(actions.open_ticket, isolation.resident(), kind="complaint", text="Cold food")
        with pytest.raises(Refused):
            isolation.do(actions.close_ticket, ticket, outcome="done")
        isolation.do(actions.close_ticket, ticket, outcome="done", remark="New kitchen")
        with pytest.raises(actions.TicketClosed):
            isolation.do(actions.answer_ticket, ticket, answer="Again")

    def test_is_opened_under_a_live_order_only(self, isolation):
        with pytest.raises(NoStay):
            isolation.do(actions.open_ticket, isolation.proposed(isolation.person()), kind="other", text="Hello")


class TestRoom:
    def test_with_somebody_in_it_is_not_blocked(self, isolation):
        isolation.resident("101")
        with pytest.raises(NoBed):
            isolation.do(actions.set_room, isolation.rooms["101"], state="blocked", reason="leak")

    def test_is_blocked_only_for_a_reason(self, isolation):
        with pytest.raises(NoBed):
            isolation.do(actions.set_room, isolation.rooms["101"], state="blocked")
