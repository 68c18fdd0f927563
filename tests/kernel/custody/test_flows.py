"""Whatever came as a whole is accounted for at every moment."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bihuan.kernel import custody
from bihuan.kernel.custody.refusals import NotInFlow
from bihuan.kernel.ledger import history

AT = datetime(2022, 6, 20, 2, 0, tzinfo=UTC)


def told(key=None) -> dict[str, object]:
    return {"key": key or uuid4(), "at": AT, "by": "user:1"}


@pytest.mark.django_db
class TestReconciliation:
    def test_accounts_for_every_item_at_every_moment(self) -> None:
        custody.open_flow("list:1", ["parcel:1", "parcel:2", "parcel:3"], **told())
        custody.settle("list:1", "parcel:1", "found", **told())
        custody.settle("list:1", "parcel:2", "left", **told())
        whole = custody.reconciliation("list:1")
        assert (whole.pushed, dict(whole.outcomes)) == (3, {"pending": 1, "found": 1, "left": 1})
        assert whole.balanced
        assert whole.pending == 1

    def test_shows_what_the_source_declared_and_did_not_send(self) -> None:
        custody.open_flow("list:1", ["parcel:1"], declared=2, **told())
        assert not custody.reconciliation("list:1").balanced
        custody.open_flow("list:1", ["parcel:2"], declared=0, **told())
        assert custody.reconciliation("list:1").balanced

    def test_does_not_count_a_repeated_request_twice(self) -> None:
        opening, settling = uuid4(), uuid4()
        for _ in range(2):
            custody.open_flow("list:1", ["parcel:1", "parcel:1"], **told(opening))
            custody.settle("list:1", "parcel:1", "found", **told(settling))
        assert custody.reconciliation("list:1").outcomes == {"pending": 0, "found": 1}
        assert [fact.kind for fact in history("list:1")] == ["flow.opened", "flow.settled"]

    def test_takes_the_later_answer_and_keeps_both_in_the_ledger(self) -> None:
        custody.open_flow("list:1", ["parcel:1"], **told())
        custody.settle("list:1", "parcel:1", "left", **told())
        custody.settle("list:1", "parcel:1", "found", **told())
        assert custody.reconciliation("list:1").outcomes == {"pending": 0, "found": 1}
        assert [fact.payload["outcome"] for fact in history("parcel:1")] == ["left", "found"]

    def test_refuses_an_item_that_never_was_in_the_flow(self) -> None:
        custody.open_flow("list:1", ["parcel:1"], **told())
        with pytest.raises(NotInFlow, match="parcel:2"):
            custody.settle("list:1", "parcel:2", "found", **told())

    def test_takes_thousands_in_a_handful_of_statements(self) -> None:
        items = [f"parcel:{n}" for n in range(5_000)]
        with CaptureQueriesContext(connection) as queries:
            custody.open_flow("list:1", items, **told())
            custody.settle_many("list:1", dict.fromkeys(items, "found"), **told())
            found = custody.reconciliations(["list:1", "list:2"])
        assert len(queries) <= 20
        assert found["list:1"].outcomes == {"pending": 0, "found": 5_000}
        assert (found["list:2"].pushed, found["list:2"].balanced) == (0, True)
