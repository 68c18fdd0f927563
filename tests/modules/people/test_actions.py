from datetime import date
from uuid import uuid4

import pytest

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.modules.people import actions, queries
from bihuan.modules.people.models import Person
from tests.world import World

NUMBER = "11010519491231002X"


def register(city: World, **how):
    values = {"name": "张三", "id_type": "resident_id", "id_number": NUMBER} | how
    return actions.register(**values, at=clock.now(), by=city.actor("gate_officer"), key=uuid4())


class TestRegister:
    def test_finds_before_it_enters(self, city: World):
        first = register(city)
        assert register(city, phone="13800000001") == first
        assert [fact.kind for fact in history(f"person:{first}")] == ["person.registered"]

    def test_takes_birth_and_sex_from_the_number(self, city: World):
        card = queries.card(register(city))
        assert (card.birth_on, card.sex, card.id_masked) == (date(1949, 12, 31), "female", "**************002X")

    def test_refuses_a_number_of_another(self, city: World):
        register(city)
        with pytest.raises(actions.IdTaken):
            register(city, name="李四")

    def test_two_people_on_one_number_can_both_stand(self, city: World):
        first = register(city)
        second = register(city, name="李四", id_disputed=True)
        assert first != second
        assert register(city, name="李四") == second
        assert "person.id_disputed" in [fact.kind for fact in history(f"person:{first}")]

    def test_refuses_a_number_that_cannot_be(self, city: World):
        with pytest.raises(actions.IdUnfit):
            register(city, id_number="110105194912310021")

    def test_finds_without_a_number_by_name_birth_and_phone(self, city: World):
        plain = {"id_type": "none", "id_number": "", "birth_on": date(1990, 1, 1), "phone": "138 0000 0001"}
        assert register(city, **plain) == register(city, **plain | {"phone": "13800000001"})
        assert register(city, **plain | {"phone": "13900000001"}) != register(city, **plain)


class TestCorrect:
    def test_keeps_what_stood_before_in_the_ledger(self, city: World):
        person = register(city)
        actions.correct(
            person, changes={"name": "张珊"}, reason="证件", at=clock.now(), by=city.actor("gate_officer"), key=uuid4()
        )
        assert queries.card(person).name == "张珊"
        assert [fact.payload.get("name") for fact in history(f"person:{person}")] == ["张三", "张珊"]

    def test_does_not_take_the_number_of_another(self, city: World):
        register(city)
        other = register(city, name="李四", id_type="passport", id_number="P1")
        with pytest.raises(actions.IdTaken):
            actions.correct(
                other,
                changes={"id_type": "resident_id", "id_number": NUMBER},
                reason="x",
                at=clock.now(),
                by=city.actor("gate_officer"),
                key=uuid4(),
            )


class TestAddHousehold:
    def test_gathers_who_live_behind_one_door(self, city: World):
        home = actions.add_household(
            unit=city.unit("410811001001").id,
            address="1号楼101",
            at=clock.now(),
            by=city.actor("community_worker"),
            key=uuid4(),
        )
        register(city, household=home)
        assert [member.name for member in queries.household_members(home)] == ["张三"]
        assert Person.objects.count() == 1
