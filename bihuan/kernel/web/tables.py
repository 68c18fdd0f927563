"""Lists: filter, sort, page and export, all of it in the URL so that a list can be shared and bookmarked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from bihuan.kernel import access
from bihuan.kernel.web.pages import page
from bihuan.kernel.web.parts import Pages, paginate

PAGE_SIZE = 50
KEPT = ("below",)  # no filter of any list, yet every address of each goes on with it: the place it is cut to

Kind = Literal["text", "number", "date", "moment", "until", "clock", "link", "badge"]


class Source(Protocol):
    """What a list reads from. `filters` holds those that are set; `sort` is a column, "-column" to descend, or ""."""

    def count(self, filters: Mapping[str, str]) -> int: ...

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is the attribute of the row that is shown. A link goes to the row's attribute `href`."""

    name: str
    label: object
    sortable: bool = True
    kind: Kind = "text"
    href: str = "url"


@dataclass(frozen=True, slots=True)
class Filter:
    """`choices` are (value, label) pairs. What is not a choice, a day or a tick is treated as not set."""

    name: str
    label: object
    kind: Literal["search", "choice", "day", "flag"] = "search"
    choices: Sequence[tuple[str, object]] = ()

    def clean(self, value: str) -> str:
        value = value.strip()
        if self.kind == "choice":
            return value if value in {choice for choice, _ in self.choices} else ""
        if self.kind == "flag":
            return "1" if value else ""
        return value if self.kind == "search" or _is_day(value) else ""


@dataclass(frozen=True, slots=True)
class Head:
    column: Column
    url: str
    order: Literal["", "ascending", "descending"]


@dataclass(frozen=True, slots=True)
class Cell:
    """`shown` is how the value is drawn: as the column says, or "none" where there is nothing to draw."""

    kind: Kind
    label: str
    shown: str
    value: object
    url: str


@dataclass(frozen=True, slots=True)
class Control:
    filter: Filter
    value: str


class Table:
    """One list as one request asked for it. Nothing is read until the template or the export asks."""

    def __init__(
        self,
        *,
        columns: Sequence[Column],
        source: Source,
        filters: Sequence[Filter],
        asked: Mapping[str, str],
        sort: str,
        size: int,
        path: str = "",
    ) -> None:
        self.columns = columns
        self.source = source
        self.filters = {item.name: value for item in filters if (value := item.clean(asked.get(item.name, "")))}
        self.controls = [Control(item, self.filters.get(item.name, "")) for item in filters]
        sortable = {column.name for column in columns if column.sortable}
        self.sort = asked_sort if (asked_sort := asked.get("sort", "")).removeprefix("-") in sortable else sort
        self.kept = {
            name: asked[name] for name in KEPT if asked.get(name) and name not in {one.name for one in filters}
        }
        self._asked_page = asked.get("page")
        self._default_sort = sort
        self._size = size
        self._path = path
        self.can_export = False

    @classmethod
    def from_request(
        cls,
        request: HttpRequest,
        columns: Sequence[Column],
        source: Source,
        filters: Sequence[Filter] = (),
        *,
        sort: str = "",
        size: int = PAGE_SIZE,
    ) -> "Table":
        """`sort` is the order when the URL asks for none."""
        return cls(
            columns=columns,
            source=source,
            filters=filters,
            asked=request.GET.dict(),
            sort=sort,
            size=size,
            path=request.path,
        )

    @cached_property
    def pages(self) -> Pages:
        return paginate(self.source.count(self.filters), self._asked_page, self._size)

    @cached_property
    def found(self) -> Sequence[Any]:
        """The rows of this page as the source gave them, for whoever must note whose names were shown."""
        return self.source.rows(self.filters, self.sort, self.pages.offset, self._size) if self.pages.count else ()

    @cached_property
    def rows(self) -> list[list[Cell]]:
        labelled = [(column, str(column.label)) for column in self.columns]  # translated once, not in every row
        return [[_cell(row, column, label) for column, label in labelled] for row in self.found]

    @property
    def heads(self) -> list[Head]:
        return [self._head(column) for column in self.columns]

    @property
    def previous_url(self) -> str:
        return self._url(page=self.pages.number - 1) if self.pages.number > 1 else ""

    @property
    def next_url(self) -> str:
        return self._url(page=self.pages.number + 1) if self.pages.number < self.pages.last else ""

    @property
    def clear_url(self) -> str:
        return self._url(filters={})

    @property
    def export_url(self) -> str:
        """The page that asks in what form and what for these rows are taken away."""
        return f"{reverse('web:exports')}?{urlencode({'list': self._path + self._url()})}"

    @property
    def shown_filters(self) -> list[tuple[object, object]]:
        """The filters that are set, in words."""
        return [
            (control.filter.label, dict(control.filter.choices).get(control.value, control.value))
            if control.filter.kind != "flag"
            else (control.filter.label, _("Yes"))
            for control in self.controls
            if control.value
        ]

    @property
    def told_filters(self) -> dict[str, str]:
        """The filters as a fact may keep them for ever: what was searched for may be a name, so only that it was."""
        return {
            control.filter.name: "…" if control.filter.kind == "search" else control.value
            for control in self.controls
            if control.value
        } | self.kept

    def _head(self, column: Column) -> Head:
        order: Literal["", "ascending", "descending"] = ""
        if self.sort.removeprefix("-") == column.name:
            order = "descending" if self.sort.startswith("-") else "ascending"
        wanted = f"-{column.name}" if order == "ascending" else column.name
        return Head(column, self._url(sort=wanted) if column.sortable else "", order)

    def _url(self, *, filters: Mapping[str, str] | None = None, **changes: object) -> str:
        query: dict[str, object] = {**self.kept, **(self.filters if filters is None else filters)}
        if self.sort != self._default_sort:
            query["sort"] = self.sort
        return "?" + urlencode(query | changes)


@dataclass(frozen=True, slots=True)
class Taken:
    """A list on its way into a file, and the leave to take it."""

    table: Table
    name: str
    exporting: "access.Exporting"


class ListRequest(HttpRequest):
    """Asks a view for its list instead of its page: `taken`, once the view has drawn one that may be taken away."""

    def __init__(self, path: str, query: str, scope: "access.Scope") -> None:
        super().__init__()
        self.method = "GET"
        self.path = self.path_info = path
        self.GET = QueryDict(query.replace("%00", ""))
        self.META = {"REQUEST_METHOD": "GET", "QUERY_STRING": query, "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
        self.user = scope.user
        self.whole_scope = scope
        self._messages = CookieStorage(self)  # what the view tells its page is told to nobody
        self.taken: Taken | None = None


def render_table(
    request: HttpRequest,
    template: str,
    table: Table,
    context: Mapping[str, Any] | None = None,
    *,
    export_name: str = "",
    on_export: "access.Exporting | None" = None,
) -> HttpResponse:
    """The list as a whole page, as its `#rows` part for htmx, or, with the leave `on_export`, to be taken away."""
    table.can_export = on_export is not None
    if isinstance(request, ListRequest):
        request.taken = Taken(table, export_name or "list", on_export) if on_export else None
        return HttpResponse(status=204)
    drawn = f"{template}#rows" if _asks_for_rows(request) else template
    response = page(request, drawn, {"table": table, **(context or {})})
    patch_vary_headers(response, ["HX-Request"])
    return response


def _cell(row: Any, column: Column, label: str) -> Cell:
    value = getattr(row, column.name)
    url = getattr(row, column.href, "") if column.kind == "link" else ""
    shown = column.kind if url or (value is not None and value != "") else "none"
    return Cell(column.kind, label, shown, value, url)


def _asks_for_rows(request: HttpRequest) -> bool:
    """Whether htmx will put the answer in place of the rows; a page it restores from history must be whole."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
