"""The proofs: leaves without gaps, RFC 6962 roots, shredding that keeps them, tampering that shows."""

import hashlib
import threading
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.kernel import clock
from bihuan.kernel.ledger import NewFact, breaks, history, record, record_many, root, sequence
from bihuan.kernel.ledger.tree import EMPTY_ROOT, Growth, path, root_of, root_of_path

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)


def some_facts(number: int, subject: str = "lamp:1") -> None:
    with transaction.atomic():
        record_many(
            NewFact(key=uuid4(), kind="lamp.lit", subject=subject, at=AT, by="user:1", payload={"n": n})
            for n in range(number)
        )


def sequenced(number: int) -> int:
    """Run the sequencer until it has given `number` leaves; a long test beside this one holds it up."""
    given = 0
    for _attempt in range(4800):
        given += sequence()
        if given >= number:
            break
        time.sleep(0.05)
    return given


def leaves() -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT index, fact FROM ledger_leaf ORDER BY index")
        return cursor.fetchall()


def defined_root(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + defined_root(hashes[:k]) + defined_root(hashes[k:])).digest()


class TestRoot:
    @given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
    def test_is_the_one_the_standard_defines(self, hashes: list[bytes]) -> None:
        assert root_of(hashes) == defined_root(hashes)

    def test_agrees_with_the_published_vectors(self) -> None:
        assert [root_of(VECTORS[:size]).hex() for size in range(1, 9)] == PUBLISHED_ROOTS


# The tree of eight entries that implementations of RFC 6962 share as test vectors.
VECTORS = [
    hashlib.sha256(b"\0" + bytes.fromhex(entry)).digest()
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
PUBLISHED_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PUBLISHED_PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


def grown(hashes: list[bytes]) -> Growth:
    growth = Growth()
    for leaf in hashes:
        growth.add(leaf)
    return growth


def defined_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if index < k:
        return [*defined_path(index, hashes[:k]), defined_root(hashes[k:])]
    return [*defined_path(index - k, hashes[k:]), defined_root(hashes[:k])]


class TestGrowth:
    @given(LEAVES, st.data())
    def test_goes_on_from_its_peaks_alone(self, hashes: list[bytes], data: st.DataObject) -> None:
        before = data.draw(st.integers(0, len(hashes)))
        growth = Growth(before, list(grown(hashes[:before]).peaks))
        for leaf in hashes[before:]:
            growth.add(leaf)
        assert growth.root() == defined_root(hashes)
        assert len(growth.peaks) <= len(hashes).bit_length()


class TestPath:
    @pytest.mark.parametrize(("index", "size"), PUBLISHED_PATHS)
    def test_agrees_with_the_published_vectors(self, index: int, size: int) -> None:
        found = path(index, Growth(), VECTORS[:size])
        assert [node.hex() for node in found] == PUBLISHED_PATHS[index, size]
        assert root_of_path(VECTORS[index], index, size, found) == root_of(VECTORS[:size])

    @given(LEAVES, st.data())
    def test_is_the_one_the_standard_defines_whatever_stood_before(
        self, hashes: list[bytes], data: st.DataObject
    ) -> None:
        index = data.draw(st.integers(0, len(hashes) - 1))
        before = data.draw(st.integers(0, index))
        found = path(index, grown(hashes[:before]), hashes[before:])
        assert found == defined_path(index, hashes)
        assert root_of_path(hashes[index], index, len(hashes), found) == defined_root(hashes)

    @given(LEAVES, st.data())
    def test_leads_nowhere_else(self, hashes: list[bytes], data: st.DataObject) -> None:
        """Another leaf, place, size or node, or a path cut short or drawn out, never gives the root."""
        index = data.draw(st.integers(0, len(hashes) - 1))
        size, root = len(hashes), defined_root(hashes)
        found = defined_path(index, hashes)
        assert root_of_path(b"\1" * 32, index, size, found) != root
        assert root_of_path(hashes[index], index, size, [*found, b"\1" * 32]) != root
        assert root_of_path(hashes[index], size, size, found) is None
        if found:
            place = data.draw(st.integers(0, len(found) - 1))
            assert root_of_path(hashes[index], index, size, found[:-1]) != root
            assert root_of_path(hashes[index], index, size, [*found[:place], b"\1" * 32, *found[place + 1 :]]) != root

    def test_has_at_most_30_hashes_in_a_tree_of_a_billion(self) -> None:
        growth = Growth(10**9 - 1, [bytes([n]) * 32 for n in range((10**9 - 1).bit_count())])
        assert len(path(10**9 - 1, growth, [b"\1" * 32])) <= 30


class TestSequence:
    def test_numbers_every_fact_once_without_gaps(self, transactional: None) -> None:
        assert root(0) == EMPTY_ROOT
        some_facts(3)
        some_facts(40)
        assert sequenced(43) == 43
        assert sequence() == 0
        some_facts(1)
        assert sequenced(1) == 1
        assert [index for index, _fact in leaves()] == list(range(44))
        assert breaks() == 0

    def test_a_root_once_given_stays(self, transactional: None) -> None:
        some_facts(5)
        sequenced(5)
        before = root(5)
        some_facts(5)
        sequenced(5)
        assert root(5) == before != root(10)
        with pytest.raises(ValueError, match="run the sequencer"):
            root(11)

    def test_passes_nobody_over_who_commits_late(self, transactional: None) -> None:
        """A slow writer holds an earlier number while others commit: all wait for it, then all are there."""
        recorded, go_on = threading.Event(), threading.Event()

        def slow() -> None:
            with clock.given(AT), transaction.atomic():
                some_facts(1, "lamp:slow")
                recorded.set()
                go_on.wait(240)
            connection.close()

        writer = threading.Thread(target=slow)
        writer.start()
        assert recorded.wait(240)
        some_facts(2, "lamp:quick")
        early = sequence()
        go_on.set()
        writer.join()
        assert early == 0, "a fact behind an unfinished one is not final yet"
        assert sequenced(3) == 3
        assert len(leaves()) == 3
        assert breaks() == 0

    def test_goes_on_after_a_restore_into_a_cluster_with_lower_transaction_numbers(
        self, transactional: None, owner: psycopg.Connection
    ) -> None:
        some_facts(3)
        sequenced(3)
        some_facts(1)
        far_ahead(owner, 10**12)
        some_facts(2)
        assert sequenced(3) == 3
        some_facts(2)
        assert sequenced(2) == 2
        assert breaks() == 0


def far_ahead(owner: psycopg.Connection, transactions: int) -> None:
    """As if the facts had been dumped from a cluster that had seen many more transactions."""
    owner.execute("ALTER TABLE ledger_fact DISABLE TRIGGER append_only")
    owner.execute(f"UPDATE ledger_fact SET transaction = (transaction::text::bigint + {transactions})::text::xid8")
    owner.execute("ALTER TABLE ledger_fact ENABLE TRIGGER append_only")


TAMPERING = {
    "a changed column": "UPDATE ledger_fact SET actor = 'user:2' WHERE seq = (SELECT min(seq) FROM ledger_fact)",
    "a moved moment": "UPDATE ledger_fact SET happened_at = happened_at + interval '1 us' "
    "WHERE seq = (SELECT min(seq) FROM ledger_fact)",
    "a rewritten payload": "UPDATE ledger_payload SET text = '{}' WHERE fact = (SELECT min(fact) FROM ledger_payload)",
    "a payload taken away": "DELETE FROM ledger_payload WHERE fact = (SELECT min(fact) FROM ledger_payload)",
    "a fact taken away": "DELETE FROM ledger_fact WHERE seq = (SELECT min(seq) FROM ledger_fact)",
    "a leaf taken away": "DELETE FROM ledger_leaf WHERE index = 2",
    "a leaf changed": "UPDATE ledger_leaf SET hash = sha256('') WHERE index = 2",
}


class TestBreaks:
    @pytest.mark.parametrize("done", TAMPERING)
    def test_shows(self, transactional: None, owner: psycopg.Connection, done: str) -> None:
        some_facts(5)
        sequenced(5)
        assert breaks() == 0
        owner.execute("SET session_replication_role = replica")
        owner.execute(TAMPERING[done])
        assert breaks() > 0

    def test_shows_a_fact_slipped_in_without_its_seal(self, transactional: None) -> None:
        some_facts(1)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ledger_fact (key, kind, subject, happened_at, recorded_at, actor, secret, commitment, "
                "leaf_hash) SELECT gen_random_uuid(), 'lamp.lit', subject, happened_at, recorded_at, actor, secret, "
                "commitment, leaf_hash FROM ledger_fact"
            )
        assert breaks() == 1


WORD = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


class TestSeals:
    @pytest.mark.django_db
    @settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        words=st.lists(WORD, min_size=4, max_size=4),
        unit=st.none() | st.uuids(),
        at=st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - with the zone beside it
    )
    def test_are_the_same_in_the_database(self, words: list[str], unit: UUID | None, at: datetime) -> None:
        kind, subject, about, text = words
        with transaction.atomic():
            record(
                key=uuid4(),
                kind=kind,
                subject=f"lamp:{subject}",
                about=about or None,
                unit=unit,
                at=at,
                by=f"user:{text}",
                payload={text: [kind, subject]},
            )
            assert breaks() == 0
            transaction.set_rollback(True)


class TestShredding:
    def test_forgets_the_payload_and_keeps_the_proofs(self, transactional: None, owner: psycopg.Connection) -> None:
        some_facts(3)
        sequenced(3)
        before = root()
        owner.execute("SET ROLE bihuan_retention")
        owner.execute("DELETE FROM ledger_payload")
        owner.execute("DELETE FROM ledger_key WHERE owner = 'lamp:1'")
        assert [dict(fact.payload) for fact in history("lamp:1")] == [{}, {}, {}]
        assert root() == before
        assert breaks() == 0
        some_facts(2)
        assert breaks() == 0, "a new key for the same subject does not touch the old facts"
