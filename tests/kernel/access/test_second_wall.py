"""Which tables stand behind the second wall; what is seen over it is looked at in tests/matrix."""

import pytest
from django.db import connection

from tests.world import World

ROWS = "SELECT count(*) FROM {}"
WALLED = """
SELECT relname::text FROM pg_class
WHERE relrowsecurity AND relforcerowsecurity AND relnamespace = 'public'::regnamespace ORDER BY 1
"""
# A table names a person when it has a column of one of these names, or refers to a table that names a person.
NAMED_BY = ("subject", "about", "item", "owner", "person", "person_id", "household")
NAMING = """
WITH RECURSIVE names (of) AS (
    SELECT 'people_person'::regclass
    UNION
    SELECT format('%I', table_name)::regclass FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = ANY (%s)
    UNION
    SELECT held.conrelid::regclass FROM pg_constraint AS held JOIN names ON held.confrelid = names.of
    WHERE held.contype = 'f'
)
SELECT of::text FROM names ORDER BY 1
"""
WITHOUT = {  # and why these need none
    "access_reach": "two ids; the policies ask it, nothing else does",
    "arrivals_gatecheck": "its item is a line of a gate's checklist",
    "isolation_occupancy": "a bed's row of a stay, which stands behind the wall; boards count these",
    "measures_phase": "days of an order, which stands behind the wall",
    "testing_result": "a tube's result; the tube stands behind the wall",
    "ledger_leaf": "a number and a hash",
    "loop_duty": "its subject is the run's, whose row says about whom and stands behind the wall; boards count these",
    "web_progress": "its owner is an account",
}


def asked(question: str, *values: object) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(question, list(values) or None)
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.django_db
class TestTheWall:
    def test_stands_before_every_table_that_names_a_person(self):
        naming = set(asked(NAMING.replace("%I", "%%I"), list(NAMED_BY)))
        walled = set(asked(WALLED))
        assert {"people_person", "measures_link", "isolation_stay", "ledger_fact"} <= naming
        assert naming - walled == set(WITHOUT), "a table that names a person needs access_wall() in its migration"

    def test_lets_the_applications_role_read_and_nothing_else(self):
        rights = "SELECT DISTINCT cmd FROM pg_policies WHERE 'bihuan_app' = ANY (roles)"
        assert asked(rights) == ["SELECT"]

    def test_is_no_wall_for_the_whole_city(self, city: World):
        """Not even a condition to be weighed: what the city reads costs what it cost without."""
        for table in asked(WALLED):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {ROWS.format(table)}")
                assert "Filter" not in " ".join(line for (line,) in cursor.fetchall()), table
