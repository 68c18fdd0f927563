"""Before the disk is full, what people enter is refused in words; reading goes on, and nobody is held for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client, override_settings

from bihuan.kernel import clock, ledger
from bihuan.modules.measures.models import Order
from bihuan.modules.people import actions as people
from bihuan.modules.people.models import Person
from bihuan.site import postgres, space
from bihuan.site.worker import turn
from tests.journeys.city import Journey
from tests.journeys.ordered import ordered
from tests.signing_in import sign_in


@contextmanager
def nearly_full() -> Iterator[None]:
    with override_settings(DISK_PERCENT_MAX=0):
        yield


class TestRefusing:
    def test_tells_whoever_enters_something_what_to_do(self, lived_in: Journey, client: Client) -> None:
        sign_in(client, lived_in.user("gate_officer"))
        client.cookies["django_language"] = "en"
        sent = {"name": "Li Ming", "id_type": "passport", "id_number": "E1", "phone": "13900000000", "sex": "unknown"}
        with nearly_full():
            with pytest.raises(space.DiskNearlyFull):
                people.register(name="Li Ming", unit=lived_in.unit("gate-rail"), **lived_in.by("gate_officer"))
            answer = client.post("/people/new", {**sent, "key": str(uuid4())})
            told = answer.content.decode()
        assert answer.status_code < 500
        assert "% full" in told or "磁盘" in told
        assert not Person.objects.filter(name="Li Ming").exists()

    def test_leaves_reading_as_it_was_and_leaves_its_facts(self, lived_in: Journey, client: Client) -> None:
        order = ordered(lived_in, 1, "Zhang San")
        sign_in(client, lived_in.user("clerk"))
        with nearly_full():
            assert client.get(f"/orders/{order.id}").status_code == 200
        assert "person.opened" in [fact.kind for fact in ledger.history(f"person:{order.person_id}")]

    def test_holds_nobody_longer(self, lived_in: Journey) -> None:
        order = ordered(lived_in, 1, "Zhang San")
        with nearly_full(), clock.given(order.ends_at + timedelta(minutes=1)) as now:
            while turn(now):
                pass
        assert Order.objects.get(pk=order.id).state == "ended"


class TestPercent:
    def test_looks_at_the_disk_of_the_embedded_database_and_at_a_named_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BIHUAN_HOME", str(tmp_path))
        monkeypatch.delenv("BIHUAN_DATABASE_URL", raising=False)
        postgres.cluster(tmp_path).directory.mkdir(parents=True, exist_ok=True)
        assert space._places() == [tmp_path, postgres.cluster(tmp_path).directory]
        monkeypatch.setenv("BIHUAN_DATABASE_URL", "postgresql:///elsewhere")
        assert space._places() == [tmp_path]
        monkeypatch.setenv("BIHUAN_DATABASE_DISK", "/")
        assert space._places() == [tmp_path, Path("/")]

    def test_is_that_of_the_fullest_and_kept_for_a_moment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(space, "_seen", None)
        monkeypatch.setattr(space, "_places", lambda: [Path("/a"), Path("/b")])
        monkeypatch.setattr(space, "_percent", {Path("/a"): 20, Path("/b"): 93}.__getitem__)
        assert space.percent_used() == 93
        monkeypatch.setattr(space, "_places", lambda: [])
        assert space.percent_used() == 93
        monkeypatch.setattr(space, "KEPT_SECONDS", 0.0)
        assert space.percent_used() == 0
        monkeypatch.setattr(space, "_seen", None)
