"""What was done at the door earlier is entered with its own time; the clocks of the loop count by that time."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.loop import work
from bihuan.modules.isolation.models import Check
from tests.modules.isolation.conftest import NOW, Isolation
from tests.signing_in import sign_in

pytestmark = pytest.mark.usefixtures("english")
MORNING = NOW.replace(hour=8, minute=10) + timedelta(days=1)  # the day after everybody came in
AFTERNOON = MORNING.replace(hour=15)


def named(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def order(isolation: Isolation) -> UUID:
    return isolation.resident()


@pytest.fixture
def staff(isolation: Isolation, order: UUID, client: Client, at) -> Client:
    """The site's staff on the afternoon of the next day; the morning's round is overdue and both lines were told."""
    with at(AFTERNOON):
        while work(AFTERNOON):
            pass
        yield sign_in(client, isolation.world.user("site_staff"))


def morning_of(order: UUID) -> loop.DutyRow:
    [found] = [row for row in loop.duties_of(f"order:{order}") if row.occurrence == "2022-07-06 morning"]
    return found


class TestACheckEnteredAfterwards:
    def send(self, staff: Client, order: UUID, happened_at: str):
        url = reverse("stays:check", args=[order])
        return staff.post(url, {"key": str(uuid4()), "temperature": "36.5", "happened_at": happened_at})

    def test_was_done_in_time_where_it_was(self, staff: Client, order: UUID) -> None:
        assert morning_of(order).escalated_at is not None
        assert self.send(staff, order, named(MORNING)).status_code == 302
        duty = morning_of(order)
        assert (duty.state, duty.done_at, duty.escalated_at) == ("done", MORNING, None)
        [fact] = [fact for fact in history(f"order:{order}") if fact.kind == "check.recorded"]
        assert (fact.happened_at, fact.recorded_at) == (MORNING, AFTERNOON)

    def test_was_done_late_where_it_was(self, staff: Client, order: UUID) -> None:
        late = MORNING.replace(hour=12, minute=30)
        assert self.send(staff, order, named(late)).status_code == 302
        duty = morning_of(order)
        assert (duty.state, duty.done_at) == ("done", late)
        assert duty.escalated_at is not None

    @pytest.mark.parametrize(
        ("moment", "said"),
        [(AFTERNOON + timedelta(minutes=1), "still to come"), (NOW - timedelta(minutes=1), "before")],
    )
    def test_is_refused_where_it_cannot_have_been(
        self, staff: Client, order: UUID, moment: datetime, said: str
    ) -> None:
        staff.cookies["django_language"] = "en"
        answer = self.send(staff, order, named(moment))
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert not Check.objects.exists()


class TestARoundEnteredAfterwards:
    def url(self, isolation: Isolation) -> str:
        return reverse("sites:round", args=[isolation.site_id])

    def test_shows_the_doors_as_of_then_and_takes_them_down_as_seen_then(
        self, isolation: Isolation, staff: Client, order: UUID
    ) -> None:
        for moment in (None, MORNING):  # this afternoon's round is done; the morning's is still to be entered
            about = {"happened_at": named(moment)} if moment else {}
            [(_floor, [door], _open)] = staff.get(self.url(isolation), about).context["floors"]
            assert not door.is_done
            answer = staff.post(self.url(isolation), {"key": str(uuid4()), "order": [str(order)], **about})
            assert answer.status_code == 302
            [(_floor, [door], _open)] = staff.get(answer.url).context["floors"]
            assert door.is_done
        assert set(Check.objects.values_list("checked_at", flat=True)) == {MORNING, AFTERNOON}
        assert (morning_of(order).done_at, morning_of(order).escalated_at) == (MORNING, None)

    def test_passes_over_who_had_not_come_yet(self, isolation: Isolation, staff: Client, order: UUID) -> None:
        before = named(NOW - timedelta(hours=1))
        assert staff.get(self.url(isolation), {"happened_at": before}).context["floors"] == []
        staff.post(self.url(isolation), {"key": str(uuid4()), "order": [str(order)], "happened_at": before})
        assert not Check.objects.exists()

    def test_is_refused_in_the_future(self, isolation: Isolation, staff: Client, order: UUID) -> None:
        ahead = named(clock.now() + timedelta(minutes=5))
        answer = staff.post(self.url(isolation), {"key": str(uuid4()), "order": [str(order)], "happened_at": ahead})
        assert answer.status_code == 422
        assert not Check.objects.exists()
