"""The desk, the driver's phone, the fleet and the plans."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.kernel import clock
from bihuan.kernel.db import uuid7
from bihuan.modules.transfers import actions, queries
from bihuan.modules.transfers.models import Driver, PickupPlan, Request, Trip, Vehicle
from tests.modules.measures.ordering import live_order
from tests.modules.transfers.driving import by, driver, trip, underway, vehicle, waiting
from tests.signing_in import sign_in
from tests.world import World, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> World:
    return world()


def signed_in(city: World, who: str) -> Client:
    return sign_in(Client(), city.user(who))


def post(client: Client, address: str, **data: object):
    return client.post(address, {**data, "key": str(uuid7())})


class TestDesk:
    def test_shows_both_sides(self, city: World):
        live_order(city, "Nobody Asked")
        waiting(city, "Zhang San")
        underway(city, "Li Si", left_behind=["Wang Wu"])
        for language in ("zh-hans", "en"):
            client = signed_in(city, "team_lead")
            client.cookies["django_language"] = language
            answer = client.get(reverse("transfers:desk"))
            assert answer.status_code == 200
            assert "Wang Wu" in answer.content.decode()

    def test_is_the_fleets_own_desk_too(self, city: World):
        waiting(city, "Zhang San")
        assert "Zhang San" in signed_in(city, "dispatcher").get(reverse("transfers:desk")).content.decode()

    def test_names_nobody_to_another_district(self, city: World):
        waiting(city, "Zhang San")
        answer = signed_in(city, "stranger").get(reverse("transfers:desk"))
        assert "Zhang San" not in answer.content.decode()

    def test_takes_no_more_queries_for_more_people(self, city: World, django_assert_max_num_queries):
        waiting(city, "Zhang San", "Li Si", "Wang Wu")
        client = signed_in(city, "team_lead")
        with django_assert_max_num_queries(24):
            client.get(reverse("transfers:desk"))

    def test_lists_the_stranded_by_name_to_whoever_answers(self, city: World):
        waiting(city, "Zhang San")
        with clock.given(clock.now() + timedelta(hours=20)):
            answer = signed_in(city, "team_lead").get(reverse("transfers:stranded"))
            assert "Zhang San" in answer.content.decode()

    def test_counts_everybody_and_leads_to_the_rest(self, city: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("bihuan.modules.transfers.views.desk.SHOWN", 1)
        waiting(city, "Zhang San", "Li Si", "Wang Wu")
        live_order(city, "Nobody Asked"), live_order(city, "Nobody Either")
        with clock.given(clock.now() + timedelta(hours=20)):
            client = signed_in(city, "team_lead")
            client.cookies["django_language"] = "en"
            desk = client.get(reverse("transfers:desk"))
            assert [stat.value for stat in desk.context["stats"]] == [3, 0, 5, 0]
            assert len(desk.context["unrequested"]) == 1
            for name, rows in (("waiting", 3), ("unrequested", 2), ("stranded", 5)):
                address = reverse(f"transfers:{name}")
                assert address in desk.content.decode(), name
                assert client.get(address).context["table"].pages.count == rows, name

    def test_names_only_those_below_the_place_asked_for(self, city: World):
        waiting(city, "Zhang San")
        client = signed_in(city, "commander")
        for code, shown in (("gate-rail", True), ("410802", False)):
            answer = client.get(reverse("transfers:waiting"), {"below": code})
            assert ("Zhang San" in answer.content.decode()) is shown, code

    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_lists_what_was_not_accepted(self, city: World, language: str):
        underway(city, "Zhang San")
        client = signed_in(city, "team_lead")
        client.cookies["django_language"] = language
        answer = client.get(reverse("transfers:unaccepted"))
        assert answer.status_code == 200
        assert answer.context["table"].pages.count == 1

    def test_asks_for_a_vehicle(self, city: World):
        order = live_order(city)
        client = signed_in(city, "gate_officer")
        address = reverse("transfers:request", args=[order])
        assert client.get(address).status_code == 200
        given = {"from_unit_id": city.unit("gate-rail").id, "to_unit_id": city.unit("site-yuntai").id}
        assert post(client, address, **given).status_code == 302
        assert Request.objects.filter(order=order, state="waiting").exists()

    def test_plans_a_trip_for_whom_was_selected(self, city: World):
        (one,) = waiting(city, "Zhang San")
        bus, at_wheel = vehicle(city), driver(city)
        client = signed_in(city, "dispatcher")
        address = f"{reverse('trips:new')}?request={one}"
        assert client.get(address).status_code == 200
        data = {
            "vehicle_id": bus,
            "driver_id": at_wheel,
            "departs_at": "2022-06-20T11:00",
            "eta_at": "2022-06-20T12:00",
        }
        assert post(client, address, **data).status_code == 302
        assert Request.objects.get(pk=one).state == "assigned"

    def test_finds_a_missing_person_again(self, city: World):
        _going, (_came, lost) = underway(city, "Zhang San", left_behind=["Li Si"])
        client = signed_in(city, "team_lead")
        address = reverse("transfers:finding", args=[lost])
        assert client.get(address).status_code == 200
        assert post(client, address, unit_id=city.unit("410811001001").id, words="At home").status_code == 302
        assert Request.objects.get(pk=lost).state == "waiting"


class TestDriver:
    def test_drives_a_whole_trip_from_the_phone(self, city: World):
        first, second = waiting(city, "Zhang San", "Li Si")
        going = trip(city, [first, second])
        client = signed_in(city, "driver")
        assert str(going) in client.get(reverse("trips:mine")).content.decode()
        detail = reverse("trips:detail", args=[going])
        assert client.get(detail).status_code == 200
        assert post(client, reverse("trips:boarding", args=[going])).status_code == 302
        for rider in (first, second):
            assert post(client, reverse("trips:rider", args=[going, rider])).status_code == 302
        assert post(client, reverse("trips:departure", args=[going])).status_code == 302
        assert client.get(detail).status_code == 200
        assert post(client, reverse("trips:arrival", args=[going]), missing=str(second)).status_code == 302
        assert client.get(detail).status_code == 200
        assert Trip.objects.get(pk=going).state == "arrived"
        assert Request.objects.get(pk=second).state == "missing"
        bus = Trip.objects.get(pk=going).vehicle_id
        address = reverse("vehicles:detail", args=[bus])
        assert client.get(address).status_code == 200
        assert post(client, address, agent="Chlorine").status_code == 302
        assert Vehicle.objects.get(pk=bus).state == "ready"

    def test_boards_nobody_who_rides_in_another(self, city: World):
        mine, others = trip(city, waiting(city, "Zhang San")), waiting(city, "Li Si")
        client = signed_in(city, "driver")
        post(client, reverse("trips:boarding", args=[mine]))
        assert post(client, reverse("trips:rider", args=[mine, others[0]])).status_code == 404
        assert Request.objects.get(pk=others[0]).boarded_at is None

    def test_sees_nobody_elses_trip(self, city: World):
        going = trip(city, waiting(city, "Zhang San"))
        assert signed_in(city, "grid_worker").get(reverse("trips:detail", args=[going])).status_code == 404


class TestFleet:
    @pytest.mark.parametrize("name", ["vehicles:list", "vehicles:new", "plans:list", "plans:new", "trips:list"])
    def test_pages_open(self, city: World, name: str):
        vehicle(city)
        assert signed_in(city, "dispatcher").get(reverse(name)).status_code == 200

    def test_plan_goes_from_county_to_city(self, city: World):
        bus, at_wheel = vehicle(city), driver(city)
        client = signed_in(city, "dispatcher")
        data = {
            "unit_id": city.unit("fleet").id, "begins_on": "2022-06-20", "ends_on": "2022-06-22", "seats_wanted": 12,
            "eta_minutes": 40, "contact_name": "Han", "contact_phone": "0391-1",
        }  # fmt: skip
        assert post(client, reverse("plans:new"), **data).status_code == 302
        plan = PickupPlan.objects.get()
        address = reverse("plans:detail", args=[plan.id])
        given = {"vehicle_id": bus, "driver_id": at_wheel, "call_from": "06:00", "call_until": "22:00"}
        assert client.get(reverse("plans:promise", args=[plan.id])).status_code == 200
        assert post(client, reverse("plans:promise", args=[plan.id]), **given).status_code == 302
        assert client.get(address).status_code == 200
        assert post(client, reverse("plans:submission", args=[plan.id])).status_code == 302
        lead = signed_in(city, "commander")
        assert lead.get(address).status_code == 200
        assert (
            post(lead, reverse("plans:decision", args=[plan.id]), remark="Two seats short, fleet helps").status_code
            == 302
        )
        assert PickupPlan.objects.get().state == "approved"

    def test_kinds_of_vehicles_come_from_the_profile(self, city: World):
        client = signed_in(city, "dispatcher")
        given = {"plate": "A-009", "seats": 4, "unit_id": city.unit("fleet").id}
        assert post(client, reverse("vehicles:new"), **given, kind="balloon").status_code == 422
        assert post(client, reverse("vehicles:new"), **given, kind="ambulance").status_code == 302
        client.cookies["django_language"] = "en"
        assert "Negative-pressure ambulance" in client.get(reverse("vehicles:list")).content.decode()

    def test_whoever_only_reads_is_shown_no_button_and_may_not_act(self, city: World):
        bus = vehicle(city)
        going = trip(city, waiting(city, "Zhang San"), of=bus)
        reader = signed_in(city, "commander")
        for address, form in (
            (reverse("vehicles:detail", args=[bus]), "agent"),
            (reverse("trips:detail", args=[going]), "/boarding"),
        ):
            answer = reader.get(address)
            assert answer.status_code == 200
            assert form not in answer.content.decode()
        assert post(reader, reverse("vehicles:detail", args=[bus]), agent="Chlorine").status_code == 404
        assert post(reader, reverse("trips:boarding", args=[going])).status_code == 404
        assert Vehicle.objects.get(pk=bus).disinfected_at is None


class TestTrips:
    def test_of_what_is_no_plan_are_not_there(self, city: World, client: Client) -> None:
        sign_in(client, city.user("dispatcher"))
        assert client.get("/trips/?plan=-1").status_code == 404


class TestQueries:
    def test_count_both_sides(self, city: World):
        from bihuan.kernel.access import scope_for

        waiting(city, "Zhang San", "Li Si")
        underway(city, "Wang Wu")
        scope, now = scope_for(city.user("team_lead")), clock.now()
        both = queries.sides(queries.stranded(scope, now), queries.unaccepted(scope, now))
        assert (both.waiting, both.unaccepted, both.people_unaccepted, both.stranded) == (2, 1, 1, 0)

    def test_know_who_is_on_the_way_to_a_site(self, city: World):
        underway(city, "Wang Wu")
        assert [row.name for row in queries.expected_at(city.unit("site-yuntai").id)] == ["Wang Wu"]


class TestDrivers:
    def test_are_registered_from_those_who_hold_the_post(self, city: World):
        client = signed_in(city, "dispatcher")
        page = reverse("vehicles:new_driver")
        assert client.get(page).status_code == 200
        assert post(client, page, user_id=city.user("driver").id, phone="13800000000").status_code == 302
        assert city.user("driver").name in client.get(reverse("vehicles:drivers")).content.decode()
        assert post(client, page, user_id=city.user("grid_worker").id, phone="1").status_code == 422
        assert signed_in(city, "driver").get(page).status_code == 404

    def test_are_taken_off_once_they_have_no_trip(self, city: World):
        at_wheel = driver(city)
        going = trip(city, waiting(city, "Zhang San"), driven_by=at_wheel)
        client = signed_in(city, "dispatcher")
        address = reverse("vehicles:dismissal", args=[at_wheel])
        assert post(client, address).status_code == 409
        assert post(signed_in(city, "driver"), address).status_code == 404
        assert Driver.objects.get(pk=at_wheel).is_active
        actions.cancel_trip(going, words="No need", **by(city, "dispatcher"))
        assert post(client, address).status_code == 302
        assert not Driver.objects.get(pk=at_wheel).is_active
        again = {"user_id": city.user("driver").id, "phone": "13800000000"}
        assert post(client, reverse("vehicles:new_driver"), **again).status_code == 302
        assert Driver.objects.get(pk=at_wheel).is_active
