"""Before a view runs: end a session that is over, and work out what its user may do today."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from bihuan.kernel.access import measure, sessions
from bihuan.kernel.access.scope import scope_for


class AccessMiddleware:
    """Gives `request.whole_scope`: the whole reach of the signed-in user, None for everybody else.

    Worked out for every request, so an account that was closed or a post that was taken away stops at the next one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        measure.nearing.set(None)
        request.whole_scope = None  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            if because := sessions.over_because(request):
                sessions.end(request, because)
            elif sessions.is_proved(request):
                sessions.touch(request)
                request.whole_scope = scope_for(request.user)  # type: ignore[attr-defined]
        return self.get_response(request)
