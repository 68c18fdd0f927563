"""What was done at the door earlier is entered with its own time; the clocks of the loop count by that time."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.kernel import clock, custody
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import drift, work
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.loop.happening import NotYetPossible, StillToCome, TooLongAgo
from bihuan.kernel.refusals import Refused
from bihuan.modules.isolation import actions, queries
from bihuan.modules.isolation.models import Check, Occupancy, Stay
from bihuan.modules.measures import actions as orders
from bihuan.modules.measures import queries as measures
from bihuan.modules.testing import actions as testing
from bihuan.modules.transfers import actions as transfers
from tests.modules.isolation.conftest import CLOSE, MEDIUM, NOW, Isolation
from tests.modules.isolation.test_actions import TEAM, sampled
from tests.signing_in import sign_in

pytestmark = pytest.mark.usefixtures("english")
MORNING = NOW.replace(hour=8, minute=10) + timedelta(days=1)  # the day after everybody came in
AFTERNOON = MORNING.replace(hour=15)
COMMUNITY = "410811001001"


def named(moment: datetime) -> str:
    return moment.astimezone(clock.CITY).strftime("%Y-%m-%dT%H:%M")


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


def duty(order: UUID, step: str) -> loop.DutyRow:
    [found] = [row for row in loop.duties_of(f"order:{order}") if row.step == step]
    return found


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


class TestACheckInEnteredAfterwards:
    """Somebody came at eleven; the desk's computer was down until four."""

    @pytest.fixture
    def awaited(self, isolation: Isolation) -> UUID:
        order = isolation.order(isolation.person())
        isolation.do(
            transfers.request, order, by="gate_officer", to_unit_id=isolation.unit("site-yuntai"), needs="insulin"
        )
        return order

    def take_in(self, isolation: Isolation, order: UUID, moment: datetime) -> UUID:
        return actions.check_in(
            order,
            room_id=isolation.rooms["101"],
            identity_confirmed=True,
            temperature=Decimal("36.6"),
            at=moment,
            by=isolation.actor("site_staff"),
            key=uuid4(),
        )

    def test_is_a_stay_since_then_and_the_clocks_judge_by_it(self, isolation: Isolation, awaited: UUID, at) -> None:
        came = NOW + timedelta(hours=1)
        with at(NOW + timedelta(hours=30)):
            while work(clock.now()):
                pass
            assert duty(awaited, "contact").escalated_at is not None
            self.take_in(isolation, awaited, came)
            assert queries.stay_of(awaited).since == came
            assert (duty(awaited, "check_in").state, duty(awaited, "check_in").done_at) == ("done", came)
            assert duty(awaited, "contact").escalated_at is None
            assert Check.objects.get().checked_at == came
            person = f"person:{measures.order(awaited).person_id}"
            assert custody.holder_of(person) == f"site:{isolation.unit('site-yuntai')}"
            assert custody.moved_at(person) == came
            moved = [fact.happened_at for fact in history(person) if fact.kind == "custody.moved"]
            assert moved == sorted(moved)
            missed = loop.duties_of(f"order:{awaited}")
            assert "2022-07-05 afternoon" in {
                one.occurrence for one in missed if one.step == "check"
            }  # asked since then
            assert set(custody.violations().values()) == {0}
            assert drift(clock.now()) == []

    def test_is_bounded_by_the_action(self, isolation: Isolation, awaited: UUID, at) -> None:
        with at(NOW + timedelta(hours=6)):
            for moment, refusal in (
                (clock.now() + timedelta(minutes=1), StillToCome),
                (NOW - timedelta(minutes=1), NotYetPossible),  # the order was not in force yet
            ):
                with pytest.raises(refusal):
                    self.take_in(isolation, awaited, moment)
        with at(NOW + timedelta(days=7, minutes=2)), pytest.raises(TooLongAgo):
            self.take_in(isolation, awaited, NOW + timedelta(minutes=1))
        assert not Stay.objects.exists()

    def test_is_not_before_the_vehicle_took_the_person_over(self, isolation: Isolation, awaited: UUID, at) -> None:
        person, gate = f"person:{measures.order(awaited).person_id}", f"unit:{isolation.unit('gate-rail')}"
        with at(NOW + timedelta(hours=2)):
            onward = custody.dispatch(
                [person],
                sender=gate,
                receiver=f"unit:{isolation.unit(COMMUNITY)}",
                key=uuid4(),
                at=clock.now(),
                by=isolation.actor("gate_officer"),
            )
        with at(NOW + timedelta(hours=6)):
            with pytest.raises(NotYetPossible):
                self.take_in(isolation, awaited, NOW + timedelta(hours=1))
            self.take_in(isolation, awaited, NOW + timedelta(hours=3))
            assert {line.outcome for line in custody.lines(onward)} == {"received"}

    def test_is_entered_on_the_page(self, isolation: Isolation, awaited: UUID, client: Client, at) -> None:
        came = NOW + timedelta(hours=1)
        url = reverse("sites:check_in", args=[isolation.site_id, awaited])
        with at(NOW + timedelta(hours=6)):
            staff = sign_in(client, isolation.world.user("site_staff"))
            given = {
                "room": str(isolation.rooms["101"]),
                "identity_confirmed": "on",
                "exposure_on": NOW.date().isoformat(),
                "key": str(uuid4()),
            }
            for moment in (NOW - timedelta(hours=1), clock.now() + timedelta(hours=1)):
                answer = staff.post(url, {**given, "happened_at": named(moment)})
                assert answer.status_code == 422
                assert "happened_at" in answer.context["form"].errors
            assert staff.post(url, {**given, "happened_at": named(came)}).status_code == 302
            assert queries.stay_of(awaited).since == came


class TestAReleaseEnteredAfterwards:
    @pytest.fixture
    def over(self, isolation: Isolation, order: UUID) -> datetime:
        """When the central phase of a resident ended, with every test negative."""
        sampled(isolation, clock.given, order, (1, 2, 3, 5, 7))
        return measures.order(order).central_ends_at

    def let_go(self, isolation: Isolation, order: UUID, moment: datetime) -> None:
        actions.leave(order, at=moment, by=isolation.actor("site_staff"), key=uuid4())

    def test_freed_the_person_and_the_room_then(self, isolation: Isolation, order: UUID, over: datetime, at) -> None:
        left = over + timedelta(minutes=20)
        with at(over + timedelta(hours=9)):
            orders.end(order, at=over, by=isolation.actor("approver"), key=uuid4())
            self.let_go(isolation, order, left)
            assert queries.stay_of(order).until == left
            [fact] = [fact for fact in history(f"order:{order}") if fact.kind == "stay.ended"]
            assert (fact.happened_at, fact.recorded_at) == (left, clock.now())
            assert Occupancy.objects.get().during.upper == left
            assert custody.holder_of(f"person:{measures.order(order).person_id}") == "self"
            assert set(custody.violations().values()) == {0}
            assert drift(clock.now()) == []

    def test_is_bounded_by_the_action(self, isolation: Isolation, order: UUID, over: datetime, at) -> None:
        with at(over + timedelta(hours=9)):
            orders.end(order, at=over, by=isolation.actor("approver"), key=uuid4())
            for moment, refusal in (
                (clock.now() + timedelta(minutes=1), StillToCome),
                (over - timedelta(minutes=1), NotYetPossible),  # the order still bound
            ):
                with pytest.raises(refusal):
                    self.let_go(isolation, order, moment)
        with at(over + timedelta(days=7, minutes=2)), pytest.raises(TooLongAgo):
            self.let_go(isolation, order, over + timedelta(minutes=1))
        assert queries.stay_of(order).until is None

    def test_home_is_not_before_the_last_result_came(self, isolation: Isolation, at) -> None:
        order = isolation.resident("102", "Wang Wu", facts=CLOSE)
        over = measures.order(order).central_ends_at
        sampled(isolation, at, order, (1, 2, 3, 5))
        given = {"by": isolation.actor("site_staff"), "to_unit_id": isolation.unit(COMMUNITY)}
        with at(over - timedelta(hours=1)):
            last = isolation.do(
                testing.take_sample,
                f"order:{order}",
                person_id=measures.order(order).person_id,
                unit_id=isolation.unit("site-yuntai"),
                purpose="plan",
                day=7,
                phase="central",
            )
        with at(over + timedelta(hours=2)):
            isolation.do(testing.record_result, last, by="lab_staff", result="negative", laboratory_id=None)
        with at(over + timedelta(hours=6)):
            with pytest.raises(NotYetPossible):
                actions.leave(order, at=over + timedelta(hours=1), key=uuid4(), **given)
            left = over + timedelta(hours=3)
            handover = actions.leave(order, at=left, key=uuid4(), **given)
            isolation.do(
                actions.begin_home, order, by="community_worker", unit_id=given["to_unit_id"], address="1-1", team=TEAM
            )
            assert {line.outcome for line in custody.lines(handover)} == {"received"}
            assert (duty(order, "leave").state, duty(order, "leave").done_at) == ("done", left)
            assert drift(clock.now()) == []

    def test_is_entered_on_the_page(self, isolation: Isolation, order: UUID, over: datetime, client, at) -> None:
        url = reverse("stays:departure", args=[order])
        with at(over + timedelta(hours=9)):
            orders.end(order, at=over, by=isolation.actor("approver"), key=uuid4())
            staff = sign_in(client, isolation.world.user("site_staff"))
            staff.cookies["django_language"] = "en"
            early = staff.post(url, {"key": str(uuid4()), "happened_at": named(over - timedelta(hours=1))})
            assert (early.status_code, "was not to be done before" in early.content.decode()) == (422, True)
            left = (over + timedelta(minutes=20)).replace(second=0, microsecond=0)
            assert staff.post(url, {"key": str(uuid4()), "happened_at": named(left)}).status_code == 302
            assert queries.stay_of(order).until == left


class TestWhatIsBoundedByTheAction:
    """The page only says so earlier: whoever calls the action itself is refused as well."""

    @pytest.mark.parametrize(
        ("moment", "refusal"),
        [
            (AFTERNOON + timedelta(minutes=1), StillToCome),
            (NOW - timedelta(minutes=1), NotYetPossible),
        ],
    )
    def test_a_check(self, isolation: Isolation, order: UUID, at, moment: datetime, refusal: type[Refused]) -> None:
        with at(AFTERNOON), pytest.raises(refusal):
            actions.record_check(
                f"order:{order}",
                person_id=measures.order(order).person_id,
                place=Check.Place.SITE,
                contact=Check.Contact.VISIT,
                temperature=None,
                symptoms=(),
                at=moment,
                by=isolation.actor("site_staff"),
                key=uuid4(),
            )

    @pytest.mark.parametrize(("days", "refusal"), [(1, StillToCome), (-8, TooLongAgo)])
    def test_a_round(self, isolation: Isolation, order: UUID, at, days: int, refusal: type[Refused]) -> None:
        with at(AFTERNOON), pytest.raises(refusal):
            actions.record_round(
                isolation.site_id,
                order_ids=[order],
                at=AFTERNOON + timedelta(days=days),
                by=isolation.actor("site_staff"),
                key=uuid4(),
            )

    def test_a_visit_at_home(self, isolation: Isolation, at) -> None:
        order = isolation.order(isolation.person(), facts=MEDIUM)
        with at(NOW + timedelta(hours=1)):
            isolation.do(
                actions.begin_home,
                order,
                by="community_worker",
                unit_id=isolation.unit(COMMUNITY),
                address="1-1",
                team=TEAM,
            )
        with at(AFTERNOON):
            for moment, refusal in (
                (AFTERNOON + timedelta(minutes=1), StillToCome),
                (NOW + timedelta(minutes=59), NotYetPossible),
            ):
                with pytest.raises(refusal):
                    actions.visit_home(
                        order,
                        contact="visit",
                        present=True,
                        at=moment,
                        by=isolation.actor("community_worker"),
                        key=uuid4(),
                    )

    @pytest.mark.parametrize(
        ("moment", "refusal"),
        [(AFTERNOON + timedelta(minutes=1), StillToCome), (NOW - timedelta(minutes=1), NotYetPossible)],
    )
    def test_a_sample(self, isolation: Isolation, order: UUID, at, moment: datetime, refusal: type[Refused]) -> None:
        with at(AFTERNOON), pytest.raises(refusal):
            testing.take_sample(
                f"order:{order}",
                person_id=measures.order(order).person_id,
                unit_id=isolation.unit("site-yuntai"),
                purpose="plan",
                at=moment,
                by=isolation.actor("site_staff"),
                key=uuid4(),
            )
