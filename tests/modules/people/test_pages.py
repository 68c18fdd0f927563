from uuid import uuid4

import pytest
from django.test import Client

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import history
from bihuan.modules.people import actions, queries
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
    def test_opens_with_a_purpose_and_leaves_a_fact(self, client: Client, city: World, person):
        sign_in(client, city.user("community_worker"))
        asked = client.get(f"/people/{person}")
        assert "张三丰" not in asked.content.decode()
        shown = client.get(f"/people/{person}?purpose=care")
        assert "张三丰" in shown.content.decode()
        opened = [fact for fact in history(f"person:{person}") if fact.kind == "person.opened"]
        assert [fact.payload["purpose"] for fact in opened] == ["care"]

    def test_is_not_there_for_a_stranger(self, client: Client, city: World, person):
        assert sign_in(client, city.user("stranger")).get(f"/people/{person}?purpose=care").status_code == 404

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
