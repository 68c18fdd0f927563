"""Who reads about people leaves a trace that the people themselves can be shown."""

from uuid import uuid4

import pytest

from bihuan.kernel import access
from bihuan.kernel.access import events
from bihuan.kernel.ledger import history
from tests.world import World

pytestmark = pytest.mark.django_db


class TestReading:
    def test_a_person_leaves_a_fact_on_the_person(self, city: World) -> None:
        scope = access.scope_for(city.user("gate_officer")).for_power("people.open")
        person = uuid4()
        access.opened(scope, person, "landing")
        (fact,) = history(f"person:{person}")
        assert (fact.kind, fact.payload, fact.unit) == (
            events.PERSON_OPENED,
            {"purpose": "landing"},
            city.unit("gate-rail").id,
        )

    def test_a_list_leaves_one_fact_naming_everybody_on_it(self, city: World) -> None:
        scope = access.scope_for(city.user("gate_officer"))
        people = [uuid4(), uuid4()]
        access.listed(scope, "arrivals.list", people)
        access.listed(scope, "arrivals.list", [])
        (fact,) = history(scope.user.subject)
        assert fact.payload == {"what": "arrivals.list", "count": 2, "people": [str(one) for one in people]}
