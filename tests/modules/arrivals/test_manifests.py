"""Real manifests, not made by us: they lie beside the repository, and always where CI runs."""

import os
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest

from bihuan.kernel import clock, custody
from bihuan.kernel.ledger import Actor
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.models import Arrival
from tests.world import World, world

MANIFESTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "manifests"
pytestmark = pytest.mark.skipif(
    not MANIFESTS.is_dir() and os.environ.get("CI") != "true", reason="the manifests are not here"
)


@pytest.fixture
def city(db: None) -> World:
    return world()


def take_in(city: World, name: str, **how):
    return actions.import_arrivals(
        (MANIFESTS / name).read_bytes(), name, at=clock.now(), by=city.actor("gate_officer"), key=uuid4(), **how
    )


def bad_cells(result) -> set[tuple[int, str, str]]:
    return {(problem.row, problem.column, problem.value) for problem in result.problems}


class TestValidManifests:
    @pytest.mark.parametrize(("name", "rows"), [("Epi-X-Format.csv", 15), ("SDX-Format.csv", 11)])
    def test_come_in_wholly_and_again_as_duplicates(self, city: World, name: str, rows: int):
        first = take_in(city, name)
        assert (first.created, first.rejected, first.doubtful, first.problems) == (rows, 0, 0, ())
        second = take_in(city, name)
        assert (second.created, second.duplicate) == (0, rows)
        assert Arrival.objects.count() == rows

    def test_are_wanted_from_overseas(self, city: World):
        with clock.given(datetime(2021, 5, 15, 9, tzinfo=clock.CITY)):
            batch = take_in(city, "SDX-Format.csv").batch
        assert set(Arrival.objects.values_list("origin_kind", flat=True)) == {"overseas"}
        assert custody.reconciliation(f"batch:{batch}").outcomes == {"pending": 11}

    def test_of_long_ago_are_history_where_they_have_a_date(self, city: World):
        batch = take_in(city, "Epi-X-Format.csv").batch
        assert custody.reconciliation(f"batch:{batch}").outcomes == {"history": 4, "pending": 11}
        assert custody.reconciliation(f"batch:{batch}").balanced

    def test_rows_without_a_date_are_to_be_confirmed(self, city: World):
        take_in(city, "SDX-Format.csv")
        assert Arrival.objects.filter(expected_at__isnull=True, state="expected").count() == 9


class TestManifestsOfOneFlight:
    def test_tell_the_same_people_apart_from_others(self, city: World):
        take_in(city, "Epi-X-Format-Invalid-Dates.csv")
        valid = take_in(city, "Epi-X-Format.csv")
        assert (valid.created, valid.updated, valid.duplicate) == (5, 1, 9)
        assert Arrival.objects.count() == 15


class TestInvalidManifests:
    def test_dates_name_each_bad_cell(self, city: World):
        result = take_in(city, "Epi-X-Format-Invalid-Dates.csv")
        assert (result.created, result.rejected) == (10, 5)
        assert bad_cells(result) == {
            (2, "DOB", "31/7/1961"),
            (4, "Perm_Home_Telephone", "111-222-3333"),
            (6, "DOB", "20/7/1998"),
            (8, "DOB", "31/12/1999"),
            (14, "DOB", "09/99/1965"),
            (15, "DOB", "28/28/1932"),
        }

    def test_fields_name_each_bad_cell(self, city: World):
        result = take_in(city, "Epi-X-Format-Invalid-Fields.csv")
        assert (result.created, result.rejected) == (0, 3)
        assert bad_cells(result) == {
            (2, "DOB", "asdf"),
            (2, "Perm_Home_Telephone", "fdsa"),
            (2, "Perm_City", "234"),
            (2, "Perm_State", "123"),
            (2, "Perm_Postal_Code", "fasdsdf"),
            (2, "Perm_Country", "dsfsaf"),
            (2, "Perm_Email", "123213"),
            (2, "Emergency_Telephone", "Asdf"),
            (2, "DateDeparture", "sadf"),
            (2, "DateArrival", "0/1/20"),
            (2, "CityArrival", "123"),
            (2, "CDCCaseID", "asdf"),
            (3, "Perm_State", "asdfsdag"),
            (3, "Perm_Country", "12"),
            (3, "Perm_Email", "sadfds"),
            (3, "Emergency_Telephone", "12345"),
            (3, "DateDeparture", "4/20/00"),
            (3, "DateArrival", "123"),
            (4, "DOB", "4/19/00"),
            (4, "Perm_State", "asdfsdag"),
            (4, "Perm_Country", "12"),
            (4, "Perm_Email", "sadfds"),
            (4, "DateDeparture", "1/0/2021"),
            (4, "DateArrival", "1/1/00"),
        }

    def test_headers_are_refused_with_the_columns_named(self, city: World):
        with pytest.raises(queries.FileRefused) as refused:
            take_in(city, "SDX-Format-Invalid-Headers.csv")
        assert "VesselName, VoyageId" in str(refused.value)

    def test_corrected_outcome_file_goes_in_again(self, city: World):
        batch = take_in(city, "Epi-X-Format-Invalid-Dates.csv").batch
        assert batch is not None
        outcome = b"".join(queries.outcome_csv(batch)).decode("utf-8-sig")
        corrected = outcome.replace("31/7/1961", "7/31/1961").replace("28/28/1932", "2/28/1932")
        again = actions.import_arrivals(
            corrected.encode("utf-8-sig"), "outcome.csv", at=clock.now(), by=Actor.system("tests"), key=uuid4()
        )
        assert (again.created, again.duplicate, again.rejected) == (2, 10, 3)
