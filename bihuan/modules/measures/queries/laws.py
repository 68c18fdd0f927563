"""Whether every restriction has its order and every order its evidence, counted over all rows at once."""

from datetime import timedelta
from pathlib import Path

from django.db import connection

from bihuan.kernel import clock
from bihuan.modules.measures.rules import EVIDENCE_KINDS

GRACE = timedelta(hours=1)  # the worker ends an order within minutes; an hour late is a person held without an order

UNLAWFUL = (Path(__file__).parent / "sql" / "unlawful.sql").read_text(encoding="utf-8")


def violations() -> dict[str, int]:
    """Live orders without bond, evidence or future, and people bound by something that is no live order."""
    with connection.cursor() as cursor:
        cursor.execute(UNLAWFUL, {"kinds": sorted(EVIDENCE_KINDS), "late": clock.now() - GRACE})
        orders, bonds = cursor.fetchone()
    return {"restrictions_without_order_or_evidence": orders + bonds}
