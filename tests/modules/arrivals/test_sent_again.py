"""A walk-in sent again after going back, or from a second tab, is the arrival and the sample there are."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from bihuan.kernel import clock
from bihuan.modules.arrivals import actions
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.testing import actions as testing
from bihuan.modules.testing.models import Sample
from bihuan.site.worker import turn
from tests.modules.arrivals.test_actions import raise_level, resident_id, walk_in
from tests.signing_in import sign_in
from tests.world import World, world


@pytest.fixture
def city(db: None) -> World:
    made = world()
    actions.open_gate(
        made.unit("gate-rail").id,
        kind="rail",
        capacity_per_hour=200,
        waiting_capacity=30,
        at=clock.now(),
        by=made.actor("team_lead"),
        key=uuid4(),
    )
    return made


def found(city: World) -> dict[str, object]:
    return {
        "name": "冯再来", "id_type": "resident_id", "id_number": resident_id(7), "sex": "unknown",
        "origin_code": "上海市", "mode": "rail", "identity_confirmed": "on", "temperature": "36.5",
        "sample_taken": "on", "key": str(uuid4()),
    }  # fmt: skip


class TestWalkIn:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_sent_again_once_the_arrival_is_closed_leads_to_it(self, city: World, language: str):
        raise_level(city, "high")
        officer = sign_in(Client(headers={"Accept-Language": language}), city.user("gate_officer"))
        assert officer.post("/arrivals/walk-in", found(city)).status_code == 302
        while turn(clock.now()):
            pass
        standing = Arrival.objects.get()
        assert standing.state == "closed"
        with clock.given(clock.now() + timedelta(seconds=30)):
            again = officer.post("/arrivals/walk-in", found(city))
        page = again.content.decode()
        assert again.status_code == 422
        assert standing.reference in page
        assert f'href="/arrivals/{standing.id}"' in page
        assert Arrival.objects.count() == 1
        assert Sample.objects.count() == 1

    @pytest.mark.parametrize("state", ["closed", "left", "landed"])
    def test_is_the_same_in_whatever_state_it_stands(self, city: World, state: str):
        arrival = walk_in(city)
        Arrival.objects.filter(id=arrival).update(state=state)
        with pytest.raises(actions.AlreadyLanded) as refused:
            walk_in(city)
        assert refused.value.arrival == arrival

    def test_of_the_next_day_is_another(self, city: World):
        Arrival.objects.filter(id=walk_in(city)).update(state="left")
        with clock.given(clock.now() + timedelta(days=1)):
            walk_in(city)
        assert Arrival.objects.count() == 2

    def test_cannot_be_doubled_by_sql(self, city: World):
        first = Arrival.objects.get(id=walk_in(city))
        second = {
            name: getattr(first, name)
            for name in ("person_id", "gate_id", "mode", "state", "registered_at", "landed_at")
        }
        with pytest.raises(IntegrityError, match="arrivals_one_walk_in_a_day"), transaction.atomic():
            Arrival.objects.create(reference="ZZZZZZZZZZZZ", **second)


class TestSample:
    def take(self, city: World, arrival: Arrival) -> None:
        testing.take_sample(
            arrival.subject,
            person_id=arrival.person_id,
            unit_id=city.unit("gate-rail").id,
            purpose="landing",
            at=clock.now(),
            by=city.actor("gate_officer"),
            key=uuid4(),
        )

    def test_of_one_landing_is_one_for_some_minutes(self, city: World):
        arrival = Arrival.objects.get(id=walk_in(city, sample_taken=True))
        with clock.given(clock.now() + timedelta(minutes=9)), pytest.raises(testing.JustTaken) as refused:
            self.take(city, arrival)
        assert Sample.objects.get().code in str(refused.value)
        with clock.given(clock.now() + timedelta(minutes=11)):
            self.take(city, arrival)
        assert Sample.objects.count() == 2
