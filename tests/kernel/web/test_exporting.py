"""A list is taken away: asked for with a purpose, whole, told, and only by whoever may see it."""

import csv
import hashlib
import io
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import openpyxl
import psycopg
import pytest
from django.db import connection
from django.test import Client
from playwright.sync_api import expect

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.kernel.web import exporting, jobs
from bihuan.kernel.web.models import Export, ExportPart, Progress
from bihuan.modules.people import actions as people
from bihuan.site.edge import set_city_time
from tests.browser import PHONE, CityPage, check_axe, check_fits, look
from tests.conftest import owner_connection
from tests.kernel.web.test_jobs import work
from tests.processes import worker
from tests.signing_in import sign_in
from tests.world import World, world

HERE, THERE = "410811001001", "410802001001"
SURNAMES = "赵钱孙李周吴郑王冯陈"


@pytest.fixture
def city(transactional: None) -> World:
    return world()


def enter(city: World, count: int, unit: str = HERE) -> list[UUID]:
    return [
        people.register(
            name=f"{SURNAMES[number % 10]}{number}",
            id_type="passport",
            id_number=f"P{unit}{number}",
            unit=city.unit(unit).id,
            at=clock.now(),
            by=city.actor("gate_officer"),
            key=uuid4(),
        )
        for number in range(count)
    ]


def ask(client: Client, address: str = "/people/", **changes: str) -> object:
    sent = {"form": "csv", "purpose": "report", "remark": "", "key": str(uuid4())} | changes
    return client.post("/exports", sent, query_params={"list": address})


def take(client: Client, address: str = "/people/", **changes: str) -> bytes:
    answer = ask(client, address, **changes)
    assert answer.status_code == 302, answer.content.decode()
    file = client.get(answer["Location"])
    assert file.status_code == 200
    content = b"".join(file.streaming_content)
    assert len(content) == int(file["Content-Length"])
    return content


def lines_of(content: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


def facts(city: World, name: str, kind: str) -> list[dict]:
    return [fact.payload for fact in history(city.user(name).subject) if fact.kind == kind]


class TestAsking:
    def test_says_which_rows_leave_and_asks_what_for(self, city: World, client: Client) -> None:
        enter(city, 3)
        sign_in(client, city.user("commander"))
        assert "/exports?list=%2Fpeople%2F%3Fsex%3Dunknown" in client.get("/people/?sex=unknown").content.decode()
        html = client.get("/exports", {"list": "/people/"}).content.decode()
        assert 'name="purpose"' in html
        assert Export.objects.count() == 0

    def test_is_refused_without_a_purpose_where_people_are_named(self, city: World, client: Client) -> None:
        enter(city, 1)
        sign_in(client, city.user("commander"))
        assert ask(client, purpose="").status_code == 422
        assert Export.objects.count() == 0

    def test_wants_no_purpose_where_nobody_is_named(self, city: World, client: Client) -> None:
        sign_in(client, city.user("commander"))
        assert len(lines_of(take(client, "/units/", purpose=""))) > 2

    @pytest.mark.parametrize("address", ["/exports", "https://example.org/people/", "/nowhere", "/", "/board/", ""])
    def test_finds_no_list_elsewhere(self, city: World, client: Client, address: str) -> None:
        sign_in(client, city.user("commander"))
        assert ask(client, address).status_code == 404

    def test_leads_to_the_sign_in_without_an_account(self, city: World, client: Client) -> None:
        assert "/sign-in" in ask(client)["Location"]


class TestFile:
    def test_has_as_many_rows_as_it_says(self, city: World, client: Client) -> None:
        enter(city, 7)
        sign_in(client, city.user("commander"))
        lines = lines_of(take(client))
        export = Export.objects.get()
        assert len(lines) == 2 + 7
        assert "7" in lines[0][0]
        assert (export.rows, len({line[0] for line in lines[2:]}) > 1) == (7, True)
        assert facts(city, "commander", "list.exported")[0]["rows"] == 7

    def test_says_on_it_who_took_it_when_where_and_what_for(self, city: World, client: Client) -> None:
        enter(city, 1)
        sign_in(client, city.user("commander"))
        note = lines_of(take(client, remark="函〔2022〕8号"))[0][0]
        export = Export.objects.get()
        for part in (str(export.number), "杨指挥", str(city.unit("410800").name), "2022-06-20 10:00", "函〔2022〕8号"):
            assert part in note
        sheet = openpyxl.load_workbook(io.BytesIO(take(client, form="xlsx"))).active
        assert "杨指挥" in sheet["A1"].value
        assert "杨指挥" in sheet.oddFooter.left.text
        assert sheet.freeze_panes == "A3"

    def test_is_cut_to_what_the_page_shows(self, city: World, client: Client) -> None:
        enter(city, 2)
        enter(city, 3, THERE)
        sign_in(client, city.user("district"))
        assert len(lines_of(take(client))) == 2 + 2
        sign_in(client, city.user("commander"))
        assert len(lines_of(take(client))) == 2 + 5
        assert len(lines_of(take(client, f"/people/?below={THERE[:6]}"))) == 2 + 3
        assert len(lines_of(take(client, "/people/?q=赵"))) == 2 + 2

    def test_masks_what_the_page_masks(self, city: World, client: Client) -> None:
        enter(city, 1)
        sign_in(client, city.user("commander"))
        content = take(client)
        assert "赵0".encode() not in content
        assert f"P{HERE}0".encode() not in content

    def test_is_the_same_in_gb18030(self, city: World, client: Client) -> None:
        enter(city, 4)
        sign_in(client, city.user("commander"))
        plain, other = lines_of(take(client)), lines_of(take(client, form="gb18030"), "gb18030")
        assert other[1:] == plain[1:]

    def test_is_made_once_however_often_the_button_is_pressed(self, city: World, client: Client) -> None:
        enter(city, 1)
        sign_in(client, city.user("commander"))
        key = str(uuid4())
        assert take(client, key=key) == take(client, key=key)
        assert Export.objects.count() == len(facts(city, "commander", "list.exported")) == 1


class TestFacts:
    def test_tell_count_filters_purpose_and_hash(self, city: World, client: Client) -> None:
        enter(city, 2)
        sign_in(client, city.user("commander"))
        content = take(client, "/people/?q=赵&sex=unknown", remark="周报")
        told = facts(city, "commander", "list.exported")[0]
        assert told["sha256"] == hashlib.sha256(content).hexdigest()
        assert told["filters"] == {"q": "…", "sex": "unknown"}
        assert (told["rows"], told["purpose"], told["remark"], told["form"]) == (1, "report", "周报", "csv")
        assert told["number"] == Export.objects.get().number

    def test_count_everybody_in_it_as_read(self, city: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exporting, "CHUNK_ROWS", 2)
        entered = enter(city, 5)
        sign_in(client, city.user("commander"))
        take(client)
        read = [told for told in facts(city, "commander", "people.listed") if told["what"] == "export.people"]
        assert [told["count"] for told in read] == [2, 2, 1]
        assert {person for told in read for person in told["people"]} == {str(person) for person in entered}

    def test_fail_the_export_when_they_cannot_be_written(
        self, city: World, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        enter(city, 1)
        sign_in(client, city.user("commander"))

        def fails(*args: object, **kwargs: object) -> None:
            raise OSError("no room")

        monkeypatch.setattr("bihuan.kernel.access.exported.record", fails)
        with pytest.raises(OSError, match="no room"):
            ask(client)
        assert not ExportPart.objects.exists()
        assert Export.objects.get().state == Export.State.ASKED
        assert not [told for told in facts(city, "commander", "people.listed") if told["what"] == "export.people"]


class TestLargeList:
    @pytest.fixture(autouse=True)
    def small_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exporting, "AT_ONCE_ROWS_MAX", 3)
        monkeypatch.setattr(exporting, "CHUNK_ROWS", 2)

    def test_is_written_by_the_worker_and_waits_for_whoever_asked(self, city: World, client: Client) -> None:
        enter(city, 5)
        sign_in(client, city.user("commander"))
        page = ask(client)["Location"]
        export = Export.objects.get()
        assert export.state == Export.State.ASKED
        assert client.get(page).status_code == 200
        assert client.get(f"/exports/{export.link}").status_code == 404
        work()
        row = Progress.objects.get(pk=export.progress)
        assert (row.state, row.done, row.total) == (Progress.State.DONE, 5, 5)
        assert len(lines_of(b"".join(client.get(row.result_url).streaming_content))) == 2 + 5
        assert client.get(page).content.decode().count(row.result_url) == 1
        for other in ("stranger", "district", "auditor"):
            assert sign_in(Client(), city.user(other)).get(row.result_url).status_code == 404

    def test_has_the_reach_of_the_moment_at_which_it_is_written(self, city: World, client: Client) -> None:
        enter(city, 5)
        sign_in(client, city.user("commander"))
        ask(client)
        city.user("commander").appointments.all().delete()
        work()
        row = Progress.objects.get(pk=Export.objects.get().progress)
        assert row.state == Progress.State.REFUSED
        assert not ExportPart.objects.exists()

    def test_is_gone_after_its_day(self, city: World, client: Client) -> None:
        enter(city, 5)
        sign_in(client, city.user("commander"))
        ask(client, "/people/?q=赵")
        ask(client)
        work()
        export = Export.objects.exclude(progress=None).get()
        with clock.given(export.expires_at):
            assert sign_in(Client(), city.user("commander")).get(f"/exports/{export.link}").status_code == 404
        exporting.forget(link=str(export.link))
        export.refresh_from_db()
        assert (export.state, export.address, export.rows) == (Export.State.GONE, "", 5)
        assert not ExportPart.objects.filter(export=export).exists()

    def test_is_whole_and_told_once_though_its_worker_was_killed(
        self, city: World, client: Client, owner: psycopg.Connection
    ) -> None:
        """The worker waits at the first piece of the file, with every reading recorded, until it is killed."""
        set_city_time(clock.now())
        enter(city, 5)
        sign_in(client, city.user("commander"))
        ask(client)
        export = Export.objects.get()
        with owner_connection() as held, held.transaction():
            held.execute("LOCK TABLE web_export_part IN SHARE MODE")
            with worker("doomed") as doomed:
                until(owner, "wait_event_type = 'Lock'", is_there=True)
        until(owner, "true", is_there=False)
        assert Progress.objects.get(pk=export.progress).state == Progress.State.RUNNING
        owner.execute("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'")
        assert not facts(city, "commander", "list.exported")
        assert not [told for told in facts(city, "commander", "people.listed") if told["what"] == "export.people"]
        assert not ExportPart.objects.exists()
        assert left_by(doomed.pid)
        jobs.rescue.configure(queueing_lock="by hand").defer(timestamp=0)
        work()
        assert not left_by(doomed.pid)
        row = Progress.objects.get(pk=export.progress)
        assert row.state == Progress.State.DONE
        assert len(lines_of(b"".join(client.get(row.result_url).streaming_content))) == 2 + 5
        assert [told["rows"] for told in facts(city, "commander", "list.exported")] == [5]
        assert sum(t["count"] for t in facts(city, "commander", "people.listed") if t["what"] == "export.people") == 5

    def test_is_given_up_when_it_has_taken_worker_after_worker_with_it(
        self, city: World, client: Client, owner: psycopg.Connection
    ) -> None:
        enter(city, 5)
        sign_in(client, city.user("commander"))
        ask(client)
        owner.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', attempts = %s WHERE task_name = 'web.run'",
            [jobs.ATTEMPTS_MAX],
        )
        jobs.rescue.configure(queueing_lock="by hand").defer(timestamp=0)
        work()
        assert Progress.objects.get().state == Progress.State.FAILED
        assert not ExportPart.objects.exists()


class TestHandingOut:
    def test_leaves_nothing_open_when_the_asker_goes_away(
        self, city: World, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exporting, "PART_BYTES", 64)
        enter(city, 6)
        sign_in(client, city.user("commander"))
        whole = take(client)
        file = client.get(f"/exports/{Export.objects.get().link}")
        coming = iter(file.streaming_content)
        assert whole.startswith(next(coming))
        file.close()
        assert not connection.in_atomic_block
        again = client.get(f"/exports/{Export.objects.get().link}")
        assert b"".join(again.streaming_content) == whole
        assert ExportPart.objects.count() > 3
        assert len(facts(city, "commander", "list.exported")) == 1


def left_by(process: int) -> list[Path]:
    """What a process keeps in the temporary folder while it writes."""
    return list(Path(tempfile.gettempdir()).glob(f"{exporting.SCRATCH}{process}-*"))


def until(owner: psycopg.Connection, condition: str, *, is_there: bool) -> None:
    """Wait until a connection of the doomed worker is there, or none is any more."""
    asked = f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'doomed' AND {condition})"
    deadline = time.monotonic() + 120
    while owner.execute(asked).fetchone() != (is_there,):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.mark.browser
def test_the_page_passes_axe_and_fits_in_both_languages(city: World, city_page: CityPage) -> None:
    enter(city, 3)
    for language in ("en", "zh-hans"):
        page = city_page(city.user("commander"), language=language)
        page.goto("/people/?sex=unknown")
        page.locator(".list-export a").click()
        page.locator("form button[type=submit].btn-primary").click()
        expect(page.locator(".is-invalid")).to_be_visible()
        check_fits(page)
        check_axe(page)
        page.set_viewport_size(PHONE)
        check_fits(page)
        look(page, f"export-{language}")
