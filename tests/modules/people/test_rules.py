"""Names, identity numbers and who is who."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.modules.people.rules import (
    Identity,
    IdProblem,
    Known,
    age_on,
    id_masked,
    masked,
    match,
    name_key,
    phone_plain,
    resident_id_check,
    resident_id_problem,
    same_name,
)

TODAY = date(2022, 6, 20)


class TestResidentId:
    @pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
    def test_examples_of_the_standard_pass_their_check(self, number: str):
        assert resident_id_check(number[:17]) == number[17]

    @pytest.mark.parametrize(
        ("number", "problem"),
        [
            ("11010519491231002X", None),
            ("110105194912310021", IdProblem.CHECKSUM),
            ("11010519491231000", IdProblem.LENGTH),
            ("11010519491331002X", IdProblem.BIRTH),
            ("11010520491231002X", IdProblem.BIRTH),
            ("1101051949123100ZX", IdProblem.CHARACTERS),
            ("410802199001010000", IdProblem.PRECISION),
        ],
    )
    def test_problem_is_named(self, number: str, problem: IdProblem | None):
        assert resident_id_problem(number, TODAY) == problem

    @given(st.integers(110000, 659999), st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999), st.integers(0, 16))
    def test_one_wrong_digit_never_passes(self, area: int, born: date, order: int, place: int):
        first17 = f"{area}{born:%Y%m%d}{order:03d}"
        number = first17 + resident_id_check(first17)
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert resident_id_problem(wrong, TODAY) is not None


class TestNames:
    @pytest.mark.parametrize(("name", "shown"), [("张三", "张*"), ("欧阳修", "欧**"), ("John Smith", "J***"), ("", "")])
    def test_lists_show_the_first_character(self, name: str, shown: str):
        assert masked(name) == shown

    def test_sort_by_sound(self):
        assert sorted(["赵一", "李四", "Ann"], key=name_key) == ["Ann", "李四", "赵一"]

    def test_order_and_width_do_not_make_another_name(self):
        assert same_name("Jane Doe", "DOE  jane")
        assert not same_name("张三", "李四")

    def test_numbers_show_their_end(self):
        assert id_masked("11010519491231002X") == "**************002X"


class TestPhones:
    @pytest.mark.parametrize(
        ("text", "stored"),
        [
            ("138 0000 0001", "13800000001"),
            ("+86-391-1234567", "+863911234567"),
            ("(555) 555-0111", "5555550111"),
            ("12", None),
            ("fdsa", None),
        ],
    )
    def test_are_digits(self, text: str, stored: str | None):
        assert phone_plain(text) == stored


class TestMatch:
    KNOWN = Known("1", Identity("张三", date(1990, 1, 1), "138", "resident_id", "X1"), id_disputed=False)
    NAMELESS = Known("2", Identity("李四", date(1990, 1, 1), "139", "none", ""), id_disputed=False)

    @pytest.mark.parametrize(
        ("asked", "person", "doubt"),
        [
            (Identity("张三", None, "", "resident_id", "X1"), "1", None),
            (Identity("", None, "", "resident_id", "X1"), "1", None),
            (Identity("李四", None, "", "resident_id", "X1"), None, "id_of_another"),
            (Identity("张三", date(1991, 1, 1), "", "resident_id", "X1"), None, "id_of_another"),
        ],
    )
    def test_by_number(self, asked: Identity, person: str | None, doubt: str | None):
        found = match(asked, [self.KNOWN], [])
        assert (found.person, found.doubt) == (person, doubt)

    @pytest.mark.parametrize(
        ("asked", "person"),
        [
            (Identity("李四", date(1990, 1, 1), "139", "none", ""), "2"),
            (Identity("李四", date(1990, 1, 1), "139", "passport", "P1"), "2"),
            (Identity("李四", date(1990, 1, 1), "137", "none", ""), None),
            (Identity("李四", None, "139", "none", ""), None),
            (Identity("李四", date(1990, 1, 1), "", "none", ""), "2"),
            (Identity("李四", date(1990, 1, 1), "", "passport", "P1"), None),
        ],
    )
    def test_without_number_by_name_birth_and_phone(self, asked: Identity, person: str | None):
        assert match(asked, [], [self.NAMELESS]).person == person


class TestAge:
    def test_counts_full_years(self):
        assert age_on(date(1990, 6, 21), TODAY) == 31
        assert age_on(None, TODAY) is None
