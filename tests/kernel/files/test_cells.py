"""Reading one cell by its kind: what people write is read, and what cannot be says why."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel.files import Column, Form, Note, numbers, plain
from bihuan.kernel.files.cells import ColumnReader
from bihuan.kernel.files.dates import Bad, Order, day_of, moment_of
from tests.kernel.files.sheets import ON, STEADY

MDY, DMY, YMD = Order("MDY", is_declared=True), Order("DMY", is_declared=True), Order()


def read(kind: str, text: str, country: str = "US", order: Order = MDY) -> tuple[str, list[str]]:
    """The value of one cell and the codes of what was found."""
    form = Form("form", (Column(("column",), kind),), "MDY", defaults={"country": country} if country else {})
    notes: list[list[Note]] = [[]]
    (value,) = ColumnReader(form, form.columns[0], "column", order, ON).read([2], [text], {}, None, notes)
    return value, [note.code for note in notes[0]]


class TestDay:
    @pytest.mark.parametrize(
        ("text", "order", "day"),
        [
            ("2022-06-20", YMD, "2022-06-20"),
            ("2022/6/20", YMD, "2022-06-20"),
            ("20220620", YMD, "2022-06-20"),
            ("2022年6月20日", YMD, "2022-06-20"),
            ("6/20/2022", MDY, "2022-06-20"),
            ("20/6/2022", DMY, "2022-06-20"),
            ("Mar 22 2021", MDY, "2021-03-22"),
            ("2022-06-20 00:00:00", YMD, "2022-06-20"),
            ("6/20/2022", YMD, "2022-06-20"),
        ],
    )
    def test_is_read_as_people_write_it(self, text: str, order: Order, day: str):
        assert day_of(text, order)[0] == day

    @pytest.mark.parametrize(
        ("text", "order", "code"),
        [
            ("31/7/1961", MDY, "date_range"),
            ("0/1/20", MDY, "date_short_year"),
            ("asdf", MDY, "date_form"),
            ("2022-02-30", YMD, "date_range"),
            ("Foo 22 2021", MDY, "date_form"),
            ("2022-06-31 10:00", YMD, "date_range"),
            ("0000-00-00", YMD, "date_zero"),
        ],
    )
    def test_says_what_is_wrong(self, text: str, order: Order, code: str):
        with pytest.raises(Bad) as bad:
            day_of(text, order)
        assert bad.value.code == code

    def test_that_does_not_show_its_order_is_doubtful(self):
        assert day_of("6/5/2022", YMD) == ("2022-06-05", ["date_order"])

    @STEADY
    @given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
    def test_reads_back_what_it_wrote_in_every_order(self, day: date):
        assert day_of(day.isoformat(), YMD)[0] == day.isoformat()
        assert day_of(f"{day.month}/{day.day}/{day.year}", MDY)[0] == day.isoformat()
        assert day_of(f"{day.day}.{day.month}.{day.year}", DMY)[0] == day.isoformat()
        assert day_of(f"{day.year}年{day.month}月{day.day}日", YMD)[0] == day.isoformat()


class TestMoment:
    @pytest.mark.parametrize(
        ("text", "order", "moment"),
        [
            ("3/21/2021 23:40", MDY, "2021-03-21 23:40"),
            ("Mar 22 2021 7:24AM", MDY, "2021-03-22 07:24"),
            ("2022-06-20T15:30", YMD, "2022-06-20 15:30"),
            ("2022-06-20", YMD, "2022-06-20"),
            ("6/20/2022 12:05 AM", MDY, "2022-06-20 00:05"),
            ("2022-06-20 15:30:45.123", YMD, "2022-06-20 15:30:45"),
        ],
    )
    def test_is_local_and_has_a_time_only_where_one_was_written(self, text: str, order: Order, moment: str):
        assert moment_of(text, order)[0] == moment

    @pytest.mark.parametrize("text", ["2022-06-20 25:00", "6/20/2022 13:00 PM", "6/20/2022 0:30 AM"])
    def test_knows_no_other_clock(self, text: str):
        with pytest.raises(Bad) as bad:
            moment_of(text, MDY)
        assert bad.value.code == "time_range"


class TestBirth:
    @pytest.mark.parametrize(("text", "code"), [("2023-01-01", "birth_future"), ("1850-01-01", "birth_too_long_ago")])
    def test_lies_within_a_life(self, text: str, code: str):
        assert read("birth", text) == ("", [code])


class TestCells:
    @pytest.mark.parametrize(
        ("kind", "text", "value"),
        [
            ("phone", "+84192039281920", "+84192039281920"),
            ("phone", "(555) 555-0111 x 12", "5555550111"),
            ("phone", "0391-3567890", "03913567890"),
            ("phone_us", "15555550115", "15555550115"),
            ("email", "a@b.cn", "a@b.cn"),
            ("postal", "98665-0020", "98665-0020"),
            ("city", "St. 4", "St. 4"),
            ("id_number", "E 12345678", "E12345678"),
        ],
    )
    def test_good_ones_are_kept(self, kind: str, text: str, value: str):
        assert read(kind, text)[0] == value

    @pytest.mark.parametrize(
        ("kind", "text", "code"),
        [
            ("phone", "fdsa", "phone_form"),
            ("phone", "12345", "phone_length"),
            ("phone_us", "111-222-3333", "phone_area_code"),
            ("email", "sadfds", "email_form"),
            ("postal", "fasdsdf", "postal_form"),
            ("city", "234", "no_letters"),
            ("digits", "asdf", "not_digits"),
            ("digits", "1E+12", "number_scientific"),
            ("id_number", "12_34", "id_form"),
        ],
    )
    def test_bad_ones_say_why(self, kind: str, text: str, code: str):
        assert read(kind, text) == ("", [code])

    def test_are_made_narrow_and_lose_what_nobody_sees(self):
        assert plain("\u200b４１０８　Ｘ\n") == "4108 X"

    @pytest.mark.parametrize("kind", ["name", "phone", "email", "moment", "postal", "id_number", "digits"])
    @pytest.mark.parametrize("sign", ["(", "1 ", "a.", "/", "十", "T1:"])
    def test_that_go_on_and_on_are_not_pondered(self, kind: str, sign: str):
        value, codes = read(kind, f"x{sign * 10_000}x")
        assert (value, codes[-1]) == ("", "cell_too_long")

    def test_of_another_country_are_not_given_a_zero_of_ours(self):
        assert read("phone", "3913567890") == ("3913567890", [])
        assert read("phone", "3913567890", country="") == ("03913567890", ["phone_zero_lost"])


class TestCheckCharacter:
    @STEADY
    @given(st.from_regex(r"[1-6][0-9]{5}19[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}", fullmatch=True))
    def test_finds_every_single_wrong_digit(self, first17: str):
        number = first17 + numbers.check_character(first17)
        for at in range(17):
            wrong = f"{number[:at]}{(int(number[at]) + 1) % 10}{number[at + 1 :]}"
            assert numbers.check_character(wrong[:17]) != number[17]
