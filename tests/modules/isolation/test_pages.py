from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import history
from bihuan.kernel.text import Text
from bihuan.modules.isolation import actions, events, queries
from bihuan.modules.isolation.models import Check, Room, Service, Ticket, Zone
from bihuan.modules.measures import queries as measures
from bihuan.modules.transfers import actions as transfers
from tests.modules.isolation.conftest import CLOSE, MEDIUM
from tests.modules.isolation.test_actions import TEAM, kinds, refer, sampled
from tests.signing_in import sign_in

COMMUNITY = "410811001001"


@pytest.fixture
def staff(isolation, client):
    return sign_in(client, isolation.world.user("site_staff"))


def as_(isolation, client, name):
    client.cookies.clear()
    return sign_in(client, isolation.world.user(name))


def post(client, url, **data):
    return client.post(url, {"key": str(uuid4()), **data})


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def site_url(isolation, name, *more):
    return reverse(f"sites:{name}", args=[isolation.site_id, *more])


class TestSitePages:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    @pytest.mark.parametrize("name", ["detail", "rooms", "round", "arrivals"])
    def test_open_for_the_site_in_both_languages(self, isolation, staff, name, language):
        isolation.resident()
        assert staff.get(site_url(isolation, name), headers={"accept-language": language}).status_code == 200

    @pytest.mark.parametrize("name", ["detail", "rooms", "round", "arrivals"])
    def test_are_not_there_for_a_stranger(self, isolation, client, name):
        assert as_(isolation, client, "stranger").get(site_url(isolation, name)).status_code == 404

    def test_lead_staff_straight_to_their_site(self, isolation, staff):
        assert staff.get(reverse("sites:today")).url == site_url(isolation, "detail")

    def test_list_shows_free_rooms_only_of_a_site_that_passed_its_gates(self, isolation, client):
        client = as_(isolation, client, "commander")
        assert client.get(reverse("sites:list"), {"free": "1"}).context["table"].rows
        isolation.do(
            actions.change_site, isolation.site_id, state="open", phone="1", certificate_until=None, inspected_on=None
        )
        assert not client.get(reverse("sites:list"), {"free": "1"}).context["table"].rows
        assert client.get(reverse("sites:list")).context["table"].rows

    def test_show_only_exceptions_first(self, isolation, staff):
        order = isolation.resident()
        isolation.do(actions.record_round, isolation.site_id, order_ids=[order])
        assert staff.get(site_url(isolation, "detail")).context["findings"] == ()
        post(staff, reverse("stays:check", args=[order]), temperature="38.1", symptoms=["cough"])
        [finding] = staff.get(site_url(isolation, "detail")).context["findings"]
        assert (finding.trouble, finding.room) == ("unwell", "101")

    def test_cost_the_same_queries_however_many_stay_there(self, isolation, staff, django_assert_max_num_queries):
        isolation.resident("101")
        staff.get(site_url(isolation, "rooms"))
        for room, name in (("102", "Wang"), ("201", "Zhao"), ("202", "Sun")):
            isolation.resident(room, name)
        for page in ("rooms", "round", "detail"):
            with django_assert_max_num_queries(40):
                staff.get(site_url(isolation, page))


class TestDayPage:
    def test_takes_the_day_once_and_keeps_an_unanswered_question_open(self, isolation, staff):
        url = site_url(isolation, "day")
        assert staff.get(url).status_code == 200
        assert post(staff, url, meals="yes", waste="yes", disinfected="yes").status_code == 422
        answers = {"meals": "yes", "waste": "yes", "disinfected": "no", "staff_well": "yes"}
        assert post(staff, url, **answers, remark="").status_code == 422
        assert post(staff, url, **answers, remark="pump broke, repaired").status_code == 302
        assert b"pump broke" in staff.get(site_url(isolation, "detail")).content
        assert b"pump broke" in staff.get(url).content

    def test_a_duty_leads_to_the_site(self, isolation, staff, client):
        url = reverse("sites:service", args=[Service.objects.get().id])
        assert staff.get(url).url == site_url(isolation, "detail")
        assert as_(isolation, client, "stranger").get(url).status_code == 404


class TestCheckInPage:
    def test_takes_in_who_is_expected(self, isolation, staff):
        order = isolation.order(isolation.person())
        url = site_url(isolation, "check_in", order)
        assert staff.get(url).status_code == 404
        isolation.do(transfers.request, order, by="gate_officer", to_unit_id=isolation.unit("site-yuntai"))
        assert staff.get(url).status_code == 200
        sent = {"room": str(isolation.rooms["101"]), "identity_confirmed": "on", "exposure_on": "2022-07-05"}
        assert post(staff, url, **sent).url == reverse("stays:detail", args=[order])
        assert queries.stay_of(order).room == "101"
        assert staff.get(reverse("stays:detail", args=[order])).status_code == 200

    def test_keeps_what_was_typed_when_the_database_refuses(self, isolation, staff):
        order = isolation.order(isolation.person())
        isolation.do(transfers.request, order, by="gate_officer", to_unit_id=isolation.unit("site-yuntai"))
        sent = {"room": str(isolation.rooms["101"]), "exposure_on": "2022-07-05", "needs": "Insulin"}
        answer = post(staff, site_url(isolation, "check_in", order), **sent)
        assert answer.status_code == 422
        assert b"Insulin" in answer.content


class TestRoundPage:
    def test_takes_one_tap_for_a_door_where_everybody_is_well(self, isolation, staff):
        order = isolation.resident()
        answer = client_post_part(staff, site_url(isolation, "round"), order=[str(order)])
        assert answer.status_code == 200
        assert b"door-101" in answer.content
        assert Check.objects.count() == 1

    def test_takes_many_doors_at_once_and_the_same_sending_once(self, isolation, staff):
        orders = [str(isolation.resident("101")), str(isolation.resident("102", "Wang"))]
        key = str(uuid4())
        for _ in range(2):
            staff.post(site_url(isolation, "round"), {"key": key, "order": orders})
        assert Check.objects.count() == 2

    def test_shows_a_missed_round(self, isolation, staff, at):
        isolation.resident()
        with at(clock.now() + timedelta(days=1, hours=5)):
            sign_in(staff, isolation.world.user("site_staff"))
            [finding, *_] = staff.get(site_url(isolation, "detail")).context["findings"]
            assert finding.trouble == "missed_check"


def client_post_part(client, url, **data):
    return client.post(url, {"key": str(uuid4()), **data}, headers={"HX-Request": "true"})


class TestStayPages:
    def test_move_the_person_and_take_a_ticket_down(self, isolation, staff, at):
        order = isolation.resident()
        with at(clock.now() + timedelta(minutes=5)):
            moved = post(staff, reverse("stays:room", args=[order]), room=str(isolation.rooms["102"]), reason="noise")
            assert moved.status_code == 302
            assert queries.stay_of(order).room == "102"
            post(staff, reverse("stays:tickets", args=[order]), kind="child", text="Milk powder")
            ticket = Ticket.objects.get()
            url = reverse("tickets:detail", args=[ticket.id])
            assert staff.get(url).status_code == 200
            post(staff, url, answer="Bought today")
            post(staff, reverse("tickets:closing", args=[ticket.id]), outcome="done", remark="")
            assert Ticket.objects.get().state == "done"
            assert staff.get(reverse("tickets:list")).status_code == 200

    def test_are_not_there_for_another_district(self, isolation, client):
        order = isolation.resident()
        client = as_(isolation, client, "stranger")
        assert client.get(reverse("stays:detail", args=[order])).status_code == 404

    def test_say_what_keeps_a_person_and_let_them_go_when_nothing_does(self, isolation, staff, at):
        order = isolation.resident(facts=CLOSE)
        url = reverse("stays:departure", args=[order])
        community = str(isolation.unit(COMMUNITY))
        assert staff.get(url).context["leaving"].hindrances
        assert post(staff, url, to_unit=community).status_code == 422
        sampled(isolation, at, order, (1, 2, 3, 5, 7))
        with at(datetime(2022, 7, 13, 8, 0, tzinfo=clock.CITY)):
            sign_in(staff, isolation.world.user("site_staff"))
            assert post(staff, url, to_unit=community).status_code == 302
            worker = as_(isolation, staff, "community_worker")
            listed = worker.get(reverse("homes:list"))
            assert [one.order_id for one in listed.context["awaited"]] == [order]

    def test_open_leaves_a_fact(self, isolation, staff):
        order = isolation.resident()
        staff.get(reverse("stays:detail", args=[order]))
        person = queries.stay_of(order).person_id
        assert "person.opened" in {fact.kind for fact in history(f"person:{person}")}


class TestReferralPages:
    def test_show_a_hospital_who_was_referred_to_it_and_take_its_answer(self, isolation, client, at):
        order = isolation.resident()
        refer(isolation, order)
        with at(clock.now() + timedelta(hours=1)):
            staff = as_(isolation, client, "hospital_staff")
            assert [one.order_id for one in staff.get(reverse("referrals:list")).context["waiting"]] == [order]
            url = reverse("referrals:detail", args=[order])
            assert staff.get(url).status_code == 200
            assert post(staff, url, answer="no", reason="").status_code == 422
            assert post(staff, url, answer="yes", reason="").status_code == 302
            listed = staff.get(reverse("referrals:list"), headers={"accept-language": "en"}).context
            assert ([one.order_id for one in listed["here"]], listed["waiting"]) == ([order], ())

    def test_let_somebody_go_to_a_site_while_the_order_goes_on(self, isolation, client, at):
        order = isolation.resident()
        refer(isolation, order)
        url = reverse("referrals:discharge", args=[order])
        with at(clock.now() + timedelta(hours=1)):
            assert as_(isolation, client, "hospital_staff").get(url).status_code == 404
            isolation.do(actions.admit, order, by="hospital_staff", hospital_id=isolation.unit("hospital"))
            staff = as_(isolation, client, "hospital_staff")
            for language in ("zh-hans", "en"):
                assert staff.get(url, headers={"accept-language": language}).status_code == 200
            site = str(isolation.unit("site-yuntai"))
            assert post(staff, url, to_unit_id=site, grounds="").status_code == 422
            assert post(staff, url, to_unit_id=site, grounds="two negative tests").status_code == 302
            assert post(staff, url, to_unit_id=site, grounds="two negative tests").status_code == 422
            [here] = staff.get(reverse("referrals:list")).context["here"]
            assert str(here.onward)

    @pytest.mark.parametrize(("answer", "reason"), [("yes", ""), ("no", "no bed")])
    def test_answer_the_same_form_sent_again_as_the_first_time(self, isolation, client, at, answer, reason):
        order = isolation.resident()
        refer(isolation, order)
        url = reverse("referrals:detail", args=[order])
        with at(clock.now() + timedelta(hours=1)):
            staff = as_(isolation, client, "hospital_staff")
            sent = {"key": str(uuid4()), "answer": answer, "reason": reason}
            first, again = (staff.post(url, sent, follow=True) for _ in range(2))
            assert (again.status_code, again.redirect_chain) == (200, first.redirect_chain)
            assert said(again) == said(first) != []
            assert staff.get(url).status_code == 302  # gone back and reloaded
            assert kinds(order).count("person.admitted") + kinds(order).count("person.not_admitted") == 1
            other = {"key": str(uuid4()), "answer": "no", "reason": "changed our mind"}
            assert staff.post(url, other).status_code == 409
            stranger = as_(isolation, Client(), "site_staff")
            assert (stranger.get(url).status_code, stranger.post(url, sent).status_code) == (404, 404)

    @pytest.mark.parametrize("to", ["site", "home"])
    def test_answer_the_same_discharge_sent_again_as_the_first_time(self, isolation, client, at, to):
        order = isolation.resident(facts=CLOSE)
        refer(isolation, order)
        url = reverse("referrals:discharge", args=[order])
        hospital, goes_home = isolation.unit("hospital"), measures.order(order).central_ends_at + timedelta(hours=1)
        with at(clock.now() + timedelta(hours=1)):
            isolation.do(actions.admit, order, by="hospital_staff", hospital_id=hospital)
        with at(goes_home if to == "home" else clock.now() + timedelta(hours=2)):
            staff = as_(isolation, client, "hospital_staff")
            unit = isolation.unit("site-yuntai" if to == "site" else "410811001001")
            sent = {"key": str(uuid4()), "to_unit_id": str(unit), "grounds": "two negative tests"}
            first = staff.post(url, sent, follow=True)
            double = staff.post(url, sent, follow=True)  # a double click, while nobody has received them
            assert (said(double), double.redirect_chain) == (said(first), first.redirect_chain)
            if to == "site":
                isolation.check_in(order, "102")
            else:
                isolation.do(
                    actions.begin_home, order, by="community_worker", unit_id=unit, address="Taihang 1", team=TEAM
                )
            again = staff.post(url, sent, follow=True)
            assert (again.status_code, again.redirect_chain) == (200, first.redirect_chain)
            assert said(again) == said(first) != []
            assert staff.get(url).status_code == 302
            assert kinds(order).count("person.discharged") == 1
            assert staff.post(url, {**sent, "key": str(uuid4())}).status_code == 409
            assert as_(isolation, Client(), "site_staff").post(url, sent).status_code == 404

    def test_are_not_there_for_a_site(self, isolation, staff):
        assert staff.get(reverse("referrals:list")).status_code == 404


class TestRoomPage:
    def test_frees_a_room_after_disinfection(self, isolation, staff):
        Room.objects.filter(number="101").update(state="cleaning")
        url = site_url(isolation, "room", isolation.rooms["101"])
        assert staff.get(url).status_code == 200
        post(staff, url, state="ready", reason="")
        assert Room.objects.get(number="101").state == "ready"


class TestZoneAndRoomPages:
    def test_change_what_is_entered_and_are_for_the_head_of_the_site(self, isolation, client):
        zone = Zone.objects.get()
        pages = site_url(isolation, "zone", zone.id), site_url(isolation, "furnishing", isolation.rooms["101"])
        staff = as_(isolation, client, "site_staff")
        assert [staff.get(url).status_code for url in pages] == [404, 404]
        head = as_(isolation, client, "site_head")
        assert [head.get(url).status_code for url in pages] == [200, 200]
        assert post(head, pages[0], kind="observation", name="East", blocked_for="").status_code == 302
        assert post(head, pages[1], zone_id=zone.id, floor="4", capacity="2").status_code == 302
        assert Zone.objects.get().name == "East"
        assert (Room.objects.get(number="101").floor, Room.objects.get(number="101").capacity) == (4, 2)


class TestHomePages:
    def test_receive_a_person_and_log_the_day(self, isolation, client):
        order = isolation.order(isolation.person(), facts=MEDIUM)
        worker = as_(isolation, client, "community_worker")
        assert [one.order_id for one in worker.get(reverse("homes:list")).context["awaited"]] == [order]
        url = reverse("homes:beginning", args=[order])
        assert worker.get(url).status_code == 200
        names = {f"{one.role}_name": one.name for one in TEAM} | {f"{one.role}_phone": one.phone for one in TEAM}
        grid = str(isolation.unit("41081100100101"))
        assert post(worker, url, address="1-1-101", unit=grid, **names).status_code == 302
        assert as_(isolation, client, "grid_worker").get(reverse("homes:list")).context["due"]
        worker = as_(isolation, client, "community_worker")
        assert worker.get(reverse("homes:detail", args=[order])).status_code == 200
        visit = reverse("homes:visit", args=[order])
        assert worker.get(visit).status_code == 200
        post(worker, visit, contact="visit", present="yes", temperature="36.5")
        assert events.HOME_VISITED in {fact.kind for fact in history(f"order:{order}")}
        assert len(worker.get(reverse("homes:list")).context["done"]) == 1

    def test_are_not_there_for_another_community(self, isolation, client):
        order = isolation.order(isolation.person(), facts=MEDIUM)
        assert as_(isolation, client, "site_staff").get(reverse("homes:beginning", args=[order])).status_code == 404


class TestSettingsPage:
    def test_is_for_the_head_of_the_site(self, isolation, client):
        url = site_url(isolation, "settings")
        assert as_(isolation, client, "site_staff").get(url).status_code == 404
        head = as_(isolation, client, "site_head")
        assert head.get(url).status_code == 200
        sent = {"state": "closed", "phone": "1", "certificate_until": "", "inspected_on": ""}
        assert post(head, url, **sent).status_code == 302
        assert not head.get(site_url(isolation, "detail")).context["site"].rooms.is_usable


class TestTestsDue:
    """The loop says which tests are due; the sample is taken for the day it asks for."""

    def test_are_listed_and_sampled_by_the_site(self, isolation, staff, at):
        order = isolation.resident()
        with at(clock.now() + timedelta(days=1)):
            sign_in(staff, isolation.world.user("site_staff"))
            listed = staff.get(reverse("samples:due"))
            assert len(listed.context["table"].rows) == 1
            url = reverse("samples:take", args=["order", order])
            assert staff.get(url).context["form"].initial["day"] == 1
            assert post(staff, url, code="", purpose="plan", day="1").status_code == 302
            taken = history(f"order:{order}")[-1].payload
            assert (taken["day"], taken["phase"]) == (1, "central")


class TestSettingUpASite:
    @pytest.fixture
    def unit(self, isolation):
        """A new unit of the kind site, below the district."""
        new = access.actions.NewUnit(code="site-new", kind="site", name=Text("新隔离点", "New site"), parent="410811")
        isolation.do(access.actions.add_units, [new], by="commander")
        return access.queries.unit_by_code("site-new")

    def test_goes_from_the_unit_to_its_rooms(self, isolation, client, unit):
        head = as_(isolation, client, "district")
        assert head.get(reverse("sites:new")).status_code == 200
        entered = post(
            head,
            reverse("sites:new"),
            unit_id=unit.id,
            address="1 Renmin Road",
            phone="0391-1",
            planned_rooms=40,
            state="open",
            certificate_until="2023-01-01",
            inspected_on="2022-06-01",
        )
        site = queries.sites_by_unit()[unit.id]
        assert entered.url == reverse("sites:new_zone", args=[site])
        assert head.get(reverse("sites:new_rooms", args=[site])).url == entered.url
        assert head.get(entered.url).status_code == 200
        zoned = post(head, entered.url, kind="observation", name="A")
        assert head.get(zoned.url).status_code == 200
        rooms = {"zone_id": Zone.objects.get(site=site).id, "numbers": "201-220, 222", "floor": 2, "capacity": 2}
        assert post(head, zoned.url, **rooms).url == reverse("sites:rooms", args=[site])
        assert Room.objects.filter(site=site, capacity=2, floor=2).count() == 21
        assert post(head, zoned.url, **rooms).status_code == 422
        assert post(head, entered.url, kind="service", name="A").status_code == 422
        assert head.get(reverse("sites:rooms", args=[site])).status_code == 200

    def test_is_for_units_in_reach_that_have_no_site(self, isolation, client, unit):
        told = {"address": "1", "phone": "1", "planned_rooms": 1, "state": "open"}
        page = reverse("sites:new")
        assert as_(isolation, client, "site_staff").get(page).status_code == 404
        assert post(as_(isolation, client, "stranger"), page, unit_id=unit.id, **told).status_code == 422
        taken = isolation.unit("site-yuntai")
        assert post(as_(isolation, client, "district"), page, unit_id=taken, **told).status_code == 422
