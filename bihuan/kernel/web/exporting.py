"""Taking a list away: it is asked for with a purpose, written from one snapshot, and waits a day for whoever asked.

A list is reached by its own address, through its own view and door, with the reach its asker has at that moment: a
file holds what the page would show, and whoever may not open the page gets no file. A small one is written at once, a
large one by the worker. The file, the facts and the readings are one transaction: a worker killed in the middle leaves
nothing, and the next begins anew.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.http import Http404
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from bihuan.kernel import access, clock
from bihuan.kernel.access import Scope, scope_for
from bihuan.kernel.db import in_one_pass, with_retry
from bihuan.kernel.ledger import derive
from bihuan.kernel.refusals import NotFound, Refused
from bihuan.kernel.text import Text
from bihuan.kernel.web import exports, jobs
from bihuan.kernel.web.exports import FORMS
from bihuan.kernel.web.models import Export, ExportPart
from bihuan.kernel.web.tables import ListRequest, Taken

AT_ONCE_ROWS_MAX = 5_000
CHUNK_ROWS = 5_000
PART_BYTES = 1 << 20
KEPT = Export.KEPT
SCRATCH = "bihuan-export-"


class CountsDisagree(Refused):
    """A list counted other rows than it gave: no file says how many rows it has unless it has them."""


def list_at(address: str, scope: Scope) -> Taken:
    """The list on the page at `address` as `scope` sees it; NotFound where there is none to take away."""
    parts = urlsplit(address)
    request = ListRequest(parts.path, parts.query, scope)
    try:
        view, args, kwargs = resolve(parts.path)
        if (
            getattr(view, "power", "") and not parts.netloc
        ):  # lists stand behind doors; no other page is called from here
            view(request, *args, **kwargs)
    except (Resolver404, Http404, NotFound):
        request.taken = None
    if request.taken is None:
        raise NotFound(_("There is no such list."), _("It may have moved, or it is no longer open to you."))
    return request.taken


def names_people(taken: Taken) -> bool:
    table = taken.table
    return any(taken.exporting.names_people(row) for row in table.source.rows(table.filters, table.sort, 0, 1))


def begin(scope: Scope, address: str, form: str, purpose: str, remark: str, key: UUID) -> Export:
    """Write the file, or have the worker write it. The same form sent twice is one export."""
    taken = list_at(address, scope)
    is_large = taken.table.source.count(taken.table.filters) > AT_ONCE_ROWS_MAX
    with transaction.atomic():
        export, is_new = Export.objects.get_or_create(
            link=derive(key, address, form, purpose, remark),
            defaults={
                "owner": scope.user,
                "address": address,
                "name": taken.name,
                "form": form,
                "purpose": purpose,
                "remark": remark,
                "asked_at": clock.now(),
            },
        )
        if is_new and is_large:
            export.progress = jobs.start(
                write_list,
                title=_title(),
                by=scope.actor.id,
                language=get_language() or settings.LANGUAGE_CODE,
                link=str(export.link),
            )
            export.save(update_fields=["progress"])
    if export.progress is None:
        with_retry(lambda: write(export.link, taken))
    return export


@jobs.job
def write_list(report: jobs.Report, *, link: str) -> str:
    export = Export.objects.select_related("owner").get(link=link)
    taken = list_at(export.address, scope_for(export.owner))
    with_retry(lambda: write(export.link, taken, report))
    return reverse("web:export", args=[export.link])


def write(link: UUID, taken: Taken, report: jobs.Report | None = None) -> None:
    """In the transaction of its caller, which has read nothing before."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    export = Export.objects.select_for_update(of=("self",)).select_related("owner").get(link=link)
    if export.state != Export.State.ASKED:
        return
    _sweep()
    with (
        tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-") as scratch,
        tempfile.TemporaryFile(dir=scratch) as target,
        in_one_pass(),
    ):
        total = taken.table.source.count(taken.table.filters)
        written = exports.write(
            export.form,
            target,
            note=note(export, taken.exporting.scope, total),
            labels=[str(column.label) for column in taken.table.columns],
            rows=_rows(export, taken, total, report),
            scratch=scratch,
        )
        if written != total:
            raise CountsDisagree(
                _("The list counted %(total)s rows but gave %(written)s, so no file was made.")
                % {"total": total, "written": written},
                _("Try again; if it happens twice, tell whoever looks after the system."),
            )
        export.sha256, export.size = _keep(export, target)
    export.rows, export.state = written, Export.State.READY
    export.expires_at = clock.now() + KEPT
    export.save(update_fields=["sha256", "size", "rows", "state", "expires_at"])
    taken.exporting.taken(
        key=export.link,
        number=export.number,
        form=export.form,
        rows=written,
        filters=taken.table.told_filters,
        purpose=export.purpose,
        remark=export.remark,
        sha256=export.sha256,
    )
    forget.configure(schedule_in={"seconds": int(KEPT.total_seconds())}).defer(link=str(export.link))


def note(export: Export, scope: Scope, rows: int) -> str:
    """What stands on every sheet: which export this is, who took it, when, where and what for."""
    return _(
        "Export no. %(number)s: %(rows)s rows, taken by %(who)s, %(unit)s, at %(when)s for: %(purpose)s. "
        "For this purpose only; not to be passed on."
    ) % {
        "number": export.number,
        "rows": rows,
        "who": scope.user.name,
        "unit": scope.unit_name,
        "when": f"{clock.now().astimezone(clock.CITY):%Y-%m-%d %H:%M}",
        "purpose": "; ".join(str(word) for word in (export.get_purpose_display(), export.remark) if word) or "—",
    }


def pieces(export: Export) -> Iterator[bytes]:
    """The bytes of a file as they were written, one part in memory at a time."""
    parts = ExportPart.objects.filter(export=export).order_by("position").values_list("position", flat=True)
    for position in list(parts):
        yield bytes(ExportPart.objects.values_list("content", flat=True).get(export=export, position=position))


def own(scope: Scope, link: UUID) -> Export:
    """A file of one's own that is still kept, of a list that is still open to its owner."""
    found = Export.objects.filter(
        link=link, owner=scope.user, state=Export.State.READY, expires_at__gt=clock.now()
    ).first()
    if found is None or not access.may_open(scope, found.address):
        raise NotFound(_("There is no such file."), _("A file is kept for a day, for whoever asked for it."))
    return found


@app.task(name="web.forget_export", queue="jobs")
def forget(*, link: str) -> None:
    """The day is over: the rows go, and the address with whatever was searched for; number, count and hash stay."""
    try:
        with transaction.atomic():
            ExportPart.objects.filter(export__link=link).delete()
            Export.objects.filter(link=link).update(state=Export.State.GONE, address="")
    finally:
        connection.close()


def file_name(export: Export) -> str:
    return f"{export.name}-{export.asked_at.astimezone(clock.CITY):%Y%m%d-%H%M}.{FORMS[export.form].extension}"


def _sweep() -> None:
    """What processes that were killed left in the temporary folder: rows of people, so it goes."""
    for left in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        try:
            os.kill(int(left.name.removeprefix(SCRATCH).partition("-")[0]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (PermissionError, ValueError):  # somebody else's, and alive
            continue


def _title() -> Text:
    with override("zh-hans"):
        zh = _("Export")
    with override("en"):
        return Text(zh=zh, en=_("Export"))


def _rows(export: Export, taken: Taken, total: int, report: jobs.Report | None) -> Iterator[list[object]]:
    """Every row the filters leave, in chunks; whoever is named in a chunk counts as read."""
    table, names = taken.table, [column.name for column in taken.table.columns]
    offset = 0
    while found := table.source.rows(table.filters, table.sort, offset, CHUNK_ROWS):
        taken.exporting.read(found, derive(export.link, "read", str(offset)))
        for row in found:
            yield [getattr(row, name) for name in names]
        offset += len(found)
        if report:
            report(offset, max(total, offset))
        if len(found) < CHUNK_ROWS:
            return


def _keep(export: Export, target: BinaryIO) -> tuple[str, int]:
    """The written file into the database, where every process of the city finds it. Says its hash and its size."""
    digest = hashlib.sha256()
    target.seek(0)
    position = size = 0
    while content := target.read(PART_BYTES):
        digest.update(content)
        ExportPart.objects.create(export=export, position=position, content=content)
        position, size = position + 1, size + len(content)
    return digest.hexdigest(), size
