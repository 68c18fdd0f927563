from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.kernel import clock
from bihuan.modules.measures.rules import (
    Days,
    Refusal,
    Span,
    approval_refused,
    central_end,
    end_of_day,
    review_refused,
    shortened,
    spans,
    stands_by_laboratory,
)

DAY = date(2022, 6, 20)


def moment(day: int, hour: int = 0) -> datetime:
    return datetime(2022, 6, 20, hour, tzinfo=clock.CITY) + timedelta(days=day)


class TestSpans:
    def test_seven_days_end_when_the_seventh_day_after_the_exposure_ends(self):
        assert end_of_day(DAY, 7, clock.CITY) == moment(8)

    def test_central_comes_first_and_home_follows_without_a_gap(self):
        assert spans(Days(7, 3), counted_from=DAY, starts_at=moment(0, 10), zone=clock.CITY) == (
            Span("central", moment(0, 10), moment(8)),
            Span("home", moment(8), moment(11)),
        )

    def test_days_that_passed_since_the_exposure_count(self):
        assert spans(Days(7, 3), counted_from=DAY, starts_at=moment(9), zone=clock.CITY) == (
            Span("home", moment(9), moment(11)),
        )

    def test_nothing_is_left_when_all_days_have_passed(self):
        assert spans(Days(7, 3), counted_from=DAY, starts_at=moment(11), zone=clock.CITY) == ()

    def test_no_days_are_no_restriction(self):
        assert spans(Days(), counted_from=DAY, starts_at=moment(0), zone=clock.CITY) == ()

    def test_where_central_ends_is_the_end_of_the_central_phase(self):
        left = spans(Days(7, 3), counted_from=DAY, starts_at=moment(0), zone=clock.CITY)
        assert central_end(left) == moment(8)
        assert central_end(left[1:]) is None


lengths = st.builds(Days, st.integers(0, 21), st.integers(0, 14))


class TestTransition:
    def test_fourteen_and_seven_become_seven_and_three(self):
        old = spans(Days(14, 7), counted_from=DAY, starts_at=moment(0), zone=clock.CITY)
        new = spans(Days(7, 3), counted_from=DAY, starts_at=moment(0), zone=clock.CITY)
        assert shortened(old, new) == new

    def test_a_longer_policy_changes_nothing(self):
        old = spans(Days(7, 3), counted_from=DAY, starts_at=moment(0), zone=clock.CITY)
        new = spans(Days(14, 7), counted_from=DAY, starts_at=moment(0), zone=clock.CITY)
        assert shortened(old, new) == old

    @given(lengths, lengths)
    def test_never_lengthens_the_order_nor_the_stay(self, before: Days, after: Days):
        old = spans(before, counted_from=DAY, starts_at=moment(0), zone=clock.CITY)
        new = spans(after, counted_from=DAY, starts_at=moment(0), zone=clock.CITY)
        kept = shortened(old, new)
        if kept:
            assert kept[-1].ends_at <= old[-1].ends_at
            assert (central_end(kept) or moment(-99)) <= (central_end(old) or moment(-99))

    @given(lengths, lengths)
    def test_doing_it_twice_changes_nothing_more(self, before: Days, after: Days):
        old = spans(before, counted_from=DAY, starts_at=moment(0), zone=clock.CITY)
        new = spans(after, counted_from=DAY, starts_at=moment(0), zone=clock.CITY)
        once = shortened(old, new)
        assert shortened(once, new) == once


class TestTwoPeople:
    @pytest.mark.parametrize(
        ("approver", "unit", "expected"),
        [
            ("b", "2", None),
            ("a", "2", Refusal.SAME_PERSON),
            ("b", "1", Refusal.SAME_UNIT),
            ("b", None, Refusal.NO_UNIT),
        ],
    )
    def test_of_two_units_approve(self, approver: str, unit: str | None, expected: Refusal | None):
        assert approval_refused(proposer="a", proposer_unit="1", approver=approver, approver_unit=unit) == expected

    @pytest.mark.parametrize(
        ("reviewer", "unit", "expected"),
        [
            ("c", "3", None),
            ("b", "3", Refusal.SAME_PERSON),
            ("c", "2", Refusal.SAME_UNIT),
            ("c", None, Refusal.NO_UNIT),
        ],
    )
    def test_of_neither_answer_an_appeal(self, reviewer: str, unit: str | None, expected: Refusal | None):
        assert review_refused(proposers=("a", "b"), units=("1", "2"), reviewer=reviewer, reviewer_unit=unit) == expected


class TestLaboratory:
    def test_a_positive_result_stands(self):
        assert stands_by_laboratory([{"sample": "1", "result": "positive"}, {"sample": "2", "result": "negative"}])

    def test_a_corrected_one_does_not(self):
        assert not stands_by_laboratory([{"sample": "1", "result": "positive"}, {"sample": "1", "result": "negative"}])

    def test_no_result_is_no_ground(self):
        assert not stands_by_laboratory([])
