"""The pages on which somebody decides whether two records are one person."""

from datetime import date
from uuid import uuid4

import pytest
from django.test import Client

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.modules.people import actions
from bihuan.modules.people.models import Pair
from tests.signing_in import sign_in
from tests.world import World


def register(city: World, name: str, phone: str, born: date = date(1990, 3, 12), unit: str = "410811001001"):
    return actions.register(
        name=name,
        birth_on=born,
        phone=phone,
        unit=city.unit(unit).id,
        at=clock.now(),
        by=city.actor("gate_officer"),
        key=uuid4(),
    )


@pytest.fixture
def twice(city: World):
    return register(city, "张三丰", "13800000001"), register(city, "張三峰", "13911112222")


@pytest.fixture
def clerk(client: Client, city: World) -> Client:
    return sign_in(client, city.user("clerk"))


def opened(person) -> list[str]:
    return [str(fact.payload["purpose"]) for fact in history(f"person:{person}") if fact.kind == "person.opened"]


@pytest.mark.usefixtures("twice")
class TestPairsList:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_masks_names_and_says_what_agrees(self, clerk: Client, language: str):
        text = clerk.get("/people/pairs", headers={"accept-language": language}).content.decode()
        assert "张** / 張**" in text
        assert "张三丰" not in text
        assert "13800000001" not in text

    def test_ends_at_the_own_scope(self, client: Client, city: World):
        assert "张**" not in sign_in(client, city.user("stranger")).get("/people/pairs").content.decode()

    def test_a_pair_with_one_foot_elsewhere_is_nobody_s_who_does_not_reach_both(self, client: Client, city: World):
        register(city, "李四光", "13700000001", date(1980, 1, 2))
        register(city, "李四广", "13700000002", date(1980, 1, 2), unit="410802001001")
        pair = Pair.objects.latest("id")
        sign_in(client, city.user("clerk"))
        assert "李**" not in client.get("/people/pairs").content.decode()
        assert client.get(f"/people/pairs/{pair.id}").status_code == 404
        assert client.post(f"/people/pairs/{pair.id}/distinction", {"key": str(uuid4())}).status_code == 404
        assert "李**" in sign_in(client, city.user("commander")).get("/people/pairs").content.decode()

    def test_is_not_there_for_whoever_may_not_decide(self, client: Client, city: World):
        assert sign_in(client, city.user("gate_officer")).get("/people/pairs").status_code == 404

    def test_takes_a_fixed_number_of_queries(self, clerk: Client, city: World, django_assert_max_num_queries):
        for number in range(10):
            born = date(1911 + 8 * number, 1 + number, 3 + 2 * number)
            register(city, "赵一鸣", f"13{number * 100_000_001:09d}", born)
            register(city, "赵一明", f"15{number * 123_456_789 % 10**9:09d}", born)
        with django_assert_max_num_queries(25):
            assert clerk.get("/people/pairs").content.decode().count("赵**") == 20


class TestPairPage:
    def test_shows_both_whole_and_leaves_a_fact_for_each(self, clerk: Client, twice):
        text = clerk.get(f"/people/pairs/{Pair.objects.get().id}").content.decode()
        assert "张三丰" in text
        assert "張三峰" in text
        assert [opened(person) for person in twice] == [["matching"], ["matching"]]

    def test_joins_and_the_whole_history_stands_under_the_one_that_goes_on(self, clerk: Client, twice):
        first, second = twice
        pair = Pair.objects.get()
        answer = {"keep": str(first), "reason": "电话核实", "key": str(uuid4())}
        assert clerk.get(f"/people/pairs/{pair.id}").status_code == 200
        assert clerk.post(f"/people/pairs/{pair.id}", answer).status_code == 302
        kept = clerk.get(f"/people/{first}").content.decode()
        assert f"/people/{second}/separation" in kept
        assert f"/people/{first}" in clerk.get(f"/people/{second}").content.decode()
        assert "张**" not in clerk.get("/people/pairs").content.decode()

    def test_asks_how_it_is_known(self, clerk: Client, twice):
        pair = Pair.objects.get()
        answer = {"keep": str(twice[0]), "reason": "", "key": str(uuid4())}
        assert clerk.post(f"/people/pairs/{pair.id}", answer).status_code == 422
        assert Pair.objects.get().state == "open"

    def test_keeps_nobody_but_one_of_the_two(self, clerk: Client, city: World, twice):
        stranger = register(city, "王五", "13500000001", date(1970, 5, 6))
        answer = {"keep": str(stranger), "reason": "电话核实", "key": str(uuid4())}
        assert clerk.post(f"/people/pairs/{Pair.objects.get().id}", answer).status_code == 422
        assert Pair.objects.get().state == "open"

    def test_takes_apart(self, clerk: Client, twice):
        first, second = twice
        answer = {"keep": str(first), "reason": "电话核实", "key": str(uuid4())}
        clerk.get(f"/people/pairs/{Pair.objects.get().id}")
        clerk.post(f"/people/pairs/{Pair.objects.get().id}", answer)
        assert clerk.get(f"/people/{second}/separation").status_code == 200
        answer = {"reason": "证件核实", "key": str(uuid4())}
        assert clerk.post(f"/people/{second}/separation", answer).status_code == 302
        assert Pair.objects.get().state == "open"

    def test_remembers_that_they_are_two(self, clerk: Client, twice):
        pair = Pair.objects.get()
        assert clerk.post(f"/people/pairs/{pair.id}/distinction", {"key": str(uuid4())}).status_code == 302
        assert "张**" not in clerk.get("/people/pairs").content.decode()
        assert clerk.get(f"/people/pairs/{pair.id}").status_code == 200

    def test_nothing_is_decided_by_opening_an_address(self, clerk: Client, twice):
        assert clerk.get(f"/people/pairs/{Pair.objects.get().id}/distinction").status_code == 405
