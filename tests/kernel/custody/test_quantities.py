"""What leaves one account arrives in another; nothing is taken that is not there."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from bihuan.kernel import custody
from bihuan.kernel.custody import Entry
from bihuan.kernel.custody.refusals import NotBalanced, NotEnough

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)


def told(key=None) -> dict[str, object]:
    return {"key": key or uuid4(), "at": AT, "by": "user:1"}


@pytest.fixture(autouse=True)
def stores(db: None) -> None:
    custody.open_account("world", may_be_negative=True)
    custody.open_account("store")
    custody.open_account("booth")


def moved(giver: str, taker: str, quantity: int, commodity: str = "swab") -> list[Entry]:
    return [Entry(giver, commodity, -quantity), Entry(taker, commodity, quantity)]


class TestPost:
    def test_moves_and_keeps_the_total(self) -> None:
        custody.post(moved("world", "store", 100), **told())
        custody.post([*moved("store", "booth", 30), *moved("world", "booth", 2, "mask")], **told())
        assert {name: custody.balance(name, "swab") for name in ("world", "store", "booth")} == {
            "world": -100,
            "store": 70,
            "booth": 30,
        }
        assert custody.balance("booth", "mask") == 2
        assert custody.balance("booth", "glove") == 0

    def test_counts_a_repeated_request_once(self) -> None:
        key = uuid4()
        first = custody.post(moved("world", "store", 5), **told(key))
        assert custody.post(moved("world", "store", 5), **told(key)) == first
        assert custody.balance("store", "swab") == 5

    def test_refuses_entries_that_do_not_sum_to_zero(self) -> None:
        with pytest.raises(NotBalanced, match="swab"):
            custody.post([Entry("world", "swab", -3), Entry("store", "swab", 2)], **told())

    def test_refuses_to_take_what_is_not_there(self) -> None:
        custody.post(moved("world", "store", 5), **told())
        with pytest.raises(NotEnough, match="store"):
            custody.post(moved("store", "booth", 6), **told())
        assert custody.balance("store", "swab") == 5


class TestTheDatabase:
    """The same as the application's role with SQL of its own."""

    def tried(self, sql: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)

    def test_refuses_half_a_posting(self) -> None:
        with pytest.raises(IntegrityError, match="must sum to zero"):
            self.tried(
                "INSERT INTO custody_entry (posting, account, commodity, quantity, posted_at) "
                "VALUES (gen_random_uuid(), 'store', 'swab', 5, now())"
            )

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE custody_balance SET quantity = 1000000",
            "INSERT INTO custody_balance (account, commodity, quantity, may_be_negative) "
            "VALUES ('store', 'swab', 5, false)",
            "UPDATE custody_entry SET quantity = 0",
            "DELETE FROM custody_entry",
            "UPDATE custody_account SET may_be_negative = true",
        ],
    )
    def test_permits_no_other_way_to_a_balance(self, sql: str) -> None:
        with pytest.raises(DatabaseError, match="permission denied"):
            self.tried(sql)
