"""Lists: what the URL asks for, what comes back, and that nobody takes data away unseen."""

from django.test import Client, RequestFactory

from bihuan.kernel.web import Column, Filter, Table, paginate
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
    def test_is_offered_with_what_the_list_is_cut_and_sorted_to(self, visitor: Client) -> None:
        html = visitor.get("/list?state=open&sort=count").content.decode()
        assert 'href="/exports?list=%2Flist%3Fstate%3Dopen%26sort%3Dcount"' in html

    def test_is_not_offered_where_no_leave_is_given(self, visitor: Client) -> None:
        assert "/exports" not in visitor.get("/sealed").content.decode()


def test_a_filter_without_choices_takes_nothing() -> None:
    assert Filter("state", "State", kind="choice").clean("open") == ""
    assert Column("name", "Name").kind == "text"
