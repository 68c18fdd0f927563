"""The shape of what the public enters."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.modules.arrivals import queries as arrivals
from bihuan.modules.isolation import queries as isolation
from bihuan.modules.people import queries as people
from bihuan.modules.places import queries as places

WORDS_MAX = 2000
MODES = [
    ("rail", _("Train")),
    ("air", _("Aeroplane")),
    ("coach", _("Coach")),
    ("expressway", _("Own car")),
    ("sea", _("Ship")),
    ("other", _("Another way")),
]
ID_TYPES = [
    ("resident_id", _("Resident identity card")),
    ("passport", _("Passport")),
    ("permit", _("Permit")),
    ("other", _("Another document")),
]
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class Honeypot(forms.Form):
    """A field people never see. What fills it in is a machine, and is told that all went well."""

    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    @property
    def is_machine(self) -> bool:
        return bool(self.data.get("website"))


class DeclarationForm(Honeypot):
    name = forms.CharField(label=_("Name as in your document"), max_length=60)
    id_type = forms.ChoiceField(label=_("Document"), choices=ID_TYPES)
    id_number = forms.CharField(label=_("Document number"), max_length=40)
    phone = forms.CharField(label=_("Telephone"), max_length=24, widget=forms.TextInput(attrs={"type": "tel"}))
    mode = forms.ChoiceField(label=_("How you come"), choices=MODES)
    carrier = forms.CharField(label=_("Train, flight or number plate"), max_length=40, required=False)
    seat = forms.CharField(label=_("Coach and seat"), max_length=20, required=False)
    origin = forms.CharField(
        label=_("Where you come from"), max_length=60, help_text=_("City, county or country, or its code.")
    )
    last_exposure_on = forms.DateField(
        label=_("Last day you were there"), widget=DAY, required=False, help_text=_("If you were in an area at risk.")
    )
    expected_at = forms.DateTimeField(label=_("When you arrive"), widget=MOMENT)
    destination = forms.CharField(label=_("Where you will stay"), max_length=200)
    reference = forms.CharField(
        label=_("Reference number, if you correct a declared trip"),
        max_length=30,
        required=False,
        help_text=_("The trip keeps its number; what was said before no longer holds."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gates = [(str(unit.id), unit.name) for unit in access.queries.units_of_kinds("gate")]
        self.fields["gate_unit"] = forms.TypedChoiceField(
            label=_("Where you arrive"),
            choices=[("", _("I do not know yet")), *gates],
            required=False,
            coerce=forms.UUIDField().clean,
            empty_value=None,
        )

    def clean_phone(self) -> str:
        """A number that can be called."""
        phone: str = self.cleaned_data["phone"]
        if fault := people.phone_fault(phone):
            raise ValidationError(fault)
        return phone

    def clean_id_number(self) -> str:
        """A number that a document of the kind named above can bear."""
        number: str = self.cleaned_data["id_number"]
        if fault := people.id_fault(self.cleaned_data.get("id_type", ""), number):
            raise ValidationError(fault)
        return number

    def clean_expected_at(self) -> datetime:
        """Not before today: who has arrived already is received at the gate."""
        expected: datetime = self.cleaned_data["expected_at"]
        if expected.astimezone(clock.CITY).date() < clock.now().astimezone(clock.CITY).date():
            raise ValidationError(_("This day has passed. Enter the day on which you will arrive."))
        if (expected - clock.now()).days > arrivals.EXPECTED_DAYS_AHEAD_MAX:
            raise ValidationError(
                _("Declare at most %(days)s days before you arrive.") % {"days": arrivals.EXPECTED_DAYS_AHEAD_MAX}
            )
        return expected

    def clean_last_exposure_on(self) -> date | None:
        """Not after today."""
        day: date | None = self.cleaned_data["last_exposure_on"]
        if day and day > clock.now().astimezone(clock.CITY).date():
            raise ValidationError(_("This day is still to come. Enter the last day you were there."))
        return day

    def clean_origin(self) -> str:
        """The code of the area that is meant."""
        try:
            return places.origin(self.cleaned_data["origin"], clock.now().astimezone(clock.CITY).date())
        except places.AreaUnclear as unclear:
            raise ValidationError(str(unclear)) from unclear


class StatusForm(forms.Form):
    reference = forms.CharField(label=_("Reference number"), max_length=30)


class AppealForm(Honeypot):
    words = forms.CharField(
        label=_("What is wrong, in your own words"), max_length=WORDS_MAX, widget=forms.Textarea(attrs={"rows": 6})
    )
    phone = forms.CharField(label=_("Telephone, if we may call back"), max_length=40, required=False)


class TicketForm(Honeypot):
    text = forms.CharField(label=_("What you need"), max_length=500, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"] = forms.ChoiceField(label=_("What it is about"), choices=isolation.ticket_kinds())
        self.order_fields(["kind", "text"])
