"""Records that may be one person: noticed when written, joined and taken apart by an officer, remembered."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import Actor, history
from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.people import actions, queries
from bihuan.modules.people.models import Pair, Person
from tests.world import World

BORN = date(1990, 3, 12)


def register(city: World, name: str, **how):
    values: dict[str, Any] = {"birth_on": BORN, "phone": "", "sex": "male", "unit": city.unit("410811001001").id} | how
    return actions.register(name=name, **values, at=clock.now(), by=city.actor("gate_officer"), key=uuid4())


def announce(city: World, person):
    """Their trip is announced: a loop runs for them."""
    card = queries.card(person)
    arrivals.declare(
        name=card.name,
        birth_on=card.birth_on,
        sex=card.sex,
        id_type=card.id_type,
        id_number=card.id_number,
        phone=card.phone,
        mode="train",
        origin_code="310115",
        expected_at=clock.now(),
        destination="太行路1号",
        at=clock.now(),
        by=city.actor("gate_officer"),
        key=uuid4(),
    )


def decided(city: World) -> dict[str, Any]:
    return {"at": clock.now(), "by": city.actor("clerk"), "key": uuid4()}


@pytest.fixture
def twice(city: World):
    """One man under two spellings, and the pair that was noticed."""
    first = register(city, "张三丰", phone="13800000001", id_type="passport", id_number="E1")
    second = register(city, "張三峰", phone="13911112222")
    return first, second, Pair.objects.get()


class TestSuspect:
    def test_notices_a_person_entered_twice(self, twice):
        first, second, pair = twice
        assert (pair.first_id, pair.second_id, pair.outcome) == (first, second, "match")

    def test_notices_within_one_set_of_newcomers(self, city: World):
        people = [
            queries.NewPerson(name=name, birth_on=BORN, sex="male", phone=phone, id=uuid4())
            for name, phone in (("张三丰", "13800000001"), ("张三峰", "13800000001"))
        ]
        actions.enrol_many(people, at=clock.now(), by=city.actor("clerk"), key=uuid4())
        assert Pair.objects.count() == 1

    def test_does_not_suspect_a_household_for_its_telephone(self, city: World):
        register(city, "张三丰", phone="13800000001")
        register(city, "李秀英", phone="13800000001", sex="female", birth_on=date(1961, 8, 2))
        assert not Pair.objects.exists()

    def test_does_not_suspect_namesakes(self, city: World):
        register(city, "王芳", phone="13800000001", birth_on=date(1980, 1, 2))
        register(city, "王芳", phone="13911112222", birth_on=date(1955, 7, 30))
        assert not Pair.objects.exists()

    def test_looks_again_when_particulars_are_corrected(self, city: World):
        register(city, "张三丰", phone="13800000001")
        other = register(city, "李四", phone="13911112222", birth_on=date(1961, 8, 2))
        assert not Pair.objects.exists()
        changes = {"name": "张三丰", "birth_on": "1990-03-12"}
        actions.correct(other, changes=changes, reason="证件", **decided(city))
        assert Pair.objects.count() == 1

    def test_a_key_that_very_many_share_is_passed_over(self, city: World):
        for number in range(22):
            register(city, "王芳", phone="13800000001", birth_on=None, id_type="passport", id_number=f"P{number}")
        assert Pair.objects.filter(second=Person.objects.order_by("id").last()).count() == 0


class TestMerge:
    def test_both_histories_stand_under_the_record_that_goes_on(self, city: World, twice):
        first, second, pair = twice
        before = {fact.seq for one in (first, second) for fact in history(f"person:{one}")}
        actions.merge(pair.id, keep=first, reason="电话核实", **decided(city))
        told = queries.timeline(first)
        assert before < {fact.seq for fact in told}
        assert [fact.kind for fact in told].count("person.merged") == 1
        assert [fact.kind for fact in history(f"person:{second}")][-1] == "person.merged"

    def test_whoever_comes_again_under_either_spelling_is_the_one_that_goes_on(self, city: World, twice):
        first, _second, pair = twice
        actions.merge(pair.id, keep=first, reason="电话核实", **decided(city))
        assert register(city, "張三峰", phone="13911112222") == first
        assert register(city, "张三丰", phone="13800000001", id_type="passport", id_number="E1") == first
        assert [card.id for card in queries.find("13911112222")] == [first]
        shown = queries.People(access.scope_for(city.user("commander")), "{}").rows({}, "name", 0, 10)
        assert [row.id for row in shown] == [first]

    def test_is_done_once_however_often_it_is_pressed(self, city: World, twice):
        first, second, pair = twice
        asked = decided(city)
        for again in (asked, asked, decided(city)):
            actions.merge(pair.id, keep=first, reason="电话核实", **again)
        assert [fact.kind for fact in history(f"person:{second}")].count("person.merged") == 1

    def test_the_record_under_which_something_runs_goes_on(self, city: World, twice):
        first, second, pair = twice
        announce(city, second)
        with pytest.raises(actions.UnderWay):
            actions.merge(pair.id, keep=first, reason="电话核实", **decided(city))
        assert queries.to_keep(queries.pair(access.scope_for(city.user("commander")), pair.id)) == second
        actions.merge(pair.id, keep=second, reason="电话核实", **decided(city))
        assert queries.kept_for(first) == second

    def test_two_that_are_both_under_way_are_refused(self, city: World, twice):
        first, second, pair = twice
        announce(city, first)
        announce(city, second)
        for keep in (first, second):
            with pytest.raises(actions.BothUnderWay):
                actions.merge(pair.id, keep=keep, reason="电话核实", **decided(city))
        assert not Person.objects.exclude(merged_into=None).exists()

    def test_a_record_to_which_others_are_joined_is_not_joined_further(self, city: World, twice):
        _first, second, pair = twice
        actions.merge(pair.id, keep=second, reason="电话核实", **decided(city))
        third = register(city, "章三丰", phone="13800000009", id_type="passport", id_number="E9")
        other = Pair.objects.get(first=second, second=third)
        with pytest.raises(actions.Joined):
            actions.merge(other.id, keep=third, reason="电话核实", **decided(city))

    def test_the_database_refuses_a_record_joined_to_itself(self, twice):
        first, _second, _pair = twice
        with pytest.raises(Exception, match="people_joined_to_another"):
            Person.objects.filter(id=first).update(merged_into=first)


class TestTellApart:
    def test_is_remembered(self, city: World, twice):
        _first, second, pair = twice
        actions.tell_apart(pair.id, **decided(city))
        actions.correct(second, changes={"phone": "13800000001"}, reason="电话", **decided(city))
        assert [one.state for one in Pair.objects.all()] == ["distinct"]
        assert not queries.Pairs(access.scope_for(city.user("commander")), "{}", {}).count({})
        assert [fact.kind for fact in history(f"person:{second}")].count("person.told_apart") == 1

    def test_is_too_late_once_they_are_joined(self, city: World, twice):
        first, _second, pair = twice
        actions.merge(pair.id, keep=first, reason="电话核实", **decided(city))
        with pytest.raises(actions.Joined):
            actions.tell_apart(pair.id, **decided(city))


def everything() -> dict[str, list[str]]:
    """Every row of every table but the ledger's own and the answers to keys, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'ledger%' ORDER BY 1"
        )
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" AS t ORDER BY 1')
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


particulars = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["张三丰", "張三峰", "张三"]),
        "phone": st.sampled_from(["13800000001", "13911112222", ""]),
        "address": st.sampled_from(["太行路1号", ""]),
        "sex": st.sampled_from(["male", "unknown"]),
    }
)


class TestUnmerge:
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(ones=particulars, others=particulars, is_expected=st.booleans(), keeps_first=st.booleans())
    def test_restores_every_row_of_every_table(self, city: World, ones, others, is_expected, keeps_first):
        with transaction.atomic():
            self.join_and_take_apart(
                city, ones, others, keeps_first=keeps_first or is_expected, is_expected=is_expected
            )
            transaction.set_rollback(True)

    @staticmethod
    def join_and_take_apart(city: World, ones, others, *, keeps_first: bool, is_expected: bool) -> None:
        first, second = sorted((uuid4(), uuid4()))
        people = [
            queries.NewPerson(birth_on=BORN, id=first, id_type="passport", id_number="E1", **ones),
            queries.NewPerson(birth_on=BORN, id=second, **others),
        ]
        actions.enrol_many(people, at=clock.now(), by=city.actor("clerk"), key=uuid4())
        pair = Pair.objects.get()
        keep, gone = (first, second) if keeps_first else (second, first)
        if is_expected:
            announce(city, first)
        before = everything()
        actions.merge(pair.id, keep=keep, reason="电话核实", **decided(city))
        between = everything()
        assert {table for table in before if before[table] != between[table]} == {"people_person", "people_pair"}
        actions.unmerge(gone, reason="证件核实", **decided(city))
        assert everything() == before

    def test_leaves_the_joining_in_the_ledger(self, city: World, twice):
        first, second, pair = twice
        actions.merge(pair.id, keep=first, reason="电话核实", **decided(city))
        actions.unmerge(second, reason="证件核实", **decided(city))
        kinds = [fact.kind for fact in history(f"person:{second}")]
        assert kinds[-2:] == ["person.merged", "person.unmerged"]
        assert register(city, "張三峰", phone="13911112222") == second


def test_actor_is_whoever_decided(city: World, twice):
    first, second, pair = twice
    by: Actor = city.actor("clerk")
    actions.merge(pair.id, keep=first, reason="电话核实", at=clock.now(), by=by, key=uuid4())
    assert history(f"person:{second}")[-1].actor == by.id
