"""Lists: what the URL asks for, what comes back, and that nobody takes data away unseen."""

import io

import openpyxl
from django.test import Client, RequestFactory

from bihuan.kernel.web import Column, Filter, Table, paginate
from tests.kernel.web import gallery
from tests.kernel.web.gallery import COLUMNS, FILTERS, Rows


def table(query: str = "", rows: Rows | None = None) -> Table:
    return Table.from_request(
        RequestFactory().get(f"/list?{query}"), COLUMNS, rows or Rows(120), FILTERS, sort="-expected_at"
    )


class TestTable:
    def test_keeps_only_filters_that_are_set_and_valid(self) -> None:
        made = table("q=+张+&state=open&on=2022-06-20&mine=on&unknown=1")
        assert made.filters == {"q": "张", "state": "open", "on": "2022-06-20", "mine": "1"}
        assert table("state=nonsense&on=20.6.2022&q=").filters == {}

    def test_sorts_only_by_sortable_columns(self) -> None:
        rows = Rows(3)
        for query in ("sort=state", "sort=__class__", ""):
            _read = table(query, rows).rows
        _read = table("sort=-name", rows).rows
        assert rows.asked == ["-expected_at", "-expected_at", "-expected_at", "-name"]

    def test_turns_the_order_round_at_the_second_click(self) -> None:
        head = table("sort=name").heads[0]
        assert (head.order, head.url) == ("ascending", "?sort=-name")
        assert table("sort=-name").heads[0].url == "?sort=name"
        assert table().heads[2].url == ""

    def test_keeps_filters_and_order_when_paging(self) -> None:
        made = table("q=张&sort=name&page=1", Rows(600))
        assert made.next_url == "?q=%E5%BC%A0&sort=name&page=2"
        assert made.previous_url == ""

    def test_shows_the_nearest_page_there_is(self) -> None:
        assert [paginate(120, number, 50).number for number in ("0", "2", "99", "x", None)] == [1, 2, 3, 1, 1]
        assert paginate(0, 1, 50).last == 1

    def test_reads_nothing_until_it_is_drawn(self) -> None:
        rows = Rows(3)
        table("", rows)
        assert rows.asked == []


class TestPage:
    def test_answers_htmx_with_the_rows_alone(self, visitor: Client) -> None:
        response = visitor.get("/list", headers={"hx-request": "true"})
        html = response.content.decode()
        assert html.strip().startswith('<section id="rows"')
        assert "HX-Request" in response["Vary"]

    def test_answers_a_restored_history_with_the_whole_page(self, visitor: Client) -> None:
        html = visitor.get(
            "/list", headers={"hx-request": "true", "hx-history-restore-request": "true"}
        ).content.decode()
        assert "<html" in html

    def test_says_what_to_do_when_nothing_matches(self, visitor: Client) -> None:
        assert "Change or clear the filters" in visitor.get("/list?q=nobody").content.decode()
        assert "Nothing here yet" in visitor.get("/list?size=0").content.decode()


class TestExport:
    def test_holds_every_row_the_filters_leave(self, visitor: Client) -> None:
        response = visitor.get("/list?export=csv&state=open")
        lines = response.content.decode("utf-8-sig").split("\r\n")
        assert len(lines) == 1 + 30 + 1
        assert gallery.EXPORTS == [("csv", 30)]
        assert response["Content-Disposition"].startswith('attachment; filename="list-20220620-1000.csv"')
        assert response["Cache-Control"] == "no-store"

    def test_keeps_identifiers_as_text_in_a_workbook(self, visitor: Client) -> None:
        response = visitor.get("/list?export=xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        row = [cell.value for cell in sheet[2]]
        assert sheet.max_row == 121
        assert row[1] == "410811199001010119"
        assert sheet["A4"].data_type == "s"
        assert {cell.value for cell in sheet["A"]} >= {"=HYPERLINK(1)"}
        assert row[5] == 119 * 37

    def test_is_refused_for_lists_that_record_no_export(self, visitor: Client) -> None:
        response = visitor.get("/sealed?export=csv")
        assert response["Content-Type"].startswith("text/html")
        assert 'href="?export=' not in response.content.decode()


def test_a_filter_without_choices_takes_nothing() -> None:
    assert Filter("state", "State", kind="choice").clean("open") == ""
    assert Column("name", "Name").kind == "text"
