"""Background jobs with progress. A job is a plain function marked `@job`; procrastinate keeps it until a worker ran it.

A job may run twice when a worker dies in the middle, so its effect must be idempotent: it calls actions with keys
derived from its arguments.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection, connections
from django.utils.module_loading import import_string
from django.utils.translation import override
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from bihuan.kernel import clock
from bihuan.kernel.refusals import Refused
from bihuan.kernel.text import Text
from bihuan.kernel.web.models import Progress

STALLED_SECONDS = 30.0  # a worker that lives says so every ten
ATTEMPTS_MAX = 3

logger = logging.getLogger(__name__)


class Report(Protocol):
    """How a job tells its progress: `report(done, total)`."""

    def __call__(self, done: int, total: int) -> None: ...


def job[F: Callable[..., str]](function: F) -> F:
    """Mark `function(report, **arguments)` as a job: it takes JSON and returns the URL of its result ("" for none)."""
    function.is_job = True  # type: ignore[attr-defined]
    return function


def start(function: Callable[..., str], *, title: Text, by: str, language: str, **arguments: Any) -> UUID:
    """Queue the job for the worker and return the id of its progress (page: `web:progress`)."""
    assert getattr(function, "is_job", False), f"{function.__qualname__} is no @job"
    progress: Progress = Progress.objects.create(title=title.as_json(), owner=by, started_at=clock.now())
    run.defer(
        progress_id=str(progress.id),
        name=f"{function.__module__}.{function.__qualname__}",
        language=language,
        arguments=arguments,
    )
    return progress.id


@app.periodic(cron="* * * * *")
@app.task(name="web.rescue", queue="jobs", queueing_lock="web.rescue", pass_context=True)
async def rescue(context: JobContext, timestamp: int) -> None:
    """A job whose worker died goes back into the queue; one that took its workers with it is given up."""
    manager = context.app.job_manager
    for found in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        if found.attempts < ATTEMPTS_MAX:
            await manager.retry_job(found)
        else:
            await manager.finish_job(found, Status.FAILED, delete_job=False)
            await asyncio.to_thread(_given_up, found.task_kwargs)


def _given_up(arguments: Mapping[str, Any]) -> None:
    try:
        if progress_id := arguments.get("progress_id"):
            moment = import_string(settings.CITY_NOW)()
            Progress.objects.filter(pk=progress_id).update(state=Progress.State.FAILED, ended_at=moment)
    finally:
        connection.close()


@app.task(name="web.run", queue="jobs")
def run(*, progress_id: str, name: str, language: str, arguments: dict[str, Any]) -> None:
    """Run one job in a thread of the worker, which keeps no database connection between two jobs."""
    try:
        _run(progress_id, name, language, arguments)
    finally:
        connection.close()


def _run(progress_id: str, name: str, language: str, arguments: dict[str, Any]) -> None:
    """A refusal is the job's answer; a fault is logged and shown without its trace."""
    moment = clock.now() if clock.is_given() else import_string(settings.CITY_NOW)()
    with clock.given(moment), override(language):
        function = import_string(name)
        assert getattr(function, "is_job", False), f"{name} is no @job"
        rows = Progress.objects.filter(pk=progress_id)
        rows.update(state=Progress.State.RUNNING)
        try:
            url = function(_reporter(progress_id), **arguments)
        except Refused as refused:
            rows.update(state=Progress.State.REFUSED, message=str(refused), ended_at=clock.now())
        except Exception:
            logger.exception("Job %s failed", name)
            rows.update(state=Progress.State.FAILED, ended_at=clock.now())
            raise
        else:
            rows.update(state=Progress.State.DONE, result_url=url, ended_at=clock.now())


def _reporter(progress_id: str) -> Report:
    """Reports travel on a connection of their own: in the job's transaction nobody would see them before its end."""

    def report(done: int, total: int) -> None:
        aside = connections.create_connection("default")
        try:
            with aside.cursor() as cursor:
                cursor.execute(
                    "UPDATE web_progress SET done = %s, total = %s WHERE id = %s", [done, total, progress_id]
                )
        finally:
            aside.close()

    return report
