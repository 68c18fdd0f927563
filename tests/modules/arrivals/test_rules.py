"""Reading cells, recognising forms, telling trips apart: pure."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel.files import FileProblem, decoded, plain, read_table, recognise
from bihuan.modules.arrivals.queries.forms import forms, known_headers
from bihuan.modules.arrivals.rules import (
    Outcome,
    Trip,
    cells,
    is_over,
    left_on,
    merged,
    place,
    worst_level,
)
from bihuan.modules.arrivals.rules.cells import Bad
from bihuan.modules.arrivals.rules.classing import Ground, facts_of

TODAY = date(2022, 6, 20)


class TestDay:
    @pytest.mark.parametrize(
        ("text", "order", "day"),
        [
            ("2022-06-20", "YMD", date(2022, 6, 20)),
            ("2022/6/20", "YMD", date(2022, 6, 20)),
            ("20220620", "YMD", date(2022, 6, 20)),
            ("2022年6月20日", "YMD", date(2022, 6, 20)),
            ("6/20/2022", "MDY", date(2022, 6, 20)),
            ("20/6/2022", "DMY", date(2022, 6, 20)),
            ("Mar 22 2021", "MDY", date(2021, 3, 22)),
            ("2022-06-20 00:00:00", "YMD", date(2022, 6, 20)),
        ],
    )
    def test_is_read_as_people_write_it(self, text: str, order: str, day: date):
        assert cells.day(text, order) == day

    @pytest.mark.parametrize(
        ("text", "order", "code"),
        [
            ("31/7/1961", "MDY", "date_range"),
            ("0/1/20", "MDY", "date_short_year"),
            ("6/20/2022", "YMD", "date_order"),
            ("asdf", "MDY", "date_form"),
            ("2022-02-30", "YMD", "date_range"),
            ("Foo 22 2021", "MDY", "date_form"),
        ],
    )
    def test_says_what_is_wrong(self, text: str, order: str, code: str):
        with pytest.raises(Bad) as bad:
            cells.day(text, order)
        assert bad.value.code == code

    @given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
    def test_reads_back_what_it_wrote_in_every_order(self, day: date):
        assert cells.day(day.isoformat(), "YMD") == day
        assert cells.day(f"{day.month}/{day.day}/{day.year}", "MDY") == day
        assert cells.day(f"{day.day}.{day.month}.{day.year}", "DMY") == day


class TestMoment:
    @pytest.mark.parametrize(
        ("text", "order", "moment", "has_time"),
        [
            ("3/21/2021 23:40", "MDY", "2021-3-21 23:40", True),
            ("Mar 22 2021  7:24AM", "MDY", "2021-3-22 7:24", True),
            ("2022-06-20T15:30", "YMD", "2022-6-20 15:30", True),
            ("2022-06-20", "YMD", "2022-6-20 23:59", False),
            ("6/20/2022 12:05 AM", "MDY", "2022-6-20 0:5", True),
        ],
    )
    def test_is_local_and_without_a_time_the_end_of_the_day(self, text: str, order: str, moment: str, has_time: bool):
        found, was_written = cells.moment(text, order)
        assert (f"{found:%Y-%-m-%-d %-H:%-M}", was_written) == (moment, has_time)

    @pytest.mark.parametrize("text", ["2022-06-20 25:00", "6/20/2022 13:00 PM"])
    def test_knows_no_other_clock(self, text: str):
        with pytest.raises(Bad):
            cells.moment(text, "MDY")


class TestBirth:
    @pytest.mark.parametrize(("text", "code"), [("2023-01-01", "birth_future"), ("1850-01-01", "birth_too_long_ago")])
    def test_lies_within_a_life(self, text: str, code: str):
        with pytest.raises(Bad) as bad:
            cells.birth(text, "YMD", TODAY)
        assert bad.value.code == code


class TestCells:
    @pytest.mark.parametrize(
        ("read", "text", "value"),
        [
            (cells.phone, "+84192039281920", "+84192039281920"),
            (cells.phone, "(555) 555-0111 x 12", "5555550111"),
            (cells.phone_us, "15555550115", "15555550115"),
            (cells.email, "a@b.cn", "a@b.cn"),
            (cells.postal, "98665-0020", "98665-0020"),
            (cells.worded, "St. 4", "St. 4"),
        ],
    )
    def test_good_ones_are_kept(self, read, text: str, value: str):
        assert read(text) == value

    @pytest.mark.parametrize(
        ("read", "text", "code"),
        [
            (cells.phone, "fdsa", "phone_form"),
            (cells.phone, "12345", "phone_length"),
            (cells.phone_us, "111-222-3333", "phone_area_code"),
            (cells.email, "sadfds", "email_form"),
            (cells.postal, "fasdsdf", "postal_form"),
            (cells.worded, "234", "no_letters"),
            (cells.digits, "asdf", "not_digits"),
        ],
    )
    def test_bad_ones_say_why(self, read, text: str, code: str):
        with pytest.raises(Bad) as bad:
            read(text)
        assert bad.value.code == code

    def test_are_made_narrow_and_lose_what_nobody_sees(self):
        assert plain("\u200b４１０８　Ｘ\n") == "4108 X"


class TestDecoded:
    TEXT = "姓名,证件号码\n张三,1\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_in_whatever_it_was_written(self, encoding: str):
        assert decoded(self.TEXT.encode(encoding), known_headers()) == self.TEXT


class TestForms:
    def test_every_kind_of_cell_has_a_reader_or_words(self):
        kinds = {column.kind for form in forms() for column in form.columns if column.kind not in form.words}
        assert kinds <= {
            "text", "name", "city", "date", "birth", "moment", "phone", "phone_us", "email", "postal", "digits",
            "country", "state", "area", "gate", "unit", "id_number",
        }  # fmt: skip

    def test_the_template_comes_last(self):
        assert [bool(form.signature) for form in forms()] == [True, True, False]

    def test_a_machine_made_form_that_was_cut_is_refused(self):
        epi = next(form for form in forms() if form.code == "epi-x")
        headers = tuple(column.headers[0] for column in epi.columns[:-1])
        with pytest.raises(FileProblem) as problem:
            recognise([(1, headers), (2, ("x",) * len(headers))], forms())
        assert (problem.value.code, problem.value.names) == ("columns_missing", ("Notes",))

    def test_empty_rows_are_passed_over_but_counted(self):
        rows = read_table("姓名,电话\n\n,,\n张三,13800000001\n".encode(), known_headers())
        assert [number for number, _row in rows] == [1, 4]


def trip(day: int | None, carrier: str = "G1", is_open: bool = True, seat: str = "") -> Trip:
    return Trip("a", date(2022, 6, day) if day else None, carrier, is_open, (carrier, seat))


class TestPlace:
    @pytest.mark.parametrize(
        ("announced", "known", "outcome"),
        [
            (trip(20), [], Outcome.CREATED),
            (trip(20), [trip(20)], Outcome.DUPLICATE),
            (trip(20), [trip(21)], Outcome.CREATED),
            (trip(20, seat="3A"), [trip(20)], Outcome.UPDATED),
            (trip(20), [trip(20, seat="3A")], Outcome.DUPLICATE),
            (trip(20, seat="3A"), [trip(20, is_open=False)], Outcome.DUPLICATE),
            (trip(20, seat="3A"), [trip(None)], Outcome.UPDATED),
            (trip(20, carrier="G2"), [trip(None)], Outcome.CREATED),
        ],
    )
    def test_same_day_is_the_same_trip(self, announced: Trip, known: list[Trip], outcome: Outcome):
        assert place(announced, known)[0] is outcome

    def test_an_empty_cell_takes_nothing_away(self):
        assert merged(("G2", ""), ("G1", "3A")) == ("G2", "3A")


class TestIsOver:
    @pytest.mark.parametrize(
        ("expected", "exposed", "days", "over"),
        [
            (date(2022, 5, 20), None, 21, True),
            (date(2022, 6, 10), None, 21, False),
            (date(2022, 6, 19), None, 0, False),
            (date(2022, 6, 10), None, 0, True),
            (None, None, 0, False),
            (date(2022, 6, 18), date(2022, 5, 1), 14, False),
        ],
    )
    def test_when_all_that_could_follow_has_passed(
        self, expected: date | None, exposed: date | None, days: int, over: bool
    ):
        assert is_over(expected, exposed, days, TODAY, timedelta(days=3)) is over


class TestClassing:
    def test_days_are_counted_from_the_last_exposure(self):
        assert left_on(date(2022, 6, 10), date(2022, 6, 15), TODAY) == date(2022, 6, 10)
        assert left_on(None, date(2022, 6, 15), TODAY) == date(2022, 6, 15)
        assert left_on(None, None, TODAY) == TODAY

    def test_overseas_is_a_level_of_its_own(self):
        ground = Ground("overseas", "none", date(2022, 6, 18), "none", symptoms=False, area="")
        assert facts_of(ground, TODAY)["area_level"] == "overseas"
        assert facts_of(ground, TODAY)["days_since_exposure"] == 2
        assert worst_level(["low", "high"]) == "high"
