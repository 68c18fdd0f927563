"""Pages in two languages: base, components, navigation by role, lists with export, safe forms, background jobs.

Owns how things look and answer; records no fact of its own and knows no module.
"""

from bihuan.kernel.web.happened import HappenedForm
from bihuan.kernel.web.nav import NavItem
from bihuan.kernel.web.pages import accepted, ids, page, request_key
from bihuan.kernel.web.parts import Badge, Clock, Crumb, Definition, Entry, Pages, Stat, Step, Tab, paginate, trail
from bihuan.kernel.web.tables import Column, Filter, Source, Table, render_table

__all__ = [
    "Badge",
    "Clock",
    "Column",
    "Crumb",
    "Definition",
    "Entry",
    "Filter",
    "HappenedForm",
    "NavItem",
    "Pages",
    "Source",
    "Stat",
    "Step",
    "Tab",
    "Table",
    "accepted",
    "ids",
    "page",
    "paginate",
    "render_table",
    "request_key",
    "trail",
]
