"""Language, colours, progress of background jobs, and the pages for what was not found or went wrong."""

import json
import time
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bihuan.kernel import access, clock
from bihuan.kernel.access.guards import Request, signed_in
from bihuan.kernel.text import Text
from bihuan.kernel.web.models import Progress
from bihuan.kernel.web.pages import THEMES, page, request_key, theme_cookie
from bihuan.kernel.web.queries import progress_of

YEAR_SECONDS = 365 * 24 * 3600
POLL_SECONDS = 1.0
STREAM_SECONDS = 25.0  # then the browser connects again, so that a forgotten page does not hold a thread for ever


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language in a cookie of this browser and, for somebody signed in, with their account."""
    response = HttpResponseRedirect(_next(request))
    wanted = request.POST.get("language", "")
    if wanted in dict(settings.LANGUAGES):
        if scope := getattr(request, "whole_scope", None):
            access.actions.choose_language(
                scope.user.id, language=wanted, at=clock.now(), by=scope.actor, key=request_key(request)
            )
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, wanted, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure()
        )
    return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep light or dark in a cookie of this browser; without one the system's setting holds."""
    response = HttpResponseRedirect(_next(request))
    wanted = request.POST.get("theme", "")
    if wanted in THEMES:
        response.set_cookie(theme_cookie(), wanted, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure())
    return response


@signed_in
def progress(request: Request, progress_id: UUID) -> HttpResponse:
    """How far a job has come. Without scripts the page is refreshed by hand."""
    row = _own(request, progress_id)
    return page(request, "web/progress.html", {"progress": row, "title": Text.of(row.title), "words": state_words(row)})


@signed_in
def progress_events(request: Request, progress_id: UUID) -> StreamingHttpResponse:
    """The same as server-sent events, one whenever something changed, until the job is over."""
    row = _own(request, progress_id)
    language = get_language() or settings.LANGUAGE_CODE
    response = StreamingHttpResponse(_events(row, language), content_type="text/event-stream; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Not there and not allowed look alike, so that nobody learns what exists."""
    return page(request, "web/not_found.html", status=404)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose page was open too long, or that another site sent: nothing was done."""
    refused = {
        "message": _("This form has expired, so nothing was done."),
        "remedy": _("Go back, load the page again and send the form once more."),
    }
    return page(request, "web/refused.html", {"refused": refused, "back_url": "/"}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    return page(request, "web/server_error.html", status=500)


def state_words(row: Progress) -> str:
    return {
        Progress.State.WAITING: _("Waiting for the worker"),
        Progress.State.RUNNING: _("Running"),
        Progress.State.DONE: _("Finished"),
        Progress.State.REFUSED: _("Not done"),
        Progress.State.FAILED: _("Stopped by a fault. What was already saved is safe; start it again."),
    }[Progress.State(row.state)]


def _own(request: Request, progress_id: UUID) -> Progress:
    row = progress_of(progress_id, request.scope.actor.id)
    if row is None:
        raise Http404
    return row


def _event(row: Progress, language: str) -> str:
    with override(language):
        words = state_words(row)
    data = {
        "state": row.state,
        "words": words,
        "done": row.done,
        "total": row.total,
        "message": row.message,
        "url": row.result_url,
    }
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _events(row: Progress, language: str) -> Iterator[str]:
    last = ""
    until = time.monotonic() + STREAM_SECONDS
    while True:
        event = _event(row, language)
        if event != last:
            yield event
        if row.is_over or time.monotonic() > until:
            return
        last = event
        time.sleep(POLL_SECONDS)
        row.refresh_from_db()


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()) else "/"
