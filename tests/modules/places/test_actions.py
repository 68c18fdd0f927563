from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor
from bihuan.modules.places import actions, queries
from bihuan.modules.places.models import AreaRisk
from tests.world import World


def enter(city: World, level: str = "high", code: str = "310106", since: date = date(2022, 6, 18)) -> UUID:
    return actions.propose_risk(
        code, level=level, since=since, order_text="公告", at=clock.now(), by=city.actor("clerk"), key=uuid4()
    )


def approve(city: World, risk: UUID, who: str = "city_approver") -> None:
    actions.put_in_force(risk, at=clock.now(), by=city.actor(who), key=uuid4())


class TestPutInForce:
    def test_needs_another_person_of_another_unit(self, city: World):
        risk = enter(city)
        for who in ("clerk", "approver"):
            with pytest.raises(actions.SecondPersonNeeded), transaction.atomic():
                approve(city, risk, who)
        assert queries.watch_list(date(2022, 6, 20)) == []
        approve(city, risk)
        assert [row.level for row in queries.watch_list(date(2022, 6, 20))] == ["high"]

    def test_a_later_line_ends_the_earlier(self, city: World):
        approve(city, enter(city, "high"))
        approve(city, enter(city, "low", since=date(2022, 6, 20)))
        assert queries.level_on("310106", date(2022, 6, 19)).level == "high"
        assert queries.level_on("310106", date(2022, 6, 20)).level == "low"

    def test_an_earlier_line_cannot_push_in_front(self, city: World):
        approve(city, enter(city, "high"))
        with pytest.raises(actions.LaterLineStands):
            approve(city, enter(city, "low", since=date(2022, 6, 10)))

    def test_a_city_counts_for_its_counties_not_the_other_way(self, city: World):
        approve(city, enter(city, "medium", code="310000"))
        assert queries.level_on("310106", date(2022, 6, 20)).level == "medium"
        approve(city, enter(city, "high", code="110101"))
        assert queries.level_on("110000", date(2022, 6, 20)) is None

    def test_is_decided_once(self, city: World):
        risk = enter(city)
        actions.reject_risk(risk, reason="依据不足", at=clock.now(), by=city.actor("city_approver"), key=uuid4())
        with pytest.raises(actions.AlreadyDecided):
            approve(city, risk)


class TestDatabase:
    def test_refuses_one_person_alone_and_two_levels_a_day(self, city: World):
        risk = enter(city)
        with pytest.raises(IntegrityError), transaction.atomic():
            AreaRisk.objects.filter(id=risk).update(state="in_force")
        alone = AreaRisk.objects.filter(id=risk)
        by, unit = alone.get().entered_by, city.unit("410800").id
        with pytest.raises(IntegrityError), transaction.atomic():
            alone.update(state="in_force", approved_by=by, approved_unit=unit, approved_at=clock.now())

    def test_lets_a_line_in_force_only_end_sooner(self, city: World):
        risk = enter(city)
        approve(city, risk)
        line = AreaRisk.objects.filter(id=risk)
        since = line.get().during.lower
        for change in (
            {"level": "low"},
            {"area": queries.area("DE").id},
            {"during": DateRange(since - timedelta(days=1), None)},
            {"state": "proposed"},
            {"approved_at": clock.now() + timedelta(minutes=1)},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                line.update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            line.delete()
        line.update(during=DateRange(since, since + timedelta(days=3)))
        with pytest.raises(IntegrityError), transaction.atomic():
            line.update(during=DateRange(since, None))


class TestRegister:
    def test_holds_areas_by_code_and_countries_by_name(self, city: World):
        assert queries.area("410802").name.zh == "解放区"
        read = queries.gazetteer().find
        assert [read(name).code for name in ("上海", "korea", "usa", "德国")] == ["310000", "KR", "US", "DE"]
        assert queries.area("DE").is_overseas
        assert read("市辖区") is None

    def test_advice_has_a_validity_date(self, city: World):
        approve(city, enter(city))
        (line,) = queries.advice(date(2022, 6, 20))
        assert (line.level, line.since) == ("high", date(2022, 6, 18))


class TestWhoDecides:
    """An area's level is decided where the area lies, or by the city; a village binds no city."""

    def village(self, city: World) -> Actor:
        return Actor(city.user("stranger").subject, city.unit("410802001001").id, "village")

    def test_is_not_a_village_for_an_area_elsewhere_nor_for_its_own_district(self, city: World):
        for code in ("310106", "410802"):
            risk = enter(city, code=code)
            with pytest.raises(actions.NotYourArea), transaction.atomic():
                actions.put_in_force(risk, at=clock.now(), by=self.village(city), key=uuid4())
            with pytest.raises(actions.NotYourArea), transaction.atomic():
                actions.reject_risk(risk, reason="-", at=clock.now(), by=self.village(city), key=uuid4())
        assert queries.watch_list(date(2022, 6, 20)) == []

    def test_is_the_district_for_itself_and_no_other_district(self, city: World):
        risk = enter(city, code="410802")
        beside, own = (
            Actor(city.user(who).subject, city.unit(unit).id, who)
            for who, unit in (("approver", "410811001"), ("stranger", "410802"))
        )
        with pytest.raises(actions.NotYourArea), transaction.atomic():
            actions.put_in_force(risk, at=clock.now(), by=beside, key=uuid4())
        actions.put_in_force(risk, at=clock.now(), by=own, key=uuid4())
        assert queries.level_on("410802", date(2022, 6, 20)).level == "high"

    def test_must_be_left_by_whoever_enters(self, city: World):
        asked = {"level": "high", "since": date(2022, 6, 18), "order_text": "公告", "at": clock.now()}
        with pytest.raises(actions.NobodyLeftToDecide):
            actions.propose_risk("310106", **asked, by=city.actor("commander"), key=uuid4())
        actions.propose_risk("410802", **asked, by=city.actor("commander"), key=uuid4())

    def test_is_held_by_the_database(self, city: World):
        risk = enter(city)
        with pytest.raises(IntegrityError, match="contains the area"), transaction.atomic():
            AreaRisk.objects.filter(id=risk).update(
                state="in_force", approved_by="user:x", approved_unit=city.unit("410802001001").id
            )
