"""What anybody can open, and what nobody can find out there."""

import re
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from bihuan.kernel import access, clock
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import SigningKey, sign
from bihuan.kernel.ledger.notes import Note
from bihuan.modules.arrivals import queries as arrivals
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures import queries as orders
from bihuan.modules.places import queries as places
from tests.kernel.ledger.attacks import give_leaves
from tests.modules.arrivals.test_actions import raise_level
from tests.modules.measures.ordering import live_order
from tests.world import World, world

pytestmark = pytest.mark.django_db
LANGUAGES = ("zh-hans", "en")


@pytest.fixture
def city() -> World:
    return world()


def declaration(**changed: object) -> dict[str, object]:
    return {
        "name": "Zhang San", "id_type": "passport", "id_number": "E12345678", "phone": "13900000000", "mode": "rail",
        "carrier": "G1883", "origin": "310000", "expected_at": "2022-06-21T15:00", "destination": "Taihang Garden",
        "key": str(uuid7()), **changed,
    }  # fmt: skip


def days_told(answer: HttpResponse) -> int:
    found = arrivals.by_reference(answer["Location"].rsplit("/", 1)[1])
    assert found is not None
    return arrivals.rules_for(found.id).days


def token_of(city: World) -> str:
    found = orders.token_of(live_order(city))
    assert found is not None
    return found


class TestOpenPages:
    @pytest.mark.parametrize("name", ["home", "declare", "status", "advice", "checkpoint"])
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_need_no_account(self, city: World, name: str, language: str):
        client = Client()
        client.cookies["django_language"] = language
        assert client.get(reverse(f"public:{name}")).status_code == 200


class TestCheckpoint:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_can_be_kept_by_anybody(self, city: World, language: str):
        client = Client()
        client.cookies["django_language"] = language
        assert client.get(reverse("public:checkpoint_note")).status_code == 404
        give_leaves()
        key = SigningKey.new()
        sign([key], [])
        note = client.get(reverse("public:checkpoint_note")).content.decode()
        assert key.public.has_signed(Note.read(note))
        shown = client.get(reverse("public:checkpoint")).content.decode()
        assert str(key.public) in shown
        assert note in shown


class TestDeclaration:
    def test_gives_a_reference_number_and_the_rules(self, city: World):
        assert places.area("310000") is not None
        answer = Client().post(reverse("public:declare"), declaration(), follow=True)
        assert answer.status_code == 200
        reference = answer.redirect_chain[-1][0].rsplit("/", 1)[1]
        found = arrivals.by_reference(reference)
        assert found is not None
        assert arrivals.rules_for(found.id).reason.zh in answer.content.decode()

    def test_page_names_nobody(self, city: World):
        answer = Client().post(reverse("public:declare"), declaration(), follow=True)
        assert "Zhang San" not in answer.content.decode()
        assert "E12345678" not in answer.content.decode()

    def test_sent_twice_is_one(self, city: World):
        client, data = Client(), declaration()
        first, second = (client.post(reverse("public:declare"), data) for _ in range(2))
        assert first["Location"] == second["Location"]

    def test_of_a_machine_is_dropped_in_silence(self, city: World):
        answer = Client().post(reverse("public:declare"), declaration(website="http://x"))
        assert answer["Location"] == reverse("public:home")

    def test_names_every_wrong_field_in_one_pass(self, city: World):
        wrong = declaration(
            name="", id_type="resident_id", id_number="410811199001010011", phone="12", origin="Nowhere at all",
            last_exposure_on="2022-06-25", expected_at="2021-06-21T15:00", destination="",
        )  # fmt: skip
        answer = Client().post(reverse("public:declare"), wrong)
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {
            "name", "id_number", "phone", "origin", "last_exposure_on", "expected_at", "destination",
        }  # fmt: skip

    def test_sent_again_from_the_page_before_puts_right_what_was_said(self, city: World):
        client, data = Client(), declaration()
        first = client.post(reverse("public:declare"), data)
        second = client.post(reverse("public:declare"), data | {"destination": "Yuntai Road 5"})
        assert first["Location"] == second["Location"]
        found = arrivals.by_reference(first["Location"].rsplit("/", 1)[1])
        assert found is not None
        assert found.destination == "Yuntai Road 5"

    @pytest.mark.parametrize("way", ["page before", "reference number"])
    def test_for_another_day_moves_the_trip_and_keeps_its_number(self, city: World, way: str):
        client, data = Client(), declaration()
        first = client.post(reverse("public:declare"), data)
        reference = first["Location"].rsplit("/", 1)[1]
        changed = declaration(reference=reference.lower()) if way == "reference number" else dict(data)
        second = client.post(reverse("public:declare"), changed | {"expected_at": "2022-07-02T09:00"})
        assert first["Location"] == second["Location"]
        found = arrivals.by_reference(reference)
        assert found is not None
        assert f"{found.expected_at:%Y-%m-%d}" == "2022-07-02"
        assert arrivals.total() == 1

    def test_under_the_number_of_another_traveller_is_refused(self, city: World):
        client = Client()
        first = client.post(reverse("public:declare"), declaration())
        others = declaration(id_number="E87654321", reference=first["Location"].rsplit("/", 1)[1])
        assert client.post(reverse("public:declare"), others).status_code == 422
        assert arrivals.total() == 1

    def test_for_another_document_on_the_same_form_takes_back_the_first(self, city: World):
        client, data = Client(), declaration()
        first = client.post(reverse("public:declare"), data)
        second = client.post(reverse("public:declare"), data | {"id_number": "E87654321"})
        held = [arrivals.by_reference(one["Location"].rsplit("/", 1)[1]) for one in (first, second)]
        assert [one and one.is_open for one in held] == [False, True]

    def test_counts_days_as_on_the_declared_day_of_arrival(self, city: World):
        raise_level(city, "high")
        said = {"last_exposure_on": "2022-06-19"}
        soon = Client().post(reverse("public:declare"), declaration(**said))
        late = declaration(**said, id_number="E87654321", expected_at="2022-07-05T15:00")
        later = Client().post(reverse("public:declare"), late)
        assert [days_told(answer) > 0 for answer in (soon, later)] == [True, False]

    def test_of_an_unknown_place_asks_again(self, city: World):
        assert Client().post(reverse("public:declare"), declaration(origin="Nowhere at all")).status_code == 422

    def test_floods_are_refused(self, city: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("bihuan.modules.public.views.is_flood", lambda door, requests: requests > 1)
        client = Client()
        assert client.post(reverse("public:declare"), declaration()).status_code == 302
        assert client.post(reverse("public:declare"), declaration()).status_code == 409

    def test_of_a_wrong_number_finds_nothing(self, city: World):
        assert Client().get(reverse("public:trip", args=["AAAA"])).status_code == 404
        assert Client().post(reverse("public:status"), {"reference": "AAAA", "key": str(uuid7())}).status_code == 422


class TestOwnPage:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_says_what_why_until_when_and_by_whom(self, city: World, language: str):
        token = token_of(city)
        client = Client()
        client.cookies["django_language"] = language
        answer = client.get(reverse("public:person", args=[token]))
        page = orders.personal_page(token)
        assert page is not None
        words = answer.content.decode()
        assert (page.order.reason.zh if language == "zh-hans" else page.order.reason.en) in words
        assert page.order.deciding_phone in words
        assert "Zhang San" not in words

    def test_is_kept_by_nobody(self, city: World):
        answer = Client().get(reverse("public:person", args=[token_of(city)]))
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "same-origin"

    def test_is_gone_once_revoked(self, city: World):
        token = token_of(city)
        order = orders.order_by_token(token)
        assert order is not None
        measures.revoke_link(order, at=clock.now(), by=city.actor("clerk"), key=uuid7())
        assert Client().get(reverse("public:person", args=[token])).status_code == 404

    def test_changes_its_address_when_given_anew(self, city: World):
        token = token_of(city)
        order = orders.order_by_token(token)
        assert order is not None
        measures.give_link(order, at=clock.now(), by=city.actor("clerk"), key=uuid7())
        assert Client().get(reverse("public:person", args=[token])).status_code == 404
        assert Client().get(reverse("public:person", args=[orders.token_of(order)])).status_code == 200

    def test_is_not_found_by_guessing(self, city: World):
        live_order(city)
        assert Client().get(reverse("public:person", args=["x" * 43])).status_code == 404

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_shows_who_looked(self, city: World, language: str):
        """Every opening: unit, role, purpose and day; never the officer's name, nor what they wrote as occasion."""
        token = token_of(city)
        order = orders.order(orders.order_by_token(token))
        assert order is not None
        clerk, commander = (access.scope_for(city.user(who)) for who in ("clerk", "commander"))
        for _ in range(70):
            access.opened(clerk, order.person_id, "order")
        access.opened(commander, order.person_id, "tracing", reason="case 17 of the market")
        with clock.given(clock.now() + timedelta(days=1)):
            access.opened(clerk, order.person_id, "notice")
        shown = (
            Client(headers={"Accept-Language": language}).get(reverse("public:person", args=[token])).content.decode()
        )
        lines = [" ".join(re.sub("<[^>]*>", "", line).split()) for line in re.findall(r"<li>2022.*?</li>", shown)]
        said = {
            "zh-hans": ["打印您的告知书", "流行病学调查", "查看您的管控决定 70 次"],
            "en": ["Printing your notice", "Investigating a case or a contact", "Looking at the order 70 times"],
        }
        assert len(lines) == 3
        for line, words in zip(lines, said[language], strict=True):
            assert line.endswith(words)
        english = language == "en"
        unit, role = city.unit("410800"), dict(access.queries.roles())["city_command"]
        assert (unit.name_en if english else unit.name_zh) in lines[1]
        assert (role.en if english else role.zh) in lines[1]
        for hidden in (city.user("clerk").name, city.user("commander").name, "case 17"):
            assert hidden not in shown

    def test_takes_an_appeal(self, city: World):
        token = token_of(city)
        address = reverse("public:appeal", args=[token])
        assert Client().get(address).status_code == 200
        answer = Client().post(address, {"words": "I was never there.", "key": str(uuid7())})
        assert answer.status_code == 302
        page = orders.personal_page(token)
        assert page is not None
        assert page.appeals[0].is_open
        assert not page.may_appeal

    def test_opens_the_form_for_needs(self, city: World):
        assert Client().get(reverse("public:ticket", args=[token_of(city)])).status_code == 200
