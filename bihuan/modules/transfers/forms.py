"""The shape of what dispatchers, drivers and counties enter."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
HOUR = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
WORDS_MAX = 300

type Choices = Sequence[tuple[Any, Any]]


def chosen(label: Any, choices: Choices, *, required: bool = True) -> forms.TypedChoiceField:
    """A choice among rows, by id."""
    offered = choices if required else [("", "—"), *choices]
    return forms.TypedChoiceField(label=label, choices=offered, coerce=UUID, required=required, empty_value=None)


class RequestForm(forms.Form):
    needs = forms.CharField(
        label=_("Special needs"),
        max_length=200,
        required=False,
        help_text=_("Wheelchair, infant, own illness: what the driver and the site must prepare."),
    )

    def __init__(self, *args: Any, sites: Choices, starts: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_unit_id"] = chosen(_("From where"), starts)
        self.fields["to_unit_id"] = chosen(_("To which site"), sites)
        self.order_fields(["from_unit_id", "to_unit_id", "needs"])


class TripForm(forms.Form):
    departs_at = forms.DateTimeField(label=_("Departs"), widget=MOMENT)
    eta_at = forms.DateTimeField(label=_("Expected at the destination"), widget=MOMENT)

    def __init__(self, *args: Any, vehicles: Choices, drivers: Choices, plans: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vehicle_id"] = chosen(_("Vehicle"), vehicles)
        self.fields["driver_id"] = chosen(_("Driver"), drivers)
        self.fields["plan_id"] = chosen(_("Under the pick-up plan"), plans, required=False)
        self.order_fields(["vehicle_id", "driver_id", "departs_at", "eta_at", "plan_id"])


class WordsForm(forms.Form):
    words = forms.CharField(label=_("Why"), max_length=WORDS_MAX, widget=forms.Textarea(attrs={"rows": 3}))


class FoundForm(forms.Form):
    words = forms.CharField(label=_("How the person was found"), max_length=WORDS_MAX, required=False)

    def __init__(self, *args: Any, units: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit_id"] = chosen(_("Where the person is now"), units)
        self.order_fields(["unit_id", "words"])


class VehicleForm(forms.Form):
    plate = forms.CharField(label=_("Number plate"), max_length=16)
    seats = forms.IntegerField(label=_("Seats for passengers"), min_value=1, max_value=80)
    model = forms.CharField(label=_("Model"), max_length=60, required=False)

    def __init__(self, *args: Any, fleets: Choices, kinds: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit_id"] = chosen(_("Fleet"), fleets)
        self.fields["kind"] = forms.ChoiceField(label=_("Kind"), choices=kinds)
        self.order_fields(["plate", "kind", "seats", "model", "unit_id"])


class DriverForm(forms.Form):
    phone = forms.CharField(
        label=_("Telephone"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
    )

    def __init__(self, *args: Any, holders: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user_id"] = chosen(_("Driver"), holders)
        self.order_fields(["user_id", "phone"])


class DisinfectionForm(forms.Form):
    agent = forms.CharField(
        label=_("Disinfectant and concentration"), max_length=100, initial=_("Chlorine, 1000 mg/L, 30 minutes")
    )


class PlanForm(forms.Form):
    begins_on = forms.DateField(label=_("From"), widget=DAY)
    ends_on = forms.DateField(label=_("Until"), widget=DAY)
    seats_wanted = forms.IntegerField(label=_("Seats wanted on the busiest day"), min_value=0, max_value=10_000)
    eta_minutes = forms.IntegerField(label=_("Minutes from the call to the gate"), min_value=1, max_value=1440)
    contact_name = forms.CharField(label=_("Who is called"), max_length=60)
    contact_phone = forms.CharField(label=_("Telephone"), max_length=40)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, counties: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit_id"] = chosen(_("County"), counties)
        self.order_fields(["unit_id"])


class PromiseForm(forms.Form):
    call_from = forms.TimeField(label=_("Can be called from"), widget=HOUR)
    call_until = forms.TimeField(label=_("Can be called until"), widget=HOUR)

    def __init__(self, *args: Any, vehicles: Choices, drivers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vehicle_id"] = chosen(_("Vehicle"), vehicles)
        self.fields["driver_id"] = chosen(_("Driver"), drivers)
        self.order_fields(["vehicle_id", "driver_id", "call_from", "call_until"])


class RemarkForm(forms.Form):
    remark = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=WORDS_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when the plan is returned, or approved although it is short of seats."),
    )
