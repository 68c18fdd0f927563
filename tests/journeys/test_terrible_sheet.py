"""A street office sends a terrible spreadsheet: it is understood, taken in while the server goes down and comes up
again, corrected, and in the end taken back as if it had never come.
"""

import io
import re
import time
from collections.abc import Callable
from contextlib import suppress

import openpyxl
import pytest
import xlsxwriter
from playwright.sync_api import Page
from procrastinate.exceptions import AlreadyEnqueued

from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import history
from bihuan.kernel.web import jobs
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow
from bihuan.modules.people.models import Person
from tests.conftest import owner_connection
from tests.journeys.city import Journey, resident_id, seen
from tests.processes import worker

pytestmark = pytest.mark.browser
PATIENCE_SECONDS = 240
BEATS_MISSED = "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'"
STUCK = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = %s"
HEADERS = ["序", "返乡者（全名）", "件号", "电 话", "自何处来", "到焦日", "备考"]
SAID = {"返乡者（全名）": "姓名", "件号": "证件号码", "自何处来": "出发地", "到焦日": "预计到达时间"}


def terrible() -> bytes:
    """A title, headers of the office's own, a rounded number, "as above", full-width digits, a total, a signature."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("名单")
    rows: list[list[object]] = [
        ["某街道返乡人员登记表", "", "", "", "", "", ""],
        HEADERS,
        [1, "张　建国", resident_id(11), "１３８００００００11", "上海市", "7/2/2022", "村东"],
        [2, "李秀英", resident_id(12).lower(), "13800000012.0", "同上", "7/2/2022", ""],
        [3, "王建军", 410802199001011234, "13800000013", "上海市", "7/13/2022", "村西"],
        [4, "赵桂兰", resident_id(14), "13800000014", "西安市", "2022年7月3日", ""],
        ["合计", "4人", "", "", "", "", ""],
        ["填表人：王某", "", "", "", "", "", ""],
    ]
    for number, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet.write(number, column, cell)
    book.close()
    return out.getvalue()


class TestTerribleSheet:
    def test_is_understood_taken_in_through_a_restart_corrected_and_taken_back(self, journey: Journey) -> None:
        page = journey.sees("district")
        hands_in(page, "街道返乡登记表.xlsx", terrible())
        says_what_the_columns_are(page)
        first = Batch.objects.get()
        commits_while_the_server_goes_down(page)
        with worker("journey-second-worker"):
            comes_up_again()
            is_done(page)
            first.refresh_from_db()
            assert (first.rows, first.created, first.rejected) == (4, 3, 1)
            assert Arrival.objects.count() == Person.objects.count() == 3
            corrected = corrects_the_annotated_sheet(page)
            hands_in(page, "更正后.xlsx", corrected)
            page.get_by_role("button", name="导入各行").or_(page.locator("main form button[type=submit]")).first.click()
            is_done(page)
            second = Batch.objects.get(file_name="更正后.xlsx")
            assert (second.created, second.updated + second.duplicate, second.rejected) == (1, 3, 0)
            for batch in (second, first):
                takes_back(page, batch)
        assert Arrival.objects.count() == Person.objects.count() == 0
        assert BatchRow.objects.exclude(kept="").count() == 0
        told = [fact.kind for fact in history(first.subject)]
        assert [told.count(kind) for kind in ("batch.taken_in", "batch.taken_back", "batch.undone")] == [1, 1, 1]


def hands_in(page: Page, name: str, content: bytes) -> None:
    page.goto("/batches/new")
    page.set_input_files("#id_file", {"name": name, "mimeType": "application/octet-stream", "buffer": content})
    page.fill("#id_issuer", "某街道办事处")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile("/(preview|columns)$"))


def says_what_the_columns_are(page: Page) -> None:
    assert page.url.endswith("/columns")
    seen(page, "journey-columns")
    for row in page.locator("main tbody tr").all():
        header = row.locator("td").first.inner_text()
        if header in SAID:
            row.locator("select").select_option(SAID[header])
        elif header == "备考":
            row.locator("select").select_option("-")
    page.locator("main button[name=say]").click()
    page.wait_for_url("**/preview")
    assert "410802199001011" in page.inner_text("main")
    seen(page, "journey-preview-assigned")
    page.goto(page.url.replace("/preview", "/columns"))
    assert page.locator("main button[name=unsay]").count() == len(SAID) + 1
    seen(page, "journey-columns-learnt")
    page.locator("main button[name=say]").click()
    page.wait_for_url("**/preview")


def commits_while_the_server_goes_down(page: Page) -> None:
    """Somebody on the list is being registered elsewhere just now: there the taking in waits, and there it dies."""
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/progress/**")
    with owner_connection() as elsewhere, owner_connection() as server:
        elsewhere.execute("BEGIN")
        elsewhere.execute(
            "INSERT INTO people_person (id, name, name_key, sex, id_type, id_number, id_disputed, phone, address) "
            "VALUES (%s, 'Somebody', 'somebody', 'unknown', 'resident_id', %s, false, '', '')",
            [uuid7(), resident_id(14)],
        )
        with worker("journey-first-worker"):
            until(lambda: server.execute(STUCK, ["journey-first-worker"]).fetchone() is not None)
        elsewhere.execute("ROLLBACK")
        until(lambda: server.execute(STUCK, ["journey-first-worker"]).fetchone() is None)
    assert Arrival.objects.count() == 0


def comes_up_again() -> None:
    """Half a minute without a sign of life of the first, and the minute's rescue."""
    with owner_connection() as owner:
        owner.execute(f"{BEATS_MISSED} WHERE id NOT IN (SELECT max(id) FROM procrastinate_workers)")
    with suppress(AlreadyEnqueued):
        jobs.rescue.defer(timestamp=0)


def is_done(page: Page) -> None:
    page.wait_for_url("**/progress/**")
    page.locator("bh-progress [data-result]:not([hidden]) a").wait_for(timeout=PATIENCE_SECONDS * 1000)
    page.locator("bh-progress [data-result] a").click()
    page.wait_for_url("**/batches/*")


def corrects_the_annotated_sheet(page: Page) -> bytes:
    """The sheet comes back with what is wrong in it; the office writes the number anew."""
    seen(page, "journey-batch-with-undo")
    with page.expect_download() as download:
        page.locator("main a[href$='/annotated.xlsx']").click()
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    sheet = book.worksheets[0]
    wrong = next(row for row in sheet.iter_rows() if any(cell.value == "王建军" for cell in row))
    headers = [cell.value for cell in sheet[1]]
    wrong[headers.index("件号")].value = resident_id(13)
    wrong[headers.index("件号")].number_format = "@"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def takes_back(page: Page, batch: Batch) -> None:
    page.goto(f"/batches/{batch.id}")
    page.locator("main a[href$='/undo'], header a[href$='/undo'], a[href$='/undo']").first.click()
    page.wait_for_url("**/undo")
    seen(page, "journey-undo")
    page.fill("#id_reason", "街道发来的是上月名单")
    page.locator("main form button[type=submit]").click()
    page.locator("dialog[open] .btn-primary, dialog[open] .btn-danger").first.click()
    is_done(page)
    seen(page, "journey-taken-back")
    batch.refresh_from_db()
    assert batch.state == Batch.State.TAKEN_BACK


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
