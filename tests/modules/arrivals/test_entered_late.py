"""Who landed, or gave a sample, earlier than the officer enters it, did so at that moment and under the rules of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.loop.happening import NotYetPossible, StillToCome, TooLongAgo
from bihuan.kernel.refusals import Refused
from bihuan.modules.arrivals import actions
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.testing.models import Sample
from tests.modules.arrivals.test_actions import raise_level, row, sheet, take_in
from tests.modules.arrivals.test_pages import city
from tests.signing_in import sign_in
from tests.world import World

__all__ = ["city"]


@pytest.fixture
def arrival(city: World) -> Arrival:
    raise_level(city, "medium")
    take_in(city, sheet(row(1)))
    return Arrival.objects.get()


def found(minutes: int, **more: str) -> dict[str, str]:
    """What an officer enters of that many minutes ago."""
    at = (clock.now() - timedelta(minutes=minutes)).astimezone(clock.CITY)
    given = {"identity_confirmed": "on", "temperature": "36.5", "sample_taken": "on"}
    return {**given, "key": str(uuid4()), "happened_at": at.strftime("%Y-%m-%dT%H:%M"), **more}


class TestLandingEnteredAfterwards:
    def test_counts_from_the_moment_of_landing(self, city: World, arrival: Arrival, client: Client, at) -> None:
        landed = clock.now() + timedelta(minutes=5)
        with at(clock.now() + timedelta(hours=3)):
            officer = sign_in(client, city.user("gate_officer"))
            assert officer.post(f"/arrivals/{arrival.id}/landing", found(175)).status_code == 302
            arrival.refresh_from_db()
            assert arrival.landed_at == landed
            assert Sample.objects.get().taken_at == landed
            [duty] = [duty for duty in loop.duties_of(arrival.subject) if duty.step == "land"]
            assert (duty.state, duty.done_at) == ("done", landed)
            [fact] = [fact for fact in history(arrival.subject) if fact.kind == "arrival.landed"]
            assert (fact.happened_at, fact.recorded_at) == (landed, clock.now())
            officer.cookies["django_language"] = "en"
            assert "Entered afterwards, at " in officer.get(f"/arrivals/{arrival.id}").content.decode()

    def test_is_refused_before_the_arrival_was_announced(
        self, city: World, arrival: Arrival, client: Client, at
    ) -> None:
        with at(clock.now() + timedelta(hours=3)):
            officer = sign_in(client, city.user("gate_officer"))
            answer = officer.post(f"/arrivals/{arrival.id}/landing", found(181))
            assert answer.status_code == 422
            assert "happened_at" in answer.context["form"].errors
            arrival.refresh_from_db()
            assert arrival.landed_at is None


class TestWhatIsBoundedByTheAction:
    """The page only says so earlier: whoever calls the action itself is refused as well."""

    @pytest.mark.parametrize(
        ("hours", "refusal"), [(4, StillToCome), (-1, NotYetPossible)], ids=["ahead", "before it was announced"]
    )
    def test_a_landing(self, city: World, arrival: Arrival, at, hours: int, refusal: type[Refused]) -> None:
        announced = clock.now()
        with at(announced + timedelta(hours=3)), pytest.raises(refusal):
            actions.land(
                arrival.id,
                gate_unit=city.unit("gate-rail").id,
                at=announced + timedelta(hours=hours),
                by=city.actor("gate_officer"),
                key=uuid4(),
            )
        arrival.refresh_from_db()
        assert arrival.landed_at is None

    @pytest.mark.parametrize(("days", "refusal"), [(1, StillToCome), (-8, TooLongAgo)])
    def test_a_walk_in(self, city: World, days: int, refusal: type[Refused]) -> None:
        with pytest.raises(refusal):
            actions.walk_in(
                name="Zhou Ming",
                id_type="resident_id",
                id_number="",
                phone="13800000031",
                gate_unit=city.unit("gate-rail").id,
                origin_code="620100",
                at=clock.now() + timedelta(days=days),
                by=city.actor("gate_officer"),
                key=uuid4(),
            )
        assert not Arrival.objects.exists()

    @pytest.mark.parametrize(("days", "refusal"), [(1, StillToCome), (-8, TooLongAgo)])
    def test_a_finding(self, city: World, days: int, refusal: type[Refused]) -> None:
        moment = clock.now() + timedelta(days=days)
        with pytest.raises(refusal):
            actions.find_later(
                name="Zhou Ming",
                id_type="resident_id",
                id_number="",
                phone="13800000031",
                origin_code="620100",
                arrived_on=moment.date(),
                unit=city.unit("410811001001").id,
                at=moment,
                by=city.actor("community_worker"),
                key=uuid4(),
            )
        assert not Arrival.objects.exists()


class TestSampleEnteredAfterwards:
    def test_was_taken_then(self, city: World, arrival: Arrival, client: Client, at) -> None:
        officer = sign_in(client, city.user("gate_officer"))
        officer.post(f"/arrivals/{arrival.id}/landing", found(0, sample_taken=""))
        with at(clock.now() + timedelta(hours=2)):
            officer = sign_in(client, city.user("gate_officer"))
            url = reverse("samples:take", args=["arrival", arrival.id])
            given = {"key": str(uuid4()), "purpose": "landing", "code": "", "day": ""}
            before = (clock.now() - timedelta(hours=3)).astimezone(clock.CITY).strftime("%Y-%m-%dT%H:%M")
            assert officer.post(url, {**given, "happened_at": before}).status_code == 422
            assert officer.post(url, {**given, "happened_at": found(90)["happened_at"]}).status_code == 302
            assert Sample.objects.get().taken_at == clock.now() - timedelta(minutes=90)
