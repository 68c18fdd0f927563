"""Files that others made: manifests, uploads of laboratories, lists of persons. They lie beside the repository, and
always where CI runs.
"""

import csv
import os
from datetime import date
from pathlib import Path

import pytest

from bihuan.kernel.files import Column, FileProblem, Form, Intake, Line
from tests.kernel.files.sheets import forms

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
ON = date(2022, 6, 20)
pytestmark = pytest.mark.skipif(not DATA.is_dir() and os.environ.get("CI") != "true", reason="the data is not here")


def form(code: str, kinds: dict[str, str], headers: list[str], date_order: str = "MDY", country: str = "US") -> Form:
    """A form that asks for these columns, as text where nothing else is said."""
    columns = tuple(Column((header,), kinds.get(header, "text")) for header in headers)
    return Form(code, columns, date_order, defaults={"country": country} if country else {})


def headers_of(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), [])


def cells_of(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [tuple(row) for row in list(csv.reader(file))[1:] if any(row)]


def read(path: Path, *listed: Form) -> tuple[Intake, list[Line]]:
    intake = Intake(path, listed, name=path.name)
    return intake, list(intake.lines(ON))


def told(lines: list[Line]) -> set[tuple[int, str, str]]:
    """What was found, but for repairs of no consequence."""
    slight = ("spaces", "line_break", "row_repeated")
    return {(note.row, note.column, note.code) for line in lines for note in line.notes if note.code not in slight}


class TestManifests:
    @pytest.mark.parametrize(("name", "rows"), [("Epi-X-Format.csv", 15), ("SDX-Format.csv", 11)])
    def test_of_carriers_have_nothing_wrong(self, name: str, rows: int):
        intake, lines = read(DATA / "manifests" / name, *forms())
        assert (intake.rows, intake.notes) == (rows, [])
        assert told(lines) <= {(14, "Perm_Postal_Code", "zero_lost")}

    def test_with_invalid_dates_name_each_of_them(self):
        _intake, lines = read(DATA / "manifests" / "Epi-X-Format-Invalid-Dates.csv", *forms())
        assert told(lines) == {
            *((row, "DOB", "date_range") for row in (2, 6, 8, 14, 15)),
            (4, "Perm_Home_Telephone", "phone_area_code"),
            (14, "Perm_Postal_Code", "zero_lost"),
        }

    def test_without_all_their_columns_are_refused(self):
        with pytest.raises(FileProblem) as problem:
            read(DATA / "manifests" / "SDX-Format-Invalid-Headers.csv", *forms())
        assert problem.value.code == "columns_missing_no_rows"
        assert problem.value.names[:2] == ("VesselName", "VoyageId")


class TestUploads:
    KINDS = {
        "patient_phone_number": "phone_us",
        "patient_dob": "birth",
        "patient_zip_code": "postal",
        "patient_last_name": "name",
        "patient_first_name": "name",
        "order_test_date": "moment",
        "specimen_collection_date": "moment",
        "test_result_date": "moment",
        "date_result_released": "moment",
    }

    @pytest.mark.parametrize(
        "name",
        [
            "test-results-upload-valid.csv",
            "test-results-upload-valid-required-only.csv",
            "test-results-upload-valid-4000-rows.csv",
        ],
    )
    def test_of_a_laboratory_have_nothing_wrong(self, name: str):
        path = DATA / "lab" / "upload" / name
        intake, lines = read(path, form("lab", self.KINDS, headers_of(path)))
        assert told(lines) == set()
        assert intake.rows == len(cells_of(path))
        at = intake.heading.headers.index("order_test_date")
        assert {line.values[at] for line in lines} <= {"2021-12-20 14:00", "2021-12-21 17:00"}

    def test_with_times_in_lettered_zones_are_doubtful(self):
        path = DATA / "lab" / "upload" / "test-results-upload-valid-with-flu-results.csv"
        _intake, lines = read(path, form("lab", self.KINDS, headers_of(path)))
        assert {code for _row, _column, code in told(lines)} == {"time_zone"}

    def test_full_of_nonsense_say_so_cell_by_cell(self):
        path = DATA / "lab" / "upload" / "test-results-upload-invalid-values.csv"
        _intake, lines = read(path, form("lab", self.KINDS, headers_of(path)))
        codes = {column: code for _row, column, code in told(lines)}
        assert codes["patient_dob"] == "date_form"
        assert codes["patient_phone_number"] == "phone_form"
        assert codes["patient_zip_code"] == "postal_form"

    def test_of_persons_with_invalid_values_say_so(self):
        path = DATA / "lab" / "upload" / "invalidValues.csv"
        kinds = {"date_of_birth": "birth", "email": "email", "zip_code": "postal", "phone_number": "phone_us"}
        _intake, lines = read(path, form("persons", kinds, headers_of(path)))
        assert told(lines) == {
            (2, "date_of_birth", "date_short_year"),
            (2, "email", "email_form"),
            (2, "zip_code", "zero_lost"),
        }


class TestBadTables:
    HEADERS = ("lab", "first_name", "last_name", "state", "test_time", "specimen_id", "observation")
    KINDS = {"first_name": "name", "last_name": "name", "test_time": "moment", "specimen_id": "digits"}

    def asked(self) -> Form:
        return form("tests", self.KINDS, list(self.HEADERS), date_order="YMD")

    @pytest.mark.parametrize("name", ["happy-path.csv", "quoted-strings-with-embedded-commas.csv", "1001-lines.csv"])
    def test_that_only_look_odd_are_read(self, name: str):
        path = DATA / "lab" / "bad_csv" / name
        intake, lines = read(path, self.asked())
        assert told(lines) == set()
        assert intake.rows == len(cells_of(path))
        assert {line.values[4] for line in lines} == {"2020-10-10 17:42:31+00:00"}

    def test_with_commas_quotes_and_tabs_in_a_cell_keep_them(self):
        _intake, lines = read(DATA / "lab" / "bad_csv" / "quoted-strings-with-embedded-commas.csv", self.asked())
        assert [line.values[0] for line in lines] == [
            "Bob's Country Bunker Lab",
            "Labs, Inc",
            "'Labs Inc'",
            "This Lab Name is Very Long with Lots of Spaces and Even a Tab Character In it.",
        ]

    def test_with_weird_dates_show_that_all_are_one_day(self):
        _intake, lines = read(DATA / "lab" / "bad_csv" / "weird-dates.csv", self.asked())
        assert {line.values[4] for line in lines} == {"2020-01-31"}

    def test_with_other_things_than_they_say_are_named(self):
        _intake, lines = read(DATA / "lab" / "bad_csv" / "wrong-type-data.csv", self.asked())
        assert told(lines) == {
            (2, "first_name", "no_letters"),
            (2, "last_name", "no_letters"),
            (2, "test_time", "date_form"),
            (2, "specimen_id", "not_digits"),
        }

    def test_without_anything_are_refused(self):
        with pytest.raises(FileProblem) as problem:
            read(DATA / "lab" / "bad_csv" / "completely-empty-file.csv", self.asked())
        assert problem.value.code == "file_empty"


class TestPersons:
    KINDS = {"BIRTHDATE": "date", "FIRST": "name", "LAST": "name", "ZIP": "postal"}

    def test_of_the_register_are_all_there_as_they_stand(self):
        path = DATA / "matching" / "nbs_seed.csv"
        intake, lines = read(path, form("persons", self.KINDS, headers_of(path)))
        assert intake.rows == len(cells_of(path)) == 1044
        assert [line.sent for line in lines] == cells_of(path)
        assert {(column, code) for _row, column, code in told(lines)} == {
            ("ZIP", "zero_lost"),
            ("BIRTHDATE", "date_short_year"),
        }
        short = [line for line in lines if "date_short_year" in {note.code for note in line.notes}]
        assert all(line.sent[2].count("/") == 2 and not line.values[2] for line in short)

    def test_to_be_matched_keep_what_is_wrong_with_them_visible(self):
        path = DATA / "matching" / "nbs_test.csv"
        intake, lines = read(path, form("persons", self.KINDS, headers_of(path)))
        assert intake.rows == len(cells_of(path)) == 84
        assert [line.sent for line in lines] == cells_of(path)
        assert all(note.value for line in lines for note in line.notes)
