"""From the gate to the door of the site: who answers for whom at every moment, and what if somebody is not there."""

from datetime import date, time, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from bihuan.kernel import clock, custody
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import history
from bihuan.kernel.text import Text
from bihuan.modules.measures import actions as measures
from bihuan.modules.transfers import actions, events, queries
from bihuan.modules.transfers.models import Request, RequestState
from tests.modules.measures.ordering import evidence, live_order, person, propose
from tests.modules.transfers.driving import by, driver, request, trip, underway, vehicle, waiting
from tests.world import World, world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def city() -> World:
    return world()


def asked(request_id: UUID) -> Request:
    return Request.objects.get(pk=request_id)


def holder(request_id: UUID) -> str:
    return custody.holder_of(asked(request_id).person_subject)


def kinds(request_id: UUID) -> list[str]:
    return [fact.kind for fact in history(asked(request_id).order_subject)]


def lawful() -> bool:
    return not any(custody.violations().values())


class TestRequest:
    def test_needs_an_order_in_force(self, city: World):
        order = propose(city, person(city))
        with pytest.raises(actions.OrderNotLive):
            request(city, order)

    def test_is_the_duty_of_the_nearest_fleet(self, city: World):
        one = asked(request(city, live_order(city)))
        assert one.fleet_id == city.unit("fleet").id

    def test_waits_since_the_approval_but_after_a_way_behind_it_since_it_was_asked_for(self, city: World):
        _going, (first,) = underway(city, "Zhang San")
        held = Request.objects.select_related("order").get(pk=first)
        [before] = queries.waiting([first], clock.now())
        assert before.since == held.order.approved_at
        Request.objects.filter(pk=first).update(state=RequestState.ARRIVED)
        again = Request.objects.create(
            order_id=held.order_id,
            person_id=held.person_id,
            from_unit_id=held.to_unit_id,
            to_unit_id=held.from_unit_id,
            fleet_id=held.fleet_id,
            requested_at=clock.now() + timedelta(hours=5),
        )
        [after] = queries.waiting([again.id], clock.now() + timedelta(hours=6))
        assert (after.since, after.waiting) == (again.requested_at, timedelta(hours=1))

    def test_is_made_once_an_order(self, city: World):
        order = live_order(city)
        request(city, order)
        with pytest.raises(Exception, match="already under way"):
            request(city, order)


class TestTrip:
    def test_takes_no_more_people_than_it_has_seats(self, city: World):
        requests = waiting(city, "Zhang San", "Li Si", "Wang Wu")
        with pytest.raises(actions.NoSeats):
            trip(city, requests, of=vehicle(city, seats=2))

    def test_has_a_vehicle_that_is_on_no_other_trip(self, city: World):
        bus = vehicle(city)
        trip(city, [], of=bus)
        with pytest.raises(actions.TakenAtThatTime):
            trip(city, [], of=bus, driven_by=driver(city, "dispatcher"), hours=1.5)

    def test_has_a_driver_who_is_on_no_other_trip(self, city: World):
        first = driver(city)
        trip(city, [], driven_by=first)
        with pytest.raises(actions.TakenAtThatTime):
            trip(city, [], of=vehicle(city, "A-002"), driven_by=first, hours=1.5)

    def test_goes_one_way_for_all(self, city: World):
        requests = waiting(city, "Zhang San")
        Request.objects.filter(pk=requests[0]).update(to_unit=city.unit("410811001001"))
        with pytest.raises(Exception, match="starts"):
            trip(city, requests)

    def test_cancelled_leaves_everybody_waiting_where_they_are(self, city: World):
        requests = waiting(city, "Zhang San", "Li Si")
        going = trip(city, requests)
        actions.open_boarding(going, **by(city, "driver"))
        actions.board(requests[0], **by(city, "driver"))
        actions.cancel_trip(going, words="Engine", **by(city, "dispatcher"))
        assert {asked(one).state for one in requests} == {"waiting"}
        assert {holder(one) for one in requests} == {f"unit:{city.unit('gate-rail').id}"}
        assert lawful()


class TestBoarding:
    def test_leaves_everybody_with_the_gate_until_departure(self, city: World):
        requests = waiting(city, "Zhang San")
        going = trip(city, requests)
        actions.open_boarding(going, **by(city, "driver"))
        actions.board(requests[0], **by(city, "driver"))
        assert holder(requests[0]) == f"unit:{city.unit('gate-rail').id}"
        actions.depart(going, **by(city, "driver"))
        assert holder(requests[0]).startswith("vehicle:")

    def test_tapped_twice_changes_nothing(self, city: World):
        requests = waiting(city, "Zhang San")
        going = trip(city, requests)
        actions.open_boarding(going, **by(city, "driver"))
        for _ in range(2):
            actions.board(requests[0], **by(city, "driver"))
        assert kinds(requests[0]).count(events.BOARDED) == 1

    def test_one_who_did_not_come_stays_with_the_gate_and_is_missing(self, city: World):
        _going, (came, stayed) = underway(city, "Zhang San", left_behind=["Li Si"])
        assert asked(stayed).state == "missing"
        assert holder(stayed) == f"unit:{city.unit('gate-rail').id}"
        assert events.MISSING in kinds(stayed)
        assert asked(came).state == "underway"
        assert lawful()

    def test_without_anybody_is_no_departure(self, city: World):
        going = trip(city, waiting(city, "Zhang San"))
        actions.open_boarding(going, **by(city, "driver"))
        with pytest.raises(Exception, match="boarded"):
            actions.depart(going, **by(city, "driver"))


class TestArrival:
    def test_leaves_people_with_the_vehicle_until_the_site_accepts_them(self, city: World):
        going, (one,) = underway(city, "Zhang San")
        actions.arrive(going, **by(city, "driver"))
        assert holder(one).startswith("vehicle:")
        actions.arrive_person(asked(one).order_id, **by(city, "site_staff"))
        assert holder(one) == f"site:{city.unit('site-yuntai').id}"
        assert asked(one).state == "arrived"
        assert queries.open_handover_for(asked(one).order_id) is None
        assert lawful()

    def test_of_a_bus_one_short_is_an_alarm_and_the_sender_answers(self, city: World):
        going, (here, lost) = underway(city, "Zhang San", "Li Si")
        actions.arrive(going, missing=[lost], **by(city, "driver"))
        assert asked(lost).state == "missing"
        assert holder(lost).startswith("vehicle:")
        assert kinds(lost)[-1] == events.MISSING
        assert asked(here).state == "underway"
        assert lawful()

    def test_found_again_the_person_is_with_whoever_found_them(self, city: World):
        going, (lost,) = underway(city, "Zhang San")
        actions.arrive(going, missing=[lost], **by(city, "driver"))
        community = city.unit("410811001001")
        actions.found(lost, unit_id=community.id, words="At home", **by(city, "dispatcher"))
        assert holder(lost) == f"unit:{community.id}"
        assert asked(lost).state == "waiting"
        assert lawful()

    def test_another_way_needs_the_transfer_no_more(self, city: World):
        (one,) = waiting(city, "Zhang San")
        actions.arrive_person(asked(one).order_id, **by(city, "site_staff"))
        assert asked(one).state == "cancelled"

    def test_of_somebody_whose_order_was_lifted_on_the_way_hands_over_nobody(self, city: World):
        _going, (one,) = underway(city, "Zhang San")
        held = asked(one)
        measures.lift(
            held.order_id,
            evidence=evidence(held.person_id, "arrival.reclassified"),
            reason=Text(zh="x", en="y"),
            **by(city, "approver"),
        )
        assert holder(one) == "self"
        actions.arrive_person(held.order_id, **by(city, "site_staff"))
        assert holder(one) == "self"
        assert lawful()


class TestVehicle:
    def test_is_disinfected_before_its_next_trip(self, city: World):
        bus, first = vehicle(city), driver(city)
        requests = waiting(city, "Zhang San")
        going = trip(city, requests, of=bus, driven_by=first)
        actions.open_boarding(going, **by(city, "driver"))
        actions.board(requests[0], **by(city, "driver"))
        actions.depart(going, **by(city, "driver"))
        actions.arrive(going, **by(city, "driver"))
        more = waiting(city, "Li Si")
        again = trip(city, more, of=bus, driven_by=first, hours=5)
        with pytest.raises(actions.VehicleNotReady):
            actions.open_boarding(again, **by(city, "driver"))
        actions.disinfect(bus, agent="Chlorine 1000 mg/L", **by(city, "driver"))
        actions.open_boarding(again, **by(city, "driver"))
        assert [fact.kind for fact in history(f"trip:{going}")][-1] == events.VEHICLE_DISINFECTED

    def test_is_registered_once(self, city: World):
        vehicle(city, "A-001")
        with pytest.raises(Exception, match="already registered"):
            vehicle(city, "a-001")


class TestPlan:
    def plan(self, city: World, wanted: int) -> UUID:
        plan = actions.draft_plan(
            unit_id=city.unit("410811").id,
            begins_on=date(2022, 6, 20),
            ends_on=date(2022, 6, 22),
            seats_wanted=wanted,
            eta_minutes=40,
            contact_name="Han",
            contact_phone="0391-1",
            **by(city, "clerk"),
        )
        actions.add_to_plan(
            plan,
            vehicle_id=vehicle(city),
            driver_id=driver(city),
            call_from=time(6),
            call_until=time(22),
            **by(city, "clerk"),
        )
        actions.submit_plan(plan, **by(city, "clerk"))
        return plan

    def test_counts_once_the_city_has_approved_it(self, city: World):
        plan = self.plan(city, 10)
        given = {
            "vehicle_id": queries.plan_vehicles(plan)[0].vehicle_id,
            "driver_id": driver(city),
            "from_unit_id": city.unit("gate-rail").id,
            "to_unit_id": city.unit("site-yuntai").id,
            "departs_at": clock.now() + timedelta(hours=1),
            "eta_at": clock.now() + timedelta(hours=2),
            "plan_id": plan,
        }
        with pytest.raises(Exception, match="not approved"):
            actions.plan_trip(**given, **by(city, "dispatcher"))
        actions.approve_plan(plan, **by(city, "team_lead"))
        assert actions.plan_trip(**given, **by(city, "dispatcher"))

    def test_is_not_approved_by_whoever_made_it(self, city: World):
        with pytest.raises(Exception, match="another unit"):
            actions.approve_plan(self.plan(city, 10), **by(city, "approver"))

    def test_short_of_seats_needs_a_word(self, city: World):
        plan = self.plan(city, 60)
        with pytest.raises(Exception, match="few words"):
            actions.approve_plan(plan, **by(city, "team_lead"))
        actions.approve_plan(plan, remark="The city fleet helps out.", **by(city, "team_lead"))


class TestDirectSql:
    def refuse(self, sql: str, *values: object, name: str) -> None:
        with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
        assert refusal.value.__cause__.diag.constraint_name == name

    def test_cannot_overfill_a_vehicle(self, city: World):
        first, second = waiting(city, "Zhang San", "Li Si")
        going = trip(city, [first], of=vehicle(city, seats=1))
        self.refuse(
            "UPDATE transfers_request SET state = 'assigned', trip_id = %s WHERE id = %s", going, second,
            name="trip_seats_suffice",
        )  # fmt: skip

    def test_cannot_use_a_vehicle_that_was_not_disinfected(self, city: World):
        bus = vehicle(city)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE transfers_vehicle SET state = 'to_disinfect' WHERE id = %s", [bus])
        self.refuse("UPDATE transfers_vehicle SET state = 'in_use' WHERE id = %s", bus, name="vehicle_disinfected")
        self.refuse("UPDATE transfers_vehicle SET state = 'ready' WHERE id = %s", bus, name="vehicle_disinfected")

    def test_cannot_send_a_vehicle_two_ways_at_once(self, city: World):
        bus = vehicle(city)
        one, other = trip(city, [], of=bus), trip(city, [], of=bus, driven_by=driver(city, "dispatcher"), hours=4)
        self.refuse(
            "UPDATE transfers_trip SET during = (SELECT during FROM transfers_trip WHERE id = %s) WHERE id = %s",
            one, other, name="trip_vehicle_once_at_a_time",
        )  # fmt: skip


class TestRepeat:
    def test_of_a_request_makes_nothing_new(self, city: World):
        order, key = live_order(city), uuid7()
        given = {"to_unit_id": city.unit("site-yuntai").id, "by": city.actor("gate_officer"), "key": key}
        assert actions.request(order, at=clock.now(), **given) == actions.request(order, at=clock.now(), **given)
        assert Request.objects.filter(order=order).count() == 1
