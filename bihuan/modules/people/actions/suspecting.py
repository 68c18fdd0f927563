"""Who may be in the register twice: found when somebody is written, so that no page has to look for it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from bihuan.kernel.db import uuid7
from bihuan.modules.people.actions.sql import statement
from bihuan.modules.people.models import Pair
from bihuan.modules.people.queries import prepared
from bihuan.science.linkage import Outcome, published


def suspect(person_ids: Collection[UUID], *, at: datetime) -> None:
    """Compare these people with whoever could be one of them, and keep every pair that is worth an officer's look.

    A pair that was told apart stays so. Pairs are derived from particulars and leave no fact; what is decided about
    them does.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("candidates"), [list(person_ids)])
        pairs = cursor.fetchall()
    if not pairs:
        return
    known = prepared({person for pair in pairs for person in pair})
    weights = published()
    found = [(first, second, weights.judge(known[first], known[second])) for first, second in pairs]
    Pair.objects.bulk_create(
        [
            Pair(
                id=uuid7(),
                first_id=first,
                second_id=second,
                bits=round(told.score, 2),
                outcome=told.outcome.value,
                found_at=at,
            )
            for first, second, told in found
            if told.outcome is not Outcome.DIFFERENT
        ],
        update_conflicts=True,
        unique_fields=["first", "second"],
        update_fields=["bits", "outcome"],
    )
