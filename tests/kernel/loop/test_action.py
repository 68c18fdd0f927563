"""An action happens once, wholly, and brings the loops along."""

import contextlib
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, transaction

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, KeyReused, derive, history, record
from bihuan.kernel.loop.action import action
from bihuan.kernel.refusals import Refused

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)
BY = Actor(id="user:1", name="Chen")


@action
def light(lamp: str, *, colour: object = "amber", at: datetime, by: Actor, key: UUID) -> UUID | None:
    """A verb that makes something new at every call, so that a second call would show."""
    record(key=derive(key, "lit"), kind="lamp.lit", subject=lamp, at=at, by=by, payload={"colour": str(colour)})
    return uuid4()


@action
def light_two(first: str, second: str, *, at: datetime, by: Actor, key: UUID) -> UUID | None:
    light(first, at=at, by=by, key=derive(key, "first"))
    light(second, at=at, by=by, key=derive(key, "second"))
    return None


@action
def fail_after_lighting(lamp: str, *, at: datetime, by: Actor, key: UUID) -> None:
    light(lamp, at=at, by=by, key=derive(key, "light"))
    raise Refused("The lamp is broken.", "Take another.")


@pytest.fixture
def reconciled(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    calls: list[set[str]] = []

    def note(subjects: frozenset[str], now: datetime) -> None:
        calls.append(set(subjects))

    monkeypatch.setattr("bihuan.kernel.loop.reconcile", note, raising=False)
    return calls


@pytest.mark.django_db
@pytest.mark.usefixtures("reconciled")
class TestAction:
    def test_returns_the_first_answer_to_a_repeated_request_and_does_nothing(self) -> None:
        key = uuid4()
        first = light("lamp:1", at=AT, by=BY, key=key)
        assert light("lamp:1", at=AT + timedelta(hours=1), by=BY, key=key) == first
        assert len(history("lamp:1")) == 1

    def test_refuses_the_same_key_for_another_wish(self) -> None:
        key = uuid4()
        light("lamp:1", at=AT, by=BY, key=key)
        for other in ({"lamp": "lamp:2"}, {"lamp": "lamp:1", "colour": "green"}, {"lamp": "lamp:1", "by": "user:2"}):
            by = Actor(id=other.pop("by", BY.id))
            with pytest.raises(KeyReused):
                light(**other, at=AT, by=by, key=key)
        with pytest.raises(KeyReused):
            light_two("lamp:1", "lamp:2", at=AT, by=BY, key=key)

    def test_leaves_nothing_behind_when_refused(self) -> None:
        key = uuid4()
        with pytest.raises(Refused, match="broken"):
            fail_after_lighting("lamp:1", at=AT, by=BY, key=key)
        assert history("lamp:1") == []
        with pytest.raises(Refused, match="broken"):
            fail_after_lighting("lamp:1", at=AT, by=BY, key=key)

    def test_brings_the_loops_of_all_its_subjects_up_to_date_once(self, reconciled: list[set[str]]) -> None:
        light_two("lamp:1", "lamp:2", at=AT, by=BY, key=uuid4())
        assert reconciled == [{"lamp:1", "lamp:2"}]

    def test_goes_on_while_reconciling_moves_further_loops(
        self, reconciled: list[set[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def pass_on(subjects: set[str], now: datetime) -> None:
            reconciled.append(set(subjects))
            if "lamp:1" in subjects:
                record(key=uuid4(), kind="lamp.lit", subject="lamp:2", at=now, by="system:loop")

        monkeypatch.setattr("bihuan.kernel.loop.reconcile", pass_on, raising=False)
        light("lamp:1", at=AT, by=BY, key=uuid4())
        assert reconciled == [{"lamp:1"}, {"lamp:2"}]

    def test_reconciles_nothing_when_nothing_was_recorded(self, reconciled: list[set[str]]) -> None:
        key = uuid4()
        for _ in range(2):
            light("lamp:1", at=AT, by=BY, key=key)
        assert len(reconciled) == 1

    def test_needs_at_by_and_key_as_keywords(self) -> None:
        with pytest.raises(AssertionError, match="needs a keyword-only parameter `at`"):
            action(lambda *, by, key: None)
        with pytest.raises(AssertionError, match="must be keyword-only"):
            action(lambda key, *, at, by: None)


class Colour(Enum):
    AMBER = "amber"


@dataclass(frozen=True)
class Shade:
    colour: Colour
    strength: Decimal


@pytest.mark.django_db
@pytest.mark.usefixtures("reconciled")
class TestFingerprint:
    @pytest.mark.parametrize(
        ("one", "same", "other"),
        [
            (Colour.AMBER, "amber", "green"),
            (Decimal("36.50"), Decimal("36.5"), Decimal("36.6")),
            (date(2022, 6, 28), date(2022, 6, 28), date(2022, 6, 29)),
            ({"b": 1, "a": (1, 2)}, {"a": [1, 2], "b": 1}, {"a": [2, 1], "b": 1}),
            ({"x", "y"}, {"y", "x"}, {"x"}),
            (b"file", b"file", b"other file"),
            (UUID(int=1), UUID(int=1), UUID(int=2)),
            (Shade(Colour.AMBER, Decimal(1)), Shade(Colour.AMBER, Decimal("1.0")), Shade(Colour.AMBER, Decimal(2))),
            (None, None, 0),
        ],
    )
    def test_is_of_what_was_meant(self, one: object, same: object, other: object) -> None:
        key = uuid4()
        first = light("lamp:1", colour=one, at=AT, by=BY, key=key)
        assert light("lamp:1", colour=same, at=AT, by=BY, key=key) == first
        with pytest.raises(KeyReused):
            light("lamp:1", colour=other, at=AT, by=BY, key=key)

    def test_refuses_what_it_cannot_compare(self) -> None:
        with pytest.raises(TypeError, match="plain values, not object"):
            light("lamp:1", colour=object(), at=AT, by=BY, key=uuid4())


@pytest.mark.usefixtures("transactional", "reconciled")
class TestConcurrency:
    def test_two_calls_with_one_key_have_one_effect(self) -> None:
        key, answers = uuid4(), []
        start = threading.Barrier(8)

        def call() -> None:
            with clock.given(AT):
                start.wait()
                answers.append(light("lamp:1", at=AT, by=BY, key=key))
            connection.close()

        in_threads([call] * 8)
        assert len(answers) == 8
        assert len(set(answers)) == 1
        assert len(history("lamp:1")) == 1

    def test_a_deadlock_is_tried_again_and_reaches_nobody(self) -> None:
        """Two actions meet the same two new subjects crosswise, as long as it takes for the database to notice."""
        done: list[UUID | None] = []
        attempts: list[str] = []
        met = threading.Barrier(2)

        @action
        def crosswise(first: str, second: str, *, at: datetime, by: Actor, key: UUID) -> None:
            attempts.append(first)
            record(key=derive(key, "first"), kind="lamp.lit", subject=first, at=at, by=by)
            with contextlib.suppress(threading.BrokenBarrierError):  # the second attempt has nobody to wait for
                met.wait(2)
            record(key=derive(key, "second"), kind="lamp.lit", subject=second, at=at, by=by)

        def call(first: str, second: str) -> None:
            with clock.given(AT):
                done.append(crosswise(first, second, at=AT, by=BY, key=uuid4()))
            connection.close()

        in_threads([lambda: call("lamp:1", "lamp:2"), lambda: call("lamp:2", "lamp:1")])
        assert len(done) == 2
        assert len(attempts) == 3
        assert len(history("lamp:1")) == len(history("lamp:2")) == 2

    def test_another_fault_is_not_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[int] = []

        @action
        def break_off(*, at: datetime, by: Actor, key: UUID) -> None:
            calls.append(1)
            raise OperationalError("the line is dead")

        with pytest.raises(OperationalError, match="dead"):
            break_off(at=AT, by=BY, key=uuid4())
        assert calls == [1]

    def test_joins_a_transaction_that_is_open_already(self) -> None:
        with transaction.atomic():
            light("lamp:1", at=AT, by=BY, key=uuid4())
            transaction.set_rollback(True)
        assert history("lamp:1") == []


def in_threads(calls: list) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
