from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import history
from bihuan.modules.measures import queries as orders
from bihuan.modules.people import actions, queries
from tests.conftest import START
from tests.modules.measures.ordering import live_order
from tests.signing_in import sign_in
from tests.world import World

NUMBER = "11010519491231002X"


@pytest.fixture
def person(city: World):
    return actions.register(
        name="张三丰",
        id_type="resident_id",
        id_number=NUMBER,
        unit=city.unit("410811001001").id,
        at=clock.now(),
        by=city.actor("gate_officer"),
        key=uuid4(),
    )


def openings(person) -> list[dict[str, object]]:
    return [dict(fact.payload) for fact in history(f"person:{person}") if fact.kind == "person.opened"]


class TestPeopleList:
    def test_masks_names_and_numbers(self, client: Client, city: World, person):
        text = sign_in(client, city.user("commander")).get("/people/").content.decode()
        assert "张**" in text
        assert "张三丰" not in text
        assert NUMBER not in text

    def test_ends_at_the_own_scope(self, client: Client, city: World, person):
        assert "张**" not in sign_in(client, city.user("stranger")).get("/people/").content.decode()

    @pytest.mark.parametrize("sort", ["unit", "-unit"])
    def test_goes_unit_by_unit_and_ends_with_whoever_has_none(self, city: World, sort: str):
        homes = ["410811001001", "", "410802", "410811001001", ""]
        for number, home in enumerate(homes):
            actions.register(
                name=f"李{number}",
                id_type="passport",
                id_number=f"P{number}",
                unit=city.unit(home).id if home else None,
                at=clock.now(),
                by=city.actor("gate_officer"),
                key=uuid4(),
            )
        people = queries.People(access.scope_for(city.user("commander")), "/people/{}")
        units = [row.unit for offset in range(len(homes)) for row in people.rows({}, sort, offset, 1)]
        named = [str(city.unit(code).name) for code in ("410802", "410811001001", "410811001001")]
        assert units == [*(named if sort == "unit" else reversed(named)), "", ""]

    def test_takes_a_fixed_number_of_queries(self, client: Client, city: World, django_assert_max_num_queries):
        for number in range(30):
            actions.register(
                name=f"李{number}",
                id_type="passport",
                id_number=f"P{number}",
                unit=city.unit("410811001001").id,
                at=clock.now(),
                by=city.actor("gate_officer"),
                key=uuid4(),
            )
        sign_in(client, city.user("commander"))
        with django_assert_max_num_queries(25):
            client.get("/people/")


class TestPersonPage:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_opens_with_a_purpose_and_leaves_a_fact(self, client: Client, city: World, person, language: str):
        client.cookies["django_language"] = language
        sign_in(client, city.user("community_worker"))
        assert "张三丰" not in client.get(f"/people/{person}").content.decode()
        said = {"purpose": "care", "reason": "来电 0620-3", "key": str(uuid4())}
        for wrong in ({"purpose": "curiosity"}, {"reason": ""}):
            answer = client.post(f"/people/{person}", said | wrong)
            assert answer.status_code == 422
            assert "张三丰" not in answer.content.decode()
        assert openings(person) == []
        assert "张三丰" in client.post(f"/people/{person}", said, follow=True).content.decode()
        assert openings(person)[0] == {"purpose": "care", "reason": "来电 0620-3", "role": "community_worker"}

    def test_asks_once_a_day_and_every_account_for_itself(self, client: Client, city: World, person, at):
        sign_in(client, city.user("community_worker"))
        client.post(f"/people/{person}", {"purpose": "care", "reason": "来电", "key": str(uuid4())})
        assert "张三丰" in client.get(f"/people/{person}").content.decode()
        assert "张三丰" not in sign_in(Client(), city.user("district")).get(f"/people/{person}").content.decode()
        with at(START + timedelta(days=1)):
            tomorrow = sign_in(Client(), city.user("community_worker"))
            assert "张三丰" not in tomorrow.get(f"/people/{person}").content.decode()

    def test_takes_no_purpose_from_an_address(self, client: Client, city: World, person):
        sign_in(client, city.user("community_worker"))
        assert "张三丰" not in client.get(f"/people/{person}?purpose=care&reason=x").content.decode()
        assert openings(person) == []

    def test_asks_nothing_of_whoever_comes_from_the_persons_order(self, client: Client, city: World):
        order = live_order(city, "张三丰")
        under_order = orders.order(order).person_id
        sign_in(client, city.user("clerk"))
        assert client.get(f"/orders/{order}").status_code == 200
        assert "张三丰" in client.get(f"/people/{under_order}").content.decode()
        assert [one["purpose"] for one in openings(under_order)] == ["order", "order"]

    def test_shows_nothing_to_correct_before_it_was_opened(self, client: Client, city: World, person):
        sign_in(client, city.user("community_worker"))
        answer = client.get(f"/people/{person}/correction")
        assert (answer.status_code, answer["Location"]) == (302, f"/people/{person}")

    def test_is_closed_to_whoever_reached_the_limit_of_the_day(self, client: Client, city: World, person):
        scope = access.scope_for(city.user("community_worker"))
        for _ in range(300):
            access.opened(scope, uuid4(), "care")
        sign_in(client, city.user("community_worker"))
        answer = client.post(f"/people/{person}", {"purpose": "care", "reason": "来电", "key": str(uuid4())})
        assert answer.status_code == 422
        assert "300" in answer.content.decode()
        assert openings(person) == []

    def test_is_not_there_for_a_stranger(self, client: Client, city: World, person):
        sign_in(client, city.user("stranger"))
        said = {"purpose": "care", "reason": "来电", "key": str(uuid4())}
        assert client.get(f"/people/{person}").status_code == client.post(f"/people/{person}", said).status_code == 404

    def test_enters_and_corrects(self, client: Client, city: World):
        sign_in(client, city.user("gate_officer"))
        assert client.get("/people/new").status_code == 200
        made = client.post(
            "/people/new",
            {"name": "李四", "id_type": "passport", "id_number": "P77", "sex": "male", "key": str(uuid4())},
        )
        assert made.status_code == 302
        address = made["Location"].split("?")[0]
        assert client.get(f"{address}/correction").status_code == 200
        fixed = {
            "name": "李肆",
            "id_type": "passport",
            "id_number": "P77",
            "sex": "male",
            "reason": "证件",
            "key": str(uuid4()),
        }
        assert client.post(f"{address}/correction", fixed).status_code == 302
