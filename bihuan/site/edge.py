"""The edge reads the clock and gives it to everything beneath."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage, Message
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from bihuan.kernel import clock, ledger
from bihuan.kernel.clock.models import CityClock

OFFSET_KEPT_SECONDS = 2.0
SKEW_TOLD = timedelta(minutes=5)

_offset: tuple[float, timedelta] | None = None
_floor: tuple[float, datetime] | None = None  # when it was looked at, and the latest moment the city had lived by then

logger = logging.getLogger(__name__)


def city_now() -> datetime:
    """The city's time: the real one, in a demo database plus its offset (read at most every two seconds).

    The real one never falls behind what is recorded. Where the computer's clock was set back, time runs at half its
    pace from the newest fact on until the clock has caught up, so that what follows a fact can be entered after it.
    """
    global _offset, _floor
    if _offset is None or time.monotonic() - _offset[0] > OFFSET_KEPT_SECONDS:
        row = CityClock.objects.filter(pk=1).first()
        _offset = (time.monotonic(), row.offset if row else timedelta())
        _floor = None if row else (time.monotonic(), _lived(datetime.now(UTC)))
    moment = datetime.now(UTC) + _offset[1]
    return moment if _floor is None else max(moment, _onward(_floor))


def _lived(moment: datetime) -> datetime:
    """The latest moment of this city that is known: of the ledger, or given to somebody here."""
    newest = ledger.newest_at()
    known = max(at for at in (newest, _floor and _onward(_floor), moment) if at is not None)
    if known - moment > SKEW_TOLD:
        logger.warning(
            "The computer's clock is %s behind what is recorded: it was set back, or was ahead.", known - moment
        )
    return known


def _onward(floor: tuple[float, datetime]) -> datetime:
    return floor[1] + timedelta(seconds=(time.monotonic() - floor[0]) / 2)


def set_city_time(moment: datetime) -> None:
    """From now on the city lives at `moment` and time runs on from there. Demo databases and tests only."""
    global _offset, _floor
    CityClock.objects.update_or_create(pk=1, defaults={"offset": moment - datetime.now(UTC)})
    _offset = _floor = None


class ClockMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if clock.is_given():
            return self.get_response(request)
        with clock.given(city_now()):
            return self.get_response(request)


class ProxyMiddleware:
    """Who asks is whom the proxy names, not the proxy: tries and floods are counted by the asker's address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = request.headers.get("X-Forwarded-For", "")
        if told:  # each proxy adds the address it saw; only the last was written by ours
            request.META["REMOTE_ADDR"] = told.rpartition(",")[2].strip()
        return self.get_response(request)


class MethodMiddleware:
    """Pages are read and forms are sent: no other method has a meaning here, TRACE least of all."""

    METHODS = ("GET", "HEAD", "POST")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in self.METHODS:
            return self.get_response(request)
        return HttpResponseNotAllowed(self.METHODS)


class MessageCookie(CookieStorage):
    """Under a name that binds it to this host like the other cookies."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.cookie_name = "__Host-messages" if settings.SESSION_COOKIE_SECURE else "messages"


class Messages(FallbackStorage):
    """What the next page is to say. It may name somebody, so it waits with the session of whoever is signed in; for all
    others it waits in a cookie, so that a visitor leaves no row.
    """

    storage_classes = (MessageCookie, SessionStorage)
    _used_storages: set[BaseStorage]

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Message], bool]:
        told: list[Message] = []
        for storage in self.storages:
            messages, _all = storage._get()  # noqa: SLF001 - Django's own way through its storages
            if messages:
                self._used_storages.add(storage)
                told.extend(messages)
        return told, True

    def _store(self, messages: list[Message], response: HttpResponse, *args: Any, **kwargs: Any) -> list[Message]:
        cookie, session = self.storages
        keeps, other = (session, cookie) if self.request.user.is_authenticated else (cookie, session)
        for storage, kept in ((keeps, messages), (other, [])):
            if kept or storage in self._used_storages:
                storage._store(kept, response)  # noqa: SLF001
        return []
