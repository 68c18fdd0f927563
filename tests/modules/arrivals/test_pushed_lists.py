"""A pushed list is checked and reported back within a day; the duty stands on the batch and on the board."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import Actor, history
from bihuan.kernel.loop import queries as loop
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.command.queries.doors import door_of
from tests.modules.arrivals.test_actions import row, sheet
from tests.signing_in import sign_in
from tests.world import World, world


@pytest.fixture
def city(db: None) -> World:
    return world()


def pushed(city: World, *rows: str, kind: str = "pushed_list", by: Actor | None = None) -> UUID:
    result = actions.import_arrivals(
        sheet(*(rows or (row(1),))),
        "pushed.csv",
        kind=kind,
        issuer="郑州市",
        at=clock.now(),
        by=by or city.actor("clerk"),
        key=uuid4(),
    )
    assert result.batch is not None
    return result.batch


def report(city: World, batch: UUID, words: str = "已电话反馈郑州市专班") -> None:
    actions.report_back(batch, words=words, at=clock.now(), by=city.actor("clerk"), key=uuid4())


class TestDuty:
    def test_is_owed_by_the_unit_that_got_the_list_within_a_day(self, city: World):
        batch = pushed(city)
        (duty,) = loop.duties_of(f"batch:{batch}")
        handed_in_at = queries.batch(batch).imported_at
        assert (duty.step, duty.owner_role, duty.owner_unit) == ("report_back", "order_clerk", city.actor("clerk").unit)
        assert duty.breach_at - handed_in_at == timedelta(hours=24)
        assert duty.target_at < duty.warn_at < duty.breach_at
        assert str(batch) in door_of(duty.subject)

    def test_is_not_owed_for_a_manifest(self, city: World):
        assert loop.duties_of(f"batch:{pushed(city, kind='manifest')}") == ()

    def test_of_a_list_that_no_unit_handed_in_is_the_citys(self, city: World):
        batch = pushed(city, by=Actor.system("import"))
        (duty,) = loop.duties_of(f"batch:{batch}")
        assert duty.owner_unit == access.queries.units_of_kinds("city")[0].id == queries.batch(batch).unit

    def test_ends_when_it_is_reported_back_and_says_what_was_reported(self, city: World):
        batch = pushed(city, row(1), row(2, "李四"))
        report(city, batch)
        report(city, batch, "again")
        (duty,) = loop.duties_of(f"batch:{batch}")
        assert duty.state == "done"
        (fact,) = [one for one in history(f"batch:{batch}") if one.kind == "batch.reported_back"]
        assert fact.payload["words"] == "已电话反馈郑州市专班"
        assert (fact.payload["rows"], fact.payload["created"], fact.payload["reckoning"]) == (2, 2, {"pending": 2})
        assert Arrival.objects.count() == 2

    def test_does_not_end_while_a_row_waits_for_a_decision(self, city: World):
        batch = pushed(city, row(1), row(1, "王五"))
        with pytest.raises(actions.RowsUndecided):
            report(city, batch)
        assert loop.duties_of(f"batch:{batch}")[0].state == "open"

    def test_is_refused_for_a_manifest(self, city: World):
        with pytest.raises(actions.NoPushedList):
            report(city, pushed(city, kind="manifest"))


class TestPages:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_show_the_clock_and_take_the_report(self, city: World, language: str):
        batch = pushed(city)
        clerk = sign_in(Client(headers={"Accept-Language": language}), city.user("clerk"))
        said = {"zh-hans": "核查推送名单并反馈", "en": "Check the pushed list and report back"}[language]
        address = f"/batches/{batch}/report"
        shown = clerk.get(f"/batches/{batch}").content.decode()
        assert said in shown
        assert address in shown
        assert clerk.get(address).status_code == 200
        assert clerk.post(address, {"words": "x", "key": str(uuid4())}).status_code == 302
        assert address not in clerk.get(f"/batches/{batch}").content.decode()
        assert loop.duties_of(f"batch:{batch}")[0].state == "done"
