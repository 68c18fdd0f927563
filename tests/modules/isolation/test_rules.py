from datetime import date, datetime
from decimal import Decimal

import pytest

from bihuan.kernel.clock import CITY
from bihuan.modules.isolation import rules
from bihuan.modules.isolation.rules import Checked, Hindrance, RoomState, Swab, Unusable

END = datetime(2022, 6, 27, 0, 0, tzinfo=CITY)
LATER = datetime(2022, 6, 27, 9, 0, tzinfo=CITY)
DAYS = (1, 2, 3, 5, 7)
ALL_NEGATIVE = tuple(Swab(day, "negative") for day in DAYS)


def why(**changes):
    asked = {"now": LATER, "phase_ends_at": END, "days": DAYS, "tests": ALL_NEGATIVE} | changes
    return rules.hindrances(**asked)


class TestLeaving:
    def test_is_open_when_the_phase_is_over_and_all_tests_are_negative(self):
        assert why() == ()

    def test_waits_for_the_last_moment_of_the_phase(self):
        assert why(now=datetime(2022, 6, 26, 23, 59, tzinfo=CITY)) == (Hindrance.PHASE_NOT_OVER,)
        assert why(now=END) == ()

    def test_waits_for_a_test_nobody_took(self):
        assert why(tests=ALL_NEGATIVE[:-1]) == (Hindrance.TEST_MISSING,)

    def test_waits_for_a_result(self):
        assert why(tests=(*ALL_NEGATIVE[:-1], Swab(7, ""))) == (Hindrance.RESULT_WAITED_FOR,)

    def test_waits_for_the_result_of_a_test_outside_the_plan_too(self):
        assert why(tests=(*ALL_NEGATIVE, Swab(None, ""))) == (Hindrance.RESULT_WAITED_FOR,)

    def test_is_closed_by_a_positive_result_and_by_a_last_one_that_is_unclear(self):
        assert why(tests=(Swab(None, "positive"), *ALL_NEGATIVE)) == (Hindrance.NOT_NEGATIVE,)
        assert why(tests=(*ALL_NEGATIVE, Swab(None, "inconclusive"))) == (Hindrance.NOT_NEGATIVE,)

    def test_is_opened_again_by_a_clear_test_after_an_unclear_one(self):
        assert why(tests=(Swab(1, "inconclusive"), *ALL_NEGATIVE)) == ()

    def test_of_a_secondary_contact_waits_for_two_results_of_the_close_contact(self):
        assert why(linked=(("negative",),)) == (Hindrance.LINKED_WAITED_FOR,)
        assert why(linked=(("negative", "negative"),)) == ()

    def test_of_a_secondary_contact_is_closed_by_a_positive_close_contact(self):
        assert why(linked=(("positive",),)) == (Hindrance.LINKED_POSITIVE,)
        assert why(linked=(("negative", "negative", "positive"),)) == ()

    def test_asks_for_no_test_of_a_day_before_the_stay_or_still_to_come(self):
        asked = rules.days_asked(DAYS, date(2022, 6, 20), begun_on=date(2022, 6, 22), today=date(2022, 6, 25))
        assert asked == (2, 3, 5)


class TestHealthCheck:
    @pytest.mark.parametrize(
        ("temperature", "symptoms", "normal"),
        [("36.5", (), True), ("37.3", (), False), ("37.2", (), True), ("36.5", ("cough",), False), (None, (), True)],
    )
    def test_is_abnormal_with_a_fever_or_a_symptom(self, temperature, symptoms, normal):
        measured = Decimal(temperature) if temperature else None
        assert rules.is_normal(measured, symptoms, Decimal("37.3")) is normal

    @pytest.mark.parametrize(
        ("now", "last", "standing"),
        [
            ((22, 9), (22, 8), Checked.THIS_ROUND),
            ((22, 9), (21, 17), Checked.DUE),
            ((22, 9), (21, 9), Checked.MISSED),
            ((22, 14), (22, 8), Checked.DUE),
            ((22, 14), (21, 17), Checked.MISSED),
            ((22, 14), None, Checked.MISSED),
        ],
    )
    def test_of_each_half_day_is_done_due_or_missed(self, now, last, standing):
        moment = datetime(2022, 6, *now, tzinfo=CITY)
        last_at = datetime(2022, 6, *last, tzinfo=CITY) if last else None
        assert rules.checked(now=moment, since=datetime(2022, 6, 20, tzinfo=CITY), last_at=last_at) is standing

    def test_is_not_missed_by_somebody_who_came_only_then(self):
        now, since = datetime(2022, 6, 22, 14, tzinfo=CITY), datetime(2022, 6, 22, 11, tzinfo=CITY)
        assert rules.checked(now=now, since=since, last_at=None) is Checked.DUE


class TestSite:
    def test_counts_only_open_inspected_and_certified(self):
        today = date(2022, 6, 20)
        assert rules.unusable("open", today, today, today) == ()
        assert rules.unusable("open", today, date(2022, 6, 19), today) == (Unusable.NO_CERTIFICATE,)
        assert rules.unusable("preparing", None, None, today) == tuple(Unusable)

    @pytest.mark.parametrize(
        ("state", "people", "capacity", "usable", "shown"),
        [
            ("ready", 0, 1, True, RoomState.FREE),
            ("ready", 0, 1, False, RoomState.UNUSABLE),
            ("ready", 1, 2, True, RoomState.PARTLY),
            ("ready", 2, 2, False, RoomState.OCCUPIED),
            ("cleaning", 0, 2, True, RoomState.CLEANING),
            ("blocked", 0, 2, True, RoomState.BLOCKED),
            ("blocked", 1, 1, True, RoomState.OCCUPIED),
        ],
    )
    def test_shows_one_state_a_room(self, state, people, capacity, usable, shown):
        assert rules.room_state(state=state, people=people, capacity=capacity, site_usable=usable) is shown


class TestRoomNumbers:
    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("201-203, 205", ("201", "202", "203", "205")),
            ("２０１，A01-A02", ("201", "A01", "A02")),
            ("101", ("101",)),
        ],
    )
    def test_names_every_room(self, text, numbers):
        assert rules.room_numbers(text) == numbers

    @pytest.mark.parametrize("text", ["", "203-201", "201, 201", "1-9999", "2/1"])
    def test_refuses_what_is_no_list_of_rooms(self, text):
        with pytest.raises(ValueError, match="no list of rooms"):
            rules.room_numbers(text)
