"""People with names, numbers and telephones that stand nowhere else go through the main flows, faults among them.

Afterwards none of it stands where it does not belong: in the log of the program, in the log of the database, in the
payload of a job, in an address that is logged, on a page that says something went wrong.
"""

import csv
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test import Client

from bihuan.kernel.web import exporting
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow
from bihuan.modules.people.models import Person
from bihuan.site import logs, postgres, settings
from tests.journeys.city import LANZHOU, Journey, resident_id
from tests.journeys.ordered import ordered
from tests.kernel.web.test_jobs import work
from tests.signing_in import sign_in

PROVE = os.environ.get("BIHUAN_PROVE") == "1"
PEOPLE = 300 if PROVE else 3
NAME = "禤金丝雀"
HEADERS = ["Name", "ID number", "ID type", "Phone", "Mode", "Carrier", "Origin"]


def canary(number: int) -> dict[str, str]:
    return {
        "name": f"{NAME}{chr(0x4E00 + number)}",
        "id_number": resident_id(700 + number % 250, f"19770{number // 250 + 1}17"),
        "phone": f"1777{number:07d}",
        "address": f"金丝雀巷{number}号",
    }


CANARIES = [canary(number) for number in range(PEOPLE)]
WORDS = [
    NAME,
    "金丝雀巷",
    *[value for one in CANARIES for name, value in one.items() if name in ("id_number", "phone")],
]


def found_in(text: str) -> list[str]:
    escaped = [(word, word.encode("unicode_escape").decode()) for word in WORDS]
    return [word for word, other in escaped if word in text or other in text]


class Heard(logging.Handler):
    """Everything that is logged at any level, as the installation writes it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.out = io.StringIO()
        self.setFormatter(logs.Formatter(settings.LOGGING["formatters"]["plain"]["format"]))  # type: ignore[index]

    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(self.format(record) + "\n")


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler, root = Heard(), logging.getLogger()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


def log_of_the_database() -> Path | None:
    """Of our own embedded server; another's is not ours to read."""
    if os.environ.get("BIHUAN_DATABASE_URL"):
        return None
    return postgres.cluster(postgres.default_home()).log


def manifest() -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADERS)
    for one in CANARIES:
        writer.writerow([one["name"], one["id_number"], "resident_id", one["phone"], "rail", "G1564", "上海市"])
    writer.writerow([f"{NAME}坏", "410802197701170000", "resident_id", "1777", "rail", "G1564", "nowhere"])
    return out.getvalue().encode()


@pytest.mark.slow
class TestCanaries:
    def test_are_seen_nowhere_but_on_the_pages_that_are_about_them(
        self, lived_in: Journey, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = log.stat().st_size if (log := log_of_the_database()) and log.exists() else 0
        client = Client(headers={"accept-language": "en"}, raise_request_exception=False)
        jobs = self.lives(lived_in, client, monkeypatch)
        assert found_in(jobs) == []
        pages = self.faults(lived_in, client, monkeypatch)
        for page in pages:
            assert found_in(page) == []
        written = heard.out.getvalue()
        assert "IntegrityError" in written  # the faults were logged
        assert found_in(written) == []
        if log:
            assert found_in(log.read_bytes()[before:].decode(errors="replace")) == []
        assert Person.objects.filter(name__startswith=NAME).count() >= PEOPLE  # they were there to be seen

    def lives(self, city: Journey, client: Client, monkeypatch: pytest.MonkeyPatch) -> str:
        """A file, a landing, an order, pages, a list taken away, a personal link. Hands back what the jobs carried."""
        sign_in(client, city.user("commander"))
        sent = {"file": SimpleUploadedFile("list.csv", manifest()), "kind": "manifest", "key": str(uuid4())}
        where = client.post("/batches/new", sent)["Location"]
        assert client.post(where, {"key": str(uuid4())}).status_code == 302
        carried = payloads()
        work()
        batch = Batch.objects.get()
        told = list(BatchRow.objects.values_list("outcome", "problems"))
        assert (batch.state, batch.created) == (Batch.State.TAKEN_IN, PEOPLE), told
        sign_in(client, city.user("gate_officer"))
        for arrival in Arrival.objects.all()[:20]:
            client.get(f"/arrivals/{arrival.id}")
            client.post(f"/arrivals/{arrival.id}/landing", {"temperature": "36.5", "key": str(uuid4())})
        order = ordered(city, 3, f"{NAME}令", origin=LANZHOU)
        sign_in(client, city.user("approver"))
        for path in (f"/orders/{order.id}", "/orders/"):
            assert client.get(path).status_code == 200, path
        sign_in(client, city.user("commander"))
        for path in (f"/people/{order.person_id}?purpose=care", "/people/", f"/people/?q={NAME}"):
            assert client.get(path).status_code == 200, path
        monkeypatch.setattr(exporting, "AT_ONCE_ROWS_MAX", 1)
        sign_in(client, city.user("commander"))
        asked = {"form": "csv", "purpose": "report", "remark": "", "key": str(uuid4())}
        assert client.post("/exports", asked, query_params={"list": f"/people/?q={NAME}"}).status_code == 302
        carried += payloads()
        work()
        return carried + payloads()

    def faults(self, city: Journey, client: Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What fails: a constraint that no page expects, a value nobody can read, an address that leads nowhere."""
        one = CANARIES[0]
        person = Person.objects.filter(name__startswith=NAME).first()
        assert person

        def collide(*_args: Any, **_kwargs: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO people_person SELECT (jsonb_populate_record(p, jsonb_build_object('id', %s::text))).* "
                    "FROM people_person p WHERE p.id = %s",
                    [str(uuid4()), person.id],
                )

        def misread(*_args: Any, **_kwargs: Any) -> None:
            int(one["phone"] + one["name"])

        sign_in(client, city.user("commander"))
        client.get("/nowhere", {"q": one["name"], "id": one["id_number"]})  # its page may tell its asker what was asked
        answers = [client.get(f"/arrivals/{uuid4()}")]
        for fault in (collide, misread):
            with monkeypatch.context() as patch:
                patch.setattr("bihuan.modules.arrivals.queries.Trips.rows", fault)
                answers.append(client.get("/arrivals/"))
        with pytest.raises(IntegrityError):
            collide()
        assert any(answer.status_code == 500 for answer in answers)
        return [answer.content.decode() for answer in answers]


def payloads() -> str:
    """Everything that the queue keeps and what it tells of progress."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(string_agg(j::text, ' '), '') FROM procrastinate_jobs j UNION ALL "
            "SELECT coalesce(string_agg(e::text, ' '), '') FROM procrastinate_events e UNION ALL "
            "SELECT coalesce(string_agg(p::text, ' '), '') FROM web_progress p"
        )
        return " ".join(row[0] for row in cursor.fetchall())
