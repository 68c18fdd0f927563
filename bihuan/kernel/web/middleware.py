"""Refusals become calm pages, and no page is kept by a browser or a proxy: most of them are about somebody."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from bihuan.kernel.refusals import NotFound, Refused
from bihuan.kernel.web.pages import page
from bihuan.kernel.web.views import not_found


class RefusalMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # PostgreSQL keeps no NUL: such an address leads nowhere. Forms refuse it by field.
        is_broken = "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", "")
        response = not_found(request) if is_broken else self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotFound | Http404 | PermissionDenied):
            return not_found(request)
        if isinstance(exception, Refused):
            return refusal(request, exception)
        return None


def refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    """What happened and what to do next: as a page, or for htmx as an alert above the content."""
    context = {"refused": refused, "back_url": back_url(request)}
    if getattr(request, "htmx", False):
        response = page(request, "web/refused.html#alert", context, status=409)
        response["HX-Retarget"] = "#messages"
        response["HX-Reswap"] = "innerHTML"
        return response
    return page(request, "web/refused.html", context, status=409)


def back_url(request: HttpRequest) -> str:
    referer = request.headers.get("Referer", "")
    return referer if url_has_allowed_host_and_scheme(referer, {request.get_host()}, request.is_secure()) else "/"
