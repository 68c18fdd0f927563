"""Facts are added once, never changed, and read back as they were known at any moment."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel import clock
from bihuan.kernel.ledger import (
    Actor,
    KeyReused,
    NewFact,
    derive,
    facts,
    histories,
    history,
    record,
    record_many,
    total,
)
from bihuan.kernel.ledger.sealing import canonical

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)
BY = Actor(id="user:1", name="Chen")
TABLES = ("ledger_fact", "ledger_leaf", "ledger_payload", "ledger_key")
MANY = 100_000


def a_fact(key: UUID | None = None, **changed: object) -> NewFact:
    values = {"kind": "lamp.lit", "subject": "lamp:1", "at": AT, "by": BY, "payload": {"colour": "amber"}}
    return NewFact(key=key or uuid4(), **(values | changed))


def written(fact: NewFact):
    names = ("key", "kind", "subject", "at", "by", "unit", "about", "payload")
    return record(**{name: getattr(fact, name) for name in names})


@pytest.mark.django_db
class TestRecord:
    def test_gives_back_what_stands_in_the_ledger(self) -> None:
        unit = uuid4()
        fact = written(a_fact(unit=unit, about="person:1"))
        assert fact.new
        assert history("lamp:1") == [fact] == history("person:1")
        assert (fact.unit, fact.recorded_at, fact.actor) == (unit, clock.now(), "user:1")

    def test_takes_the_same_content_under_the_same_key_once(self) -> None:
        fact = a_fact()
        first, again = written(fact), written(fact)
        assert first == again
        assert (first.new, again.new) == (True, False)
        assert len(history("lamp:1")) == 1

    @pytest.mark.parametrize(
        "changed",
        [
            {"kind": "lamp.broken"},
            {"subject": "lamp:2"},
            {"about": "person:1"},
            {"unit": UUID(int=7)},
            {"at": AT + timedelta(microseconds=1)},
            {"by": Actor(id="user:2")},
            {"payload": {"colour": "green"}},
            {"payload": {}},
        ],
        ids=lambda changed: next(iter(changed)),
    )
    def test_refuses_another_content_under_the_same_key(self, changed: dict[str, object]) -> None:
        fact = a_fact()
        written(fact)
        with pytest.raises(KeyReused):
            written(a_fact(fact.key, **changed))
        with pytest.raises(KeyReused):
            record_many([a_fact(fact.key, **changed), *(a_fact() for _ in range(30))])

    def test_keeps_dates_numbers_and_nesting(self) -> None:
        payload = {"day": date(2022, 6, 28), "heat": Decimal("36.5"), "by": UUID(int=1), "rows": [{"n": 1, "字": "安"}]}
        assert dict(written(a_fact(payload=payload)).payload) == {
            "day": "2022-06-28",
            "heat": "36.5",
            "by": str(UUID(int=1)),
            "rows": [{"n": 1, "字": "安"}],
        }

    def test_knows_what_was_known_then(self) -> None:
        written(a_fact(at=AT))
        with clock.given(clock.now() + timedelta(hours=5)) as later:
            written(a_fact(at=AT - timedelta(days=1), payload={"colour": "late"}))
        assert [fact.payload["colour"] for fact in history("lamp:1")] == ["late", "amber"]
        assert [fact.payload["colour"] for fact in history("lamp:1", as_of=later - timedelta(hours=1))] == ["amber"]

    def test_gives_many_histories_in_one_query(self) -> None:
        record_many([a_fact(subject=f"lamp:{n % 3}", about="lamp:9") for n in range(9)])
        with CaptureQueriesContext(connection) as queries:
            found = histories(["lamp:0", "lamp:1", "lamp:9"])
        assert len(queries) == 1
        assert {subject: len(known) for subject, known in found.items()} == {"lamp:0": 3, "lamp:1": 3, "lamp:9": 0}

    def test_finds_facts_by_their_keys_and_counts_all(self) -> None:
        before = total()
        one, _two = written(a_fact()), written(a_fact())
        assert facts([one.key, uuid4()]) == {one.key: one}
        assert total() == before + 2


class TestOutsideATransaction:
    def test_nothing_is_recorded(self, transactional: None) -> None:
        with pytest.raises(AssertionError, match="transaction"):
            written(a_fact())


@pytest.mark.django_db
class TestRecordMany:
    def test_records_100_000_facts_in_a_handful_of_statements(self) -> None:
        many = [a_fact(subject=f"lamp:{n % 1000}", payload={"n": n}) for n in range(MANY)]
        with CaptureQueriesContext(connection) as queries:
            assert record_many(many) == MANY
        assert len(queries) <= 8, [query["sql"][:80] for query in queries]
        assert record_many(many[: MANY // 10]) == 0

    def test_counts_only_what_is_new(self) -> None:
        old = [a_fact() for _ in range(30)]
        assert record_many(old) == 30
        assert record_many([*old, *(a_fact() for _ in range(5))]) == 5

    def test_may_name_a_fact_twice_but_not_two_facts_by_one_key(self) -> None:
        fact = a_fact()
        assert record_many([fact, fact]) == 1
        key = uuid4()
        with pytest.raises(KeyReused):
            record_many([a_fact(key), a_fact(key, payload={"colour": "green"})])

    def test_agrees_with_recording_singly(self) -> None:
        many = [a_fact(payload={"n": n}) for n in range(40)]
        record_many(many)
        assert not any(written(fact).new for fact in many)


@pytest.mark.django_db
class TestDerive:
    def test_tells_parts_apart_and_repeats_itself(self) -> None:
        key = uuid4()
        assert derive(key, "a", "b") == derive(key, "a", "b")
        assert len({derive(key, "a", "b"), derive(key, "ab"), derive(key, "b", "a"), derive(uuid4(), "a", "b")}) == 4


class TestCanonical:
    @given(st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)))
    def test_is_one_text_for_one_payload(self, payload: dict[str, object]) -> None:
        turned = dict(reversed(list(payload.items())))
        assert canonical(payload) == canonical(turned)

    def test_refuses_what_it_cannot_keep(self) -> None:
        with pytest.raises(TypeError, match="cannot hold object"):
            canonical({"thing": object()})


class TestAppendOnly:
    @pytest.mark.parametrize("table", ["ledger_fact", "ledger_leaf"])
    @pytest.mark.parametrize("statement", ["UPDATE {} SET fact = fact", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
    def test_is_refused_to_the_owner(
        self, transactional: None, owner: psycopg.Connection, table: str, statement: str
    ) -> None:
        sql = statement.format(table).replace("fact = fact", "hash = hash" if table == "ledger_leaf" else "key = key")
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            owner.execute(sql)

    @pytest.mark.parametrize("table", ["ledger_payload", "ledger_key"])
    def test_rewriting_a_payload_or_its_key_is_refused_to_the_owner(
        self, transactional: None, owner: psycopg.Connection, table: str
    ) -> None:
        column = "text" if table == "ledger_payload" else "owner"
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute(f"UPDATE {table} SET {column} = ''")
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute(f"TRUNCATE {table}")

    @pytest.mark.django_db
    @pytest.mark.parametrize("table", TABLES)
    @pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
    def test_is_not_even_permitted_to_the_application(self, table: str, statement: str) -> None:
        column = {"ledger_leaf": "hash", "ledger_payload": "text", "ledger_key": "owner"}.get(table, "key")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement.format(table, column))

    @pytest.mark.django_db
    def test_the_application_is_not_the_owner(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, pg_has_role(current_user, 'bihuan_retention', 'member')")
            assert cursor.fetchone() == ("bihuan_app", False)
