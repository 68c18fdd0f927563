"""Reading cells, recognising forms, telling trips apart: pure."""

import json
from datetime import date, datetime, timedelta

import pytest

from bihuan.kernel.files import FileProblem, Intake
from bihuan.modules.arrivals.queries.forms import forms
from bihuan.modules.arrivals.rules import (
    Lookups,
    Outcome,
    Problem,
    RowReader,
    Trip,
    is_over,
    left_on,
    merged,
    place,
    worst_level,
)
from bihuan.modules.arrivals.rules.classing import Ground, facts_of
from bihuan.modules.places.rules.gazetteer import Place

TODAY = date(2022, 6, 20)


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
        headers = ",".join(column.name for column in epi.columns[:-1])
        with pytest.raises(FileProblem) as problem:
            Intake(f"{headers}\nx\n".encode(), forms())
        assert (problem.value.code, problem.value.names) == ("columns_missing", ("Notes",))

    def test_empty_rows_are_passed_over_but_counted(self):
        lines = Intake("姓名,电话\n\n,,\n张三,13800000001\n".encode(), forms()).lines(TODAY)
        assert [line.number for line in lines] == [4]


class TestRowReader:
    PLAN = "姓名,证件类型,证件号码,联系电话,出发时间,预计到达时间,出发地,最后暴露日期\n"

    def read(self, row: str, **known: object):
        intake = Intake((self.PLAN + row).encode(), forms())
        reader = RowReader(intake.plan, Lookups(**known), TODAY)  # type: ignore[arg-type]
        return next(reader.read(line) for line in intake.lines(TODAY))

    def test_makes_a_traveller_of_a_good_row(self):
        row = self.read(
            "张三,护照,E1,13800000001,2022-06-19 08:00,2022-06-20,上海市,",
            area={"上海市": Place("310000", is_whole=True)}.get,
        )
        assert row.problems == ()
        assert row.traveller is not None
        assert (row.traveller.name, row.traveller.id_type, row.traveller.origin) == ("张三", "passport", "310000")
        assert row.traveller.departed_at == datetime(2022, 6, 19, 8, 0)  # noqa: DTZ001 (local until it is stored)
        assert row.traveller.expected_at == datetime(2022, 6, 20, 23, 59)  # noqa: DTZ001

    @pytest.mark.parametrize(
        ("cells", "code", "severity"),
        [
            ("张三,护照,E1,,2022-06-21,2022-06-20,,", "departs_after_arrival", "error"),
            ("张三,护照,E1,,2022-06-20 15:00,2022-06-20 09:00,,", "departs_after_arrival", "doubt"),
            ("张三,护照,E1,13800000001,,,,", "nothing_of_the_trip", "doubt"),
            ("张三,护照,E1,,,2022-08-20,,", "too_far_ahead", "doubt"),
            ("张三,护照,E1,,,,,2022-07-01", "exposure_future", "error"),
            ("张三,护照,E1,,,,无此地,", "area_unknown", "doubt"),
            ("张三,,,,,,,", "nothing_to_know_by", "error"),
            ("张三,船票,E1,,,,,", "document_unknown", "error"),
            ("张三,护照,E1,12345,,2022-06-20,,", "phone_length", "warning"),
            ("张 三,护照,E1,,,2022-06-20,,", "name_spaced", "repaired"),
            ("张三,护照,E1,,6/5/2022,,,", "date_order", "doubt"),
            ("同上,护照,E1,,,,,", "ditto_identity", "error"),
        ],
    )
    def test_says_what_is_wrong_and_how_much_it_matters(self, cells: str, code: str, severity: str):
        row = self.read(cells)
        assert [(problem.code, problem.severity.value) for problem in row.problems] == [(code, severity)]
        assert (row.traveller is None) == (severity == "error")

    def test_a_departure_without_its_hour_is_no_later_than_an_arrival_of_its_day(self):
        assert self.read("张三,护照,E1,,2022-06-20,2022-06-20 09:00,,").problems == ()

    def test_keeps_a_problem_as_it_was(self):
        [problem] = self.read("张 三,护照,E1,,,2022-06-20,,").problems
        assert Problem.of(json.loads(json.dumps(problem.as_json()))) == problem


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
