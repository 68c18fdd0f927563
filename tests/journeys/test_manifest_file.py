"""A carrier's list, from the file an office hands in until everybody on it is accounted for."""

import threading

import pytest
from django.db import connections
from playwright.sync_api import Page
from procrastinate.contrib.django import procrastinate_app

from bihuan.kernel import custody
from bihuan.modules.arrivals import actions
from bihuan.modules.arrivals.models import Arrival, Batch
from tests.journeys.city import Journey, in_july, resident_id, seen

pytestmark = pytest.mark.browser
HEADERS = "姓名,证件号码,联系电话,车次,座位号,出发地,出发时间,预计到达时间,目的地,到达卡口"


def line(number: int, name: str, origin: str = "上海市", id_number: str = "") -> str:
    return ",".join(
        [
            name,
            id_number or resident_id(number),
            f"1380000{number:04d}",
            "G1810",
            f"05车{number:02d}A",
            origin,
            "2022-07-01 04:10",
            "2022-07-01 09:40",
            "太行社区1号楼",
            "焦作站",
        ]
    )


def manifest() -> bytes:
    """Six rows as a station sends them: four travellers, one of them twice, and a number with a wrong check digit."""
    rows = [
        line(11, "张建国"),
        line(12, "李秀英"),
        line(13, "王建军"),
        line(14, "赵桂兰", origin="西安市"),
        line(11, "张建国"),
        line(15, "孙大伟", id_number="410802199001010011"),
    ]
    return "\r\n".join([HEADERS, *rows]).encode("gb18030")


class TestManifestFile:
    def test_is_taken_in_and_reconciled_to_the_last_traveller(self, journey: Journey) -> None:
        page = journey.sees("district")
        hands_in(page)
        goes_through(page)
        batch = Batch.objects.get()
        assert (batch.rows, batch.created, batch.duplicate, batch.rejected) == (6, 4, 1, 1)
        outcome_file_says_what_is_wrong(page)
        journey.at(in_july(1))
        land_two_and_miss_one(journey)
        numbers_open_their_rows(journey, batch)
        flow = custody.reconciliation(f"batch:{batch.id}")
        assert flow.balanced
        assert flow.outcomes == {"landed": 2, "not_on_board": 1, "pending": 1}


def hands_in(page: Page) -> None:
    page.goto("/batches/")
    seen(page, "journey-batches-empty")
    page.goto("/batches/new")
    seen(page, "journey-upload")
    page.set_input_files("#id_file", {"name": "G1810名单.csv", "mimeType": "text/csv", "buffer": manifest()})
    page.fill("#id_issuer", "郑州铁路局")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/preview")
    text = page.inner_text("main")
    assert "410802199001010011" in text
    seen(page, "journey-preview")


def goes_through(page: Page) -> None:
    """Progress is seen without reloading; the result is a link away."""
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/progress/**")
    seen(page, "journey-progress")
    working = threading.Thread(target=work)
    working.start()
    page.locator("bh-progress [data-result]:not([hidden]) a").wait_for()
    working.join()
    seen(page, "journey-progress-done")
    page.locator("bh-progress [data-result] a").click()
    page.wait_for_url("**/batches/*")
    seen(page, "journey-batch")


def work() -> None:
    """Run the jobs that wait, as the worker does."""
    try:
        connector = procrastinate_app.current_app.connector.get_worker_connector()
        with procrastinate_app.current_app.replace_connector(connector) as app:
            app.run_worker(queues=["jobs"], wait=False, install_signal_handlers=False, listen_notify=False)
    finally:
        connections.close_all()


def outcome_file_says_what_is_wrong(page: Page) -> None:
    with page.expect_download() as download:
        page.locator("main a[href$='/outcome.csv']").click()
    text = download.value.path().read_text("utf-8-sig")
    rows = text.splitlines()
    assert len(rows) == 7
    assert "张建国" in rows[1]
    assert "created" in rows[1]
    assert "duplicate" in rows[5]
    assert "rejected" in rows[6]
    assert "校验" in rows[6]


def land_two_and_miss_one(journey: Journey) -> None:
    """Two are received, the third did not board: the officer says so on the phone."""
    for name in ("张建国", "赵桂兰"):
        actions.land(
            Arrival.objects.get(person__name=name).id,
            gate_unit=journey.unit("gate-rail"),
            temperature="36.5",
            **journey.by("gate_officer"),
        )
    page = journey.sees("gate_officer", phone=True)
    page.goto(f"/arrivals/{Arrival.objects.get(person__name='李秀英').id}")
    page.locator("main a[href$='/absence']").click()
    page.wait_for_url("**/absence")
    page.fill("#id_reason", "核对车厢，未乘车")
    seen(page, "journey-absence")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/arrivals/*")
    seen(page, "journey-not-on-board")


def numbers_open_their_rows(journey: Journey, batch: Batch) -> None:
    page = journey.sees("district")
    page.goto(f"/batches/{batch.id}")
    seen(page, "journey-batch-reconciled")
    opened = {}
    links = [
        (one.get_attribute("href"), one.locator(".stat-value").inner_text()) for one in page.locator(".stat a").all()
    ]
    assert len(links) >= 8
    for address, shown in links:
        page.goto(address if address.startswith("/") else f"/batches/{batch.id}{address}")
        opened[address] = (int(shown), page.locator("#rows tbody tr").count())
    assert all(shown == rows for shown, rows in opened.values()), opened
    page.goto("/batches/")
    seen(page, "journey-batches")
    page.goto("/board/")
    seen(page, "journey-board")
