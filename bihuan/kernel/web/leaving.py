"""The page on which somebody says in what form and what for a list leaves, and the file for whoever asked for it."""

from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.kernel.access.guards import Request, signed_in
from bihuan.kernel.text import labelled, listed
from bihuan.kernel.web import exporting, nav
from bihuan.kernel.web.exports import FORMS
from bihuan.kernel.web.models import Export
from bihuan.kernel.web.pages import accepted, page, request_key
from bihuan.kernel.web.parts import Definition, trail
from bihuan.kernel.web.tables import Taken


class ExportForm(forms.Form):
    form = forms.ChoiceField(
        label=gettext_lazy("File"),
        choices=[
            ("xlsx", gettext_lazy("Excel workbook")),
            ("csv", gettext_lazy("CSV, UTF-8")),
            ("gb18030", gettext_lazy("CSV, GB18030 (for older Chinese software)")),
        ],
        widget=forms.RadioSelect,
        initial="xlsx",
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("What it is for"), choices=[("", gettext_lazy("Please choose")), *Export.Purpose.choices]
    )
    remark = forms.CharField(
        label=gettext_lazy("Document or remark"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Stands in the file and in the audit trail. No names of persons, please."),
    )

    def __init__(self, *args: object, names_people: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["purpose"].required = names_people


@signed_in
def exports(request: Request) -> HttpResponse:
    """Ask in what form and what for; then hand out a small list, or have the worker write a large one."""
    address = request.GET.get("list", "")
    taken = exporting.list_at(address, request.whole_scope)
    form = ExportForm(request.POST or None, names_people=exporting.names_people(taken))
    made: list[Export] = []
    if request.method == "POST" and accepted(
        form,
        lambda: made.append(
            exporting.begin(request.whole_scope, address, **form.cleaned_data, key=request_key(request))
        ),
    ):
        if made[0].progress:
            return redirect("web:progress", made[0].progress)
        return redirect("web:export", made[0].link)
    return page(request, "web/export.html", {"form": form, **about(taken, address)})


@signed_in
def export(request: Request, link: UUID) -> StreamingHttpResponse:
    """The file, streamed part by part."""
    found = exporting.own(request.whole_scope, link)
    response = StreamingHttpResponse(exporting.pieces(found), content_type=FORMS[found.form].content_type)
    response["Content-Disposition"] = f'attachment; filename="{exporting.file_name(found)}"'
    response["Content-Length"] = str(found.size)
    response["Cache-Control"] = "no-store"
    return response


def about(taken: Taken, address: str) -> dict[str, object]:
    """What is about to leave: which list, cut how, and how many rows."""
    rows = taken.table.source.count(taken.table.filters)
    label = nav.label_of(urlsplit(address).path) or taken.name
    cut = listed(labelled(name, value) for name, value in taken.table.shown_filters)
    return {
        "back_url": address,
        "crumbs": trail((label, address)),
        "is_large": rows > exporting.AT_ONCE_ROWS_MAX,
        "definitions": [
            Definition(_("List"), label),
            Definition(_("Filters"), cut or _("None")),
            Definition(_("Rows"), rows),
        ],
    }
