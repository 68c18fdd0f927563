"""Many requests of one account in the same moment do not slip past the limit of a day."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from django.db import connection

from bihuan.kernel import access, clock
from bihuan.kernel.access import events
from bihuan.kernel.access.reading import ReadingSpent
from bihuan.kernel.ledger import history
from tests.conftest import START
from tests.world import world


class TestManyAtOnce:
    def test_open_as_many_as_one_after_the_other(self, transactional: None) -> None:
        scope = access.scope_for(world().user("team_lead"))

        def opens(how_many: int) -> int:
            got = 0
            with clock.given(START):
                for _ in range(how_many):
                    try:
                        access.opened(scope, uuid4(), "care")
                        got += 1
                    except ReadingSpent:
                        pass
            connection.close()
            return got

        with ThreadPoolExecutor(6) as threads:
            assert sum(threads.map(opens, [25] * 6)) == 100
        spent = [fact for fact in history(scope.user.subject) if fact.kind == events.READING_SPENT]
        assert len(spent) == 1
