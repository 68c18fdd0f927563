"""One count of an address at a door, whichever process it came to."""

from datetime import timedelta
from threading import Thread

from django.db import connection
from django.test import RequestFactory

from bihuan.kernel import clock
from bihuan.kernel.web.knocks import knock
from bihuan.kernel.web.models import Knock

HOUR = timedelta(hours=1)


def knocked(address: str = "10.0.0.1", door: str = "declare") -> int:
    return knock(RequestFactory().get("/", REMOTE_ADDR=address), door, HOUR)


class TestKnock:
    def test_counts_each_address_at_each_door(self, db: None):
        assert [knocked(), knocked(), knocked("10.0.0.2"), knocked(door="appeal"), knocked()] == [1, 2, 1, 1, 3]

    def test_keeps_no_address(self, db: None):
        knocked()
        assert "10.0.0.1" not in Knock.objects.get().name

    def test_begins_anew_when_the_window_is_over_and_forgets_the_others(self, db: None):
        knocked("10.0.0.9")
        knocked()
        knocked()
        with clock.given(clock.now() + HOUR):
            assert knocked() == 1
        assert Knock.objects.count() == 1

    def test_many_at_once_are_all_counted(self, transactional: None):
        now = clock.now()

        def work() -> None:
            with clock.given(now):
                for _ in range(5):
                    knocked()
            connection.close()

        workers = [Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert Knock.objects.get().count == 20
