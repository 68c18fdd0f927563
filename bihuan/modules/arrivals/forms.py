"""Shape of what is typed about arrivals and files."""

from decimal import Decimal
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.text import Text
from bihuan.kernel.web import HappenedForm
from bihuan.modules.people import queries as people
from bihuan.modules.places import queries as places

from .queries import ColumnCard, ColumnsCard, gate_units, mode_names, route_names

FILE_BYTES_MAX = 64 * 1024 * 1024


def modes() -> list[tuple[str, object]]:
    return list(mode_names().items())


def gates() -> list[tuple[str, Text]]:
    return gate_units()


def communities() -> list[tuple[str, str]]:
    """Every community a person can be handed over to."""
    return [
        ("", str(_("Not known yet"))),
        *[(str(unit), label) for unit, label in access.queries.full_names("community")],
    ]


class FoundForm(HappenedForm):
    """What the officer finds when somebody stands at the gate."""

    identity_confirmed = forms.BooleanField(label=_("The document and the person agree"))
    name = forms.CharField(label=_("Name as on the document"), max_length=120, required=False)
    temperature = forms.DecimalField(
        label=_("Temperature (°C)"),
        max_digits=3,
        decimal_places=1,
        min_value=Decimal("34"),
        max_value=Decimal("43"),
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.1"}),
    )
    symptoms = forms.CharField(
        label=_("Symptoms"),
        max_length=200,
        required=False,
        help_text=_("Fever, cough, loss of taste or smell, diarrhoea …; empty if none."),
    )
    sample_taken = forms.BooleanField(label=_("Sample taken here"), required=False)
    sample_code = forms.CharField(
        label=_("Code of the tube"),
        max_length=40,
        required=False,
        help_text=_("Empty: a code is made."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters"}),
    )

    def __init__(self, *args: object, has_name: bool = True, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if has_name:
            del self.fields["name"]


class WalkInForm(FoundForm):
    """Somebody whom nobody announced: who it is, where from, where to, and what the officer finds."""

    field_order: tuple[str, ...] = (
        "name",
        "id_type",
        "id_number",
        "birth_on",
        "sex",
        "phone",
        "origin_code",
        "departed_at",
        "mode",
        "carrier",
        "destination",
        "unit",
        "identity_confirmed",
        "temperature",
        "symptoms",
        "sample_taken",
        "sample_code",
        "id_disputed",
    )

    id_type = forms.ChoiceField(label=_("Document"), choices=people.id_types)
    id_number = forms.CharField(label=_("ID number"), max_length=40, required=False)
    birth_on = forms.DateField(
        label=_("Birth date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Taken from a resident ID if left empty."),
    )
    sex = forms.ChoiceField(
        label=_("Sex"), choices=[("unknown", _("Not known")), ("male", _("Male")), ("female", _("Female"))]
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=24, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    origin_code = forms.CharField(
        label=_("Coming from"), help_text=_("Six-digit code, or the full name; a country by name or ISO code.")
    )
    departed_at = forms.DateTimeField(
        label=_("Left there at"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    mode = forms.ChoiceField(label=_("Came by"), choices=modes)
    carrier = forms.CharField(label=_("Train, flight, bus or plate"), max_length=80, required=False)
    destination = forms.CharField(label=_("Address in this city"), max_length=300, required=False)
    unit = forms.ChoiceField(label=_("Community"), choices=communities, required=False)
    id_disputed = forms.BooleanField(
        label=_("Two people really hold this number: register this one as disputed"),
        required=False,
        widget=forms.HiddenInput,
    )
    standing: UUID | None = None  # the arrival of somebody who has landed already, for a link

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, has_name=False, **kwargs)
        self.fields["name"].required = True

    def offer_dispute(self) -> None:
        """Ask whether two people hold the number: only once the register has somebody else under it."""
        self.fields["id_disputed"].widget = forms.CheckboxInput()

    def clean_origin_code(self) -> str:
        """The code of the area that was meant."""
        try:
            return places.origin(self.cleaned_data["origin_code"], clock.now().astimezone(clock.CITY).date())
        except places.AreaUnclear as unclear:
            raise forms.ValidationError(str(unclear)) from unclear

    def clean(self) -> dict[str, object]:
        """Somebody without a number is known by birth date or phone."""
        cleaned: dict[str, object] = super().clean() or self.cleaned_data
        if (number := str(cleaned.get("id_number") or "")) and (
            fault := people.id_fault(str(cleaned.get("id_type")), number)
        ):
            self.add_error("id_number", fault)
        if not number and not cleaned.get("birth_on") and not cleaned.get("phone"):
            self.add_error("id_number", _("Enter an ID number, or a birth date or a phone."))
        return cleaned


class FindForm(WalkInForm):
    """Somebody who passed no gate: who it is, where from, when and how they came, where they stay."""

    field_order = (
        "name",
        "id_type",
        "id_number",
        "birth_on",
        "sex",
        "phone",
        "origin_code",
        "arrived_on",
        "mode",
        "carrier",
        "last_exposure_on",
        "destination",
        "unit",
        "temperature",
        "symptoms",
        "id_disputed",
    )

    arrived_on = forms.DateField(label=_("Arrived on, as declared"), widget=forms.DateInput(attrs={"type": "date"}))
    last_exposure_on = forms.DateField(
        label=_("Left the area on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Days are counted from here; empty: from the day of arrival."),
    )

    def __init__(self, *args: object, scope: access.Scope, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name in ("identity_confirmed", "departed_at", "sample_taken", "sample_code"):
            del self.fields[name]
        own = access.queries.units(scope, kinds=("community",))
        self.fields["unit"] = forms.ChoiceField(
            label=_("Community"), choices=[(str(unit.id), str(unit.name)) for unit in own]
        )
        self.fields["mode"] = forms.ChoiceField(label=_("Came by"), choices=list(route_names().items()))
        self.order_fields(self.field_order)


class ReasonForm(forms.Form):
    """Why an expectation ends, or how a doubtful row is decided."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class ReportBackForm(forms.Form):
    """What whoever pushed a list was told."""

    words = forms.CharField(
        label=_("What was reported back, and to whom"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class AcceptForm(forms.Form):
    """Which community takes somebody over."""

    unit = forms.ChoiceField(label=_("Community that takes over"))

    def __init__(self, *args: object, scope: access.Scope, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        own = access.queries.units(scope, kinds=("community",))
        self.fields["unit"] = forms.ChoiceField(
            label=_("Community that takes over"), choices=[(str(unit.id), str(unit.name)) for unit in own]
        )


class SendForm(forms.Form):
    """Which community somebody is sent on to."""

    unit = forms.ChoiceField(label=_("Community of the destination"), choices=communities)


class FileForm(forms.Form):
    """A file of travellers: who sent it, on what basis."""

    file = forms.FileField(
        label=_("File"), help_text=_("CSV or XLSX, up to 64 MB: our template, or an Epi-X or SDX manifest.")
    )
    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=[
            ("manifest", _("Manifest of a carrier or border")),
            ("pushed_list", _("List pushed by another city or the province")),
        ],
    )
    issuer = forms.CharField(label=_("Sent by"), max_length=120, required=False)
    legal_basis = forms.CharField(label=_("Legal basis"), max_length=200, required=False)

    def clean_file(self) -> object:
        """A file that one machine can hold."""
        file = self.cleaned_data["file"]
        if file.size > FILE_BYTES_MAX:
            raise forms.ValidationError(_("The file is larger than 64 MB. Split it."))
        return file


class ColumnsForm(forms.Form):
    """Which column of the form each header of a file is."""

    LEFT_OUT = "-"

    def __init__(self, *args: object, card: ColumnsCard, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [("", _("Not said")), (self.LEFT_OUT, _("Leave out")), *card.choices]
        self.columns = card.columns
        for number, column in enumerate(card.columns):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=column.header,
                choices=choices,
                required=False,
                initial=column.column or (self.LEFT_OUT if column.is_left_out else ""),
                widget=forms.Select(attrs={"class": "form-select", "aria-label": column.header}),
            )

    def rows(self) -> list[tuple[ColumnCard, forms.BoundField]]:
        """Every column beside its choice."""
        return [(column, self[f"column-{number}"]) for number, column in enumerate(self.columns)]

    def said(self) -> dict[str, str]:
        """The headers that were chosen otherwise than they were taken for."""
        found = {}
        for column, bound in self.rows():
            chosen = self.cleaned_data[bound.name]
            if chosen != bound.initial:
                found[column.header] = "" if chosen in ("", self.LEFT_OUT) else chosen
        return found

    def clean(self) -> dict[str, object]:
        """Every column once."""
        cleaned: dict[str, object] = super().clean() or self.cleaned_data
        chosen = [value for value in cleaned.values() if value and value != self.LEFT_OUT]
        for name, value in list(cleaned.items()):
            if chosen.count(value) > 1:
                self.add_error(name, _("Two headers cannot be the same column."))
        return cleaned


class GateForm(forms.Form):
    """What a gate can bear."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=lambda: [pair for pair in mode_names().items() if pair[0] not in ("sea", "other")]
    )
    capacity_per_hour = forms.IntegerField(label=_("People an hour"), min_value=1)
    waiting_capacity = forms.IntegerField(label=_("Places to wait"), min_value=0)

    def __init__(self, *args: object, scope: access.Scope, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        own = access.queries.units(scope, kinds=("gate",))
        self.fields["unit"] = forms.ChoiceField(
            label=_("Unit"), choices=[(str(unit.id), str(unit.name)) for unit in own]
        )
        self.order_fields(["unit"])


class EvidenceForm(forms.Form):
    """Evidence for a line of a gate's checklist."""

    item = forms.CharField(widget=forms.HiddenInput)
    evidence = forms.CharField(label=_("Evidence"), max_length=300)
