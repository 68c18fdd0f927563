"""Who answers, from dispatch to receipt, for everything that can come of a line."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bihuan.kernel import custody
from bihuan.kernel.custody import NewBond
from bihuan.kernel.custody.refusals import (
    AlreadyHeld,
    BondNotLive,
    BondReused,
    HandoverClosed,
    LinesUnanswered,
    NotHeld,
    NotOnTheList,
    OnTheList,
    OnTheWay,
    StillBound,
)
from bihuan.kernel.ledger import KeyReused, history

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)
GATE, STREET = f"unit:{UUID(int=1)}", f"unit:{UUID(int=2)}"
HOTEL = f"site:{UUID(int=3)}"
SOUND = {"items_without_one_holder": 0, "unbalanced_handovers": 0}


def told(key: UUID | None = None, after: int = 0) -> dict[str, object]:
    return {"key": key or uuid4(), "at": AT + timedelta(minutes=after), "by": "user:1"}


def bound(*items: str, holder: str = GATE) -> dict[str, UUID]:
    bonds = {item: uuid4() for item in items}
    for item, bond in bonds.items():
        custody.bind(item, bond=bond, holder=holder, **told())
    return bonds


def outcomes(handover: UUID) -> dict[str, str]:
    return {line.item: line.outcome for line in custody.lines(handover)}


@pytest.fixture(autouse=True)
def law_holds(db: None):
    yield
    assert custody.violations() == SOUND


class TestBind:
    def test_puts_the_item_in_the_holders_hands(self) -> None:
        assert custody.holder_of("parcel:1") == "self"
        assert custody.bind("parcel:1", bond=uuid4(), holder=GATE, **told()) == GATE
        assert custody.holder_of("parcel:1") == GATE
        assert [fact.kind for fact in history("parcel:1")] == ["custody.bound", "custody.moved"]
        assert history("parcel:1")[-1].unit == UUID(int=1)

    def test_changes_nothing_when_repeated_and_refuses_another_content(self) -> None:
        bond, key = uuid4(), uuid4()
        for _ in range(2):
            custody.bind("parcel:1", bond=bond, holder=GATE, **told(key))
        assert len(history("parcel:1")) == 2
        with pytest.raises(KeyReused):
            custody.bind("parcel:1", bond=bond, holder=STREET, **told(key))

    def test_does_not_take_from_whoever_holds_it(self) -> None:
        bound("parcel:1")
        assert custody.bind("parcel:1", bond=uuid4(), holder=STREET, **told()) == GATE

    def test_refuses_a_bond_made_before(self) -> None:
        bonds = bound("parcel:1")
        with pytest.raises(BondReused):
            custody.bind("parcel:2", bond=bonds["parcel:1"], holder=GATE, **told())

    def test_binds_and_releases_thousands_in_a_handful_of_statements(self) -> None:
        bonds = [NewBond(uuid4(), f"parcel:{n}", GATE) for n in range(2_000)]
        with CaptureQueriesContext(connection) as queries:
            custody.bind_many(bonds, **told())
            custody.release_many([new.bond for new in bonds[:1_000]], **told())
        assert len(queries) <= 45
        assert custody.load([GATE, STREET]) == {GATE: 1_000, STREET: 0}


class TestRelease:
    def test_gives_the_item_back_to_itself_with_its_last_bond(self) -> None:
        first, second = bound("parcel:1")["parcel:1"], bound("parcel:1")["parcel:1"]
        assert custody.release("parcel:1", bond=first, **told()) == GATE
        assert custody.release("parcel:1", bond=second, **told()) == "self"
        assert history("parcel:1")[-1].payload == {"from": GATE, "to": "self", "cause": "custody.released"}

    def test_changes_nothing_when_repeated(self) -> None:
        bond, key = bound("parcel:1")["parcel:1"], uuid4()
        custody.release("parcel:1", bond=bond, **told(key))
        assert custody.release("parcel:1", bond=bond, **told(key)) == "self"

    def test_refuses_a_bond_that_is_not_live(self) -> None:
        with pytest.raises(BondNotLive):
            custody.release("parcel:1", bond=uuid4(), **told())
        with pytest.raises(BondNotLive):
            custody.release_many([uuid4()], **told())

    def test_withdraws_the_item_from_the_hand_over_it_is_on(self) -> None:
        bonds = bound("parcel:1", "parcel:2")
        handover = custody.dispatch(list(bonds), sender=GATE, receiver=HOTEL, **told())
        custody.release("parcel:1", bond=bonds["parcel:1"], **told())
        custody.receive(handover, received=["parcel:1", "parcel:2"], **told())
        assert outcomes(handover) == {"parcel:1": "withdrawn", "parcel:2": "received"}
        assert custody.holders_of(list(bonds)) == {"parcel:1": "self", "parcel:2": HOTEL}

    def test_closes_a_hand_over_that_has_nobody_left(self) -> None:
        bonds = bound("parcel:1")
        handover = custody.dispatch(["parcel:1"], sender=GATE, receiver=HOTEL, **told())
        custody.release("parcel:1", bond=bonds["parcel:1"], **told())
        assert custody.unaccepted(AT) == []
        with pytest.raises(HandoverClosed):
            custody.receive(handover, received=[], **told())


class TestTake:
    def test_holds_without_a_bond_until_let_go(self) -> None:
        custody.take(["tube:1", "tube:2"], holder=GATE, **told())
        assert custody.held_by(GATE) == ["tube:1", "tube:2"]
        custody.let_go(["tube:1"], holder=GATE, **told())
        assert custody.holders_of(["tube:1", "tube:2"]) == {"tube:1": "self", "tube:2": GATE}

    def test_refuses_what_another_holds(self) -> None:
        bound("parcel:1", holder=STREET)
        with pytest.raises(AlreadyHeld):
            custody.take(["parcel:1"], holder=GATE, **told())

    def test_does_not_let_go_of_what_is_bound_elsewhere_or_under_way(self) -> None:
        bound("parcel:1")
        custody.take(["tube:1"], holder=GATE, **told())
        with pytest.raises(StillBound):
            custody.let_go(["parcel:1"], holder=GATE, **told())
        with pytest.raises(NotHeld):
            custody.let_go(["tube:1"], holder=STREET, **told())
        custody.dispatch(["tube:1"], sender=GATE, receiver=HOTEL, **told())
        with pytest.raises(OnTheWay):
            custody.let_go(["tube:1"], holder=GATE, **told())


class TestDispatch:
    def test_leaves_the_sender_answering(self) -> None:
        bound("parcel:1")
        handover = custody.dispatch(["parcel:1"], sender=GATE, receiver=HOTEL, via="vehicle:9", **told())
        assert custody.holder_of("parcel:1") == GATE
        assert custody.on_the_way(["parcel:1", "parcel:2"]) == {"parcel:1": handover}

    def test_is_the_same_hand_over_when_repeated(self) -> None:
        bound("parcel:1")
        key = uuid4()
        first = custody.dispatch(["parcel:1"], sender=GATE, receiver=HOTEL, **told(key))
        assert custody.dispatch(["parcel:1"], sender=GATE, receiver=HOTEL, **told(key)) == first

    def test_refuses_who_does_not_hold_and_what_is_on_the_way(self) -> None:
        bound("parcel:1")
        with pytest.raises(NotHeld, match="parcel:1"):
            custody.dispatch(["parcel:1"], sender=STREET, receiver=HOTEL, **told())
        with pytest.raises(NotHeld):
            custody.dispatch(["parcel:404"], sender=GATE, receiver=HOTEL, **told())
        custody.dispatch(["parcel:1"], sender=GATE, receiver=HOTEL, **told())
        with pytest.raises(OnTheWay):
            custody.dispatch(["parcel:1"], sender=GATE, receiver=STREET, **told())


class TestReceive:
    def test_moves_what_is_received_and_leaves_the_rest_with_the_sender(self) -> None:
        bound("parcel:1", "parcel:2", "parcel:3")
        handover = custody.dispatch(["parcel:1", "parcel:2", "parcel:3"], sender=GATE, receiver=HOTEL, **told())
        custody.receive(handover, received=["parcel:1"], missing=["parcel:2"], refused=["parcel:3"], **told())
        assert outcomes(handover) == {"parcel:1": "received", "parcel:2": "missing", "parcel:3": "refused"}
        assert custody.holders_of(["parcel:1", "parcel:2", "parcel:3"]) == {
            "parcel:1": HOTEL,
            "parcel:2": GATE,
            "parcel:3": GATE,
        }
        custody.dispatch(["parcel:2"], sender=GATE, receiver=HOTEL, **told())

    def test_takes_an_extra_item_over_from_whoever_holds_it(self) -> None:
        bound("parcel:1", "parcel:2")
        bound("parcel:3", holder=STREET)
        elsewhere = custody.dispatch(["parcel:3"], sender=STREET, receiver=GATE, **told())
        handover = custody.dispatch(["parcel:1"], sender=GATE, receiver=HOTEL, **told())
        custody.receive(handover, received=["parcel:1"], extra=["parcel:2", "parcel:3", "parcel:404"], **told())
        assert set(custody.held_by(HOTEL)) == {"parcel:1", "parcel:2", "parcel:3", "parcel:404"}
        assert outcomes(elsewhere) == {"parcel:3": "withdrawn"}
        assert history("parcel:3")[-1].payload["from"] == STREET

    def test_wants_one_answer_for_every_line(self) -> None:
        bound("parcel:1", "parcel:2")
        handover = custody.dispatch(["parcel:1", "parcel:2"], sender=GATE, receiver=HOTEL, **told())
        with pytest.raises(LinesUnanswered, match="parcel:2"):
            custody.receive(handover, received=["parcel:1"], **told())
        with pytest.raises(LinesUnanswered, match="parcel:1"):
            custody.receive(handover, received=["parcel:1", "parcel:2"], missing=["parcel:1"], **told())
        with pytest.raises(NotOnTheList):
            custody.receive(handover, received=["parcel:1", "parcel:2", "parcel:3"], **told())
        with pytest.raises(OnTheList):
            custody.receive(handover, received=["parcel:1", "parcel:2"], extra=["parcel:2"], **told())

    def test_happens_once(self) -> None:
        bound("parcel:1")
        handover, key = custody.dispatch(["parcel:1"], sender=GATE, receiver=HOTEL, **told()), uuid4()
        for _ in range(2):
            custody.receive(handover, received=["parcel:1"], **told(key))
        with pytest.raises(HandoverClosed):
            custody.receive(handover, received=["parcel:1"], **told())
        with pytest.raises(HandoverClosed):
            custody.receive(uuid4(), received=[], **told())


class TestUnaccepted:
    def test_lists_the_longest_wait_first_and_by_side(self) -> None:
        bound("parcel:1", "parcel:2")
        bound("parcel:3", holder=STREET)
        late = custody.dispatch(["parcel:3"], sender=STREET, receiver=GATE, **told(after=30))
        early = custody.dispatch(["parcel:1", "parcel:2"], sender=GATE, receiver=HOTEL, **told())
        now = AT + timedelta(hours=1)
        assert [(u.handover, u.items, u.waiting) for u in custody.unaccepted(now)] == [
            (early, 2, timedelta(hours=1)),
            (late, 1, timedelta(minutes=30)),
        ]
        assert [u.handover for u in custody.unaccepted(now, holders=[HOTEL])] == [early]
        assert [u.handover for u in custody.unaccepted(now, holders=[GATE])] == [early, late]
        assert [u.handover for u in custody.unaccepted(now, senders=[GATE])] == [early]
        assert [u.handover for u in custody.unaccepted(now, receivers=[GATE])] == [late]
        assert custody.unaccepted(now, senders=[]) == []
