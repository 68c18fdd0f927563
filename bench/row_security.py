"""What row-level security would cost: reads of people and orders without a policy and under one (decision 27).

    BIHUAN_DATABASE_URL=postgresql://owner@host/city python -m bench.row_security

Acts as the owner of a filled database, inside one transaction that is rolled back. The tables it tries are locked while
it runs.
"""

import os
import re
import sys

import psycopg
from psycopg import sql

REPEATS = 7
EVERYTHING = "(SELECT coalesce(current_setting('bihuan.reach', true), '') = '*')"
UNITS = "(SELECT current_setting('bihuan.units', true)::uuid[])::uuid[]"
POLICIES = {
    "people_person": f"{EVERYTHING} OR unit_id = ANY ({UNITS})",
    "measures_order": f"{EVERYTHING} OR unit_id = ANY ({UNITS}) OR deciding_unit_id = ANY ({UNITS})",
}
READS = {  # {reach} is the filter of the application, {begins} and {ends} bound a prefix of a name
    "people, one page, district": "SELECT id FROM people_person WHERE {reach} ORDER BY name_key, id LIMIT 50",
    "people, count, district": "SELECT count(*) FROM people_person WHERE {reach}",
    "people, count, city": "SELECT count(*) FROM people_person",
    "one person": "SELECT * FROM people_person WHERE id = {person}",
    "people LIKE, district": "SELECT id FROM people_person WHERE {reach} AND name_key LIKE {like}"
    " ORDER BY name_key, id LIMIT 50",
    "people LIKE, city": "SELECT id FROM people_person WHERE name_key LIKE {like} ORDER BY name_key, id LIMIT 50",
    "people between, district": "SELECT id FROM people_person WHERE {reach} AND name_key >= {begins}"
    " AND name_key < {ends}"
    " ORDER BY name_key, id LIMIT 50",
    "people between, city": "SELECT id FROM people_person WHERE name_key >= {begins} AND name_key < {ends}"
    " ORDER BY name_key, id LIMIT 50",
    "orders, one page, district": "SELECT id FROM measures_order WHERE {reach} OR deciding_{reach}"
    " ORDER BY ends_at, id LIMIT 50",
    "orders, count, district": "SELECT count(*) FROM measures_order WHERE {reach} OR deciding_{reach}",
}


def milliseconds(cursor: psycopg.Cursor, statement: sql.Composed) -> float:
    """The best of several runs: what the statement costs when nothing else is in its way."""
    found = []
    for _ in range(REPEATS):
        cursor.execute(sql.SQL("EXPLAIN (ANALYZE, TIMING OFF) ") + statement)
        told = " ".join(row[0] for row in cursor.fetchall())
        found.append(float(re.findall(r"Execution Time: ([\d.]+)", told)[0]))
    return min(found)


def main() -> None:
    with psycopg.connect(os.environ["BIHUAN_DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off; SET LOCAL lock_timeout = '3s'")
        cursor.execute("SELECT path FROM access_unit WHERE kind = 'district' ORDER BY path LIMIT 1")
        (path,) = cursor.fetchone() or sys.exit("There is no district.")
        cursor.execute("SELECT array_agg(id::text) FROM access_unit WHERE path LIKE %s", [path + "%"])
        (units,) = cursor.fetchone() or ([],)
        cursor.execute(
            "SELECT id, left(name_key, 3) FROM people_person WHERE unit_id = ANY (%s::uuid[]) LIMIT 1", [units]
        )
        person, begins = cursor.fetchone() or sys.exit("Nobody lives there.")
        reach = sql.SQL("unit_id = ANY ({}::uuid[])").format(sql.Literal("{" + ",".join(units) + "}"))
        words = {
            "reach": reach,
            "person": sql.Literal(person),
            "like": sql.Literal(begins + "%"),
            "begins": sql.Literal(begins),
            "ends": sql.Literal(begins[:-1] + chr(ord(begins[-1]) + 1)),
        }
        reads = {name: sql.SQL(read).format(**words) for name, read in READS.items()}
        without = {name: milliseconds(cursor, read) for name, read in reads.items()}
        for table, policy in POLICIES.items():
            cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            cursor.execute(f"CREATE POLICY reach ON {table} USING ({policy})")
        cursor.execute("SET LOCAL ROLE bihuan_app")
        for name, read in reads.items():
            everything = "*" if name.endswith("city") else ""
            cursor.execute(
                "SELECT set_config('bihuan.reach', %s, true), set_config('bihuan.units', %s, true)",
                [everything, "{" + ",".join(units) + "}"],
            )
            print(f"{name:30} {without[name]:10.2f} {milliseconds(cursor, read):10.2f} ms")  # noqa: T201
        connection.rollback()


if __name__ == "__main__":
    main()
