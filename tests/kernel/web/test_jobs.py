"""Background jobs: kept by the queue, seen while they run, answered when they are refused or fail."""

import json
from uuid import UUID

import pytest
from django.test import Client
from procrastinate.contrib.django import procrastinate_app

from bihuan.kernel.refusals import Refused
from bihuan.kernel.text import Text
from bihuan.kernel.web import jobs
from bihuan.kernel.web.models import Progress
from tests.signing_in import sign_in
from tests.world import World, world

TITLE = Text(zh="导入", en="Import")


@jobs.job
def count_rows(report: jobs.Report, *, rows: int) -> str:
    for number in range(1, rows + 1):
        report(number, rows)
    return f"/batches/{rows}"


@jobs.job
def refuse(report: jobs.Report) -> str:
    raise Refused("The file has no header.", "Add one.")


@jobs.job
def fail(report: jobs.Report) -> str:
    raise ValueError("a secret detail")


def not_a_job(report: jobs.Report) -> str:
    return ""


def work() -> None:
    """Run everything that waits, as the worker does."""
    with procrastinate_app.current_app.replace_connector(
        procrastinate_app.current_app.connector.get_worker_connector()
    ) as app:
        app.run_worker(queues=["jobs"], wait=False, install_signal_handlers=False, listen_notify=False)


@pytest.fixture
def city(transactional: None) -> World:
    return world()


class TestJob:
    def test_reports_while_it_runs_and_leads_to_its_result(self, city: World) -> None:
        made = jobs.start(count_rows, title=TITLE, by=city.actor("gate_officer").id, language="en", rows=3)
        assert Progress.objects.get(pk=made).state == Progress.State.WAITING
        work()
        row = Progress.objects.get(pk=made)
        assert (row.state, row.done, row.total, row.result_url) == (Progress.State.DONE, 3, 3, "/batches/3")

    def test_answers_with_its_refusal(self, city: World) -> None:
        made = jobs.start(refuse, title=TITLE, by="user:x", language="en")
        work()
        row = Progress.objects.get(pk=made)
        assert (row.state, row.message) == (Progress.State.REFUSED, "The file has no header. Add one.")

    def test_hides_the_detail_of_a_fault(self, city: World) -> None:
        made = jobs.start(fail, title=TITLE, by="user:x", language="en")
        work()
        row = Progress.objects.get(pk=made)
        assert (row.state, row.message) == (Progress.State.FAILED, "")

    def test_is_only_what_is_marked_as_one(self, city: World) -> None:
        with pytest.raises(AssertionError, match="no @job"):
            jobs.start(not_a_job, title=TITLE, by="user:x", language="en")


class TestPage:
    def test_belongs_to_its_starter(self, city: World) -> None:
        made = jobs.start(count_rows, title=TITLE, by=city.actor("gate_officer").id, language="en", rows=2)
        work()
        mine, theirs = (
            sign_in(Client(headers={"accept-language": "en"}), city.user(name))
            for name in ("gate_officer", "colleague")
        )
        assert "/batches/2" in mine.get(f"/progress/{made}").content.decode()
        for path in (f"/progress/{made}", f"/progress/{made}/events", f"/progress/{UUID(int=1)}"):
            assert theirs.get(path).status_code == 404

    def test_streams_until_the_job_is_over(self, city: World) -> None:
        made = jobs.start(count_rows, title=TITLE, by=city.actor("gate_officer").id, language="en", rows=2)
        work()
        response = sign_in(Client(headers={"accept-language": "en"}), city.user("gate_officer")).get(
            f"/progress/{made}/events"
        )
        assert response["Content-Type"] == "text/event-stream; charset=utf-8"
        events = [json.loads(line[6:]) for line in b"".join(response.streaming_content).decode().split("\n\n") if line]
        assert [(event["state"], event["words"], event["done"]) for event in events] == [("done", "Finished", 2)]
