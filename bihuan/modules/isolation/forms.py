"""What people type about sites, stays, checks, homes and tickets."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import HappenedForm

from . import queries, rules
from .models import Check, Room, Site, Ticket, Zone


class SymptomsField(forms.MultipleChoiceField):
    """Large ticks for the symptoms the city asks about."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self) -> None:
        super().__init__(
            label=_("Symptoms"),
            required=False,
            choices=lambda: [(code, str(name)) for code, name in queries.practice().symptoms.items()],
        )


def day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def temperature_field(*, required: bool) -> forms.DecimalField:
    return forms.DecimalField(
        label=_("Temperature (°C)"),
        required=required,
        min_value=34,
        max_value=43,
        max_digits=3,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal", "autocomplete": "off"}),
    )


def remark_field() -> forms.CharField:
    return forms.CharField(label=_("Remark"), required=False, max_length=200)


class CheckForm(HappenedForm):
    temperature = temperature_field(required=True)
    symptoms = SymptomsField()
    remark = remark_field()


class VisitForm(HappenedForm):
    contact = forms.ChoiceField(
        label=_("How"), choices=Check.Contact.choices, initial=Check.Contact.VISIT, widget=forms.RadioSelect
    )
    present = forms.TypedChoiceField(
        label=_("Reached"),
        choices=[("yes", _("Yes, at home")), ("no", _("Not reached"))],
        initial="yes",
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    temperature = temperature_field(required=False)
    symptoms = SymptomsField()
    remark = remark_field()


class MonitorForm(CheckForm):
    contact = forms.ChoiceField(
        label=_("How"), choices=Check.Contact.choices, initial=Check.Contact.PHONE, widget=forms.RadioSelect
    )
    field_order = ("contact", "temperature", "symptoms", "remark")


class RoomChoiceField(forms.TypedChoiceField):
    """A choice among rooms; the label says what a clerk must know to give it away."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Room"), **kwargs)

    def offer(self, rooms: Sequence[queries.RoomCell]) -> None:
        self.choices = [(str(room.id), room.label) for room in rooms]


class CheckInForm(HappenedForm):
    room = RoomChoiceField()
    identity_confirmed = forms.BooleanField(label=_("Identity compared with the document"))
    exposure_on = forms.DateField(label=_("Last exposure"), widget=day_input())
    temperature = temperature_field(required=False)
    symptoms = SymptomsField()
    needs = forms.CharField(
        label=_("Special needs"),
        required=False,
        max_length=300,
        help_text=_("Medicines, diet, a child, a disability, pregnancy"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, rooms: Sequence[queries.RoomCell], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["room"]
        assert isinstance(field, RoomChoiceField)
        field.offer(rooms)


class MoveForm(forms.Form):
    room = RoomChoiceField()
    reason = forms.CharField(label=_("Why"), max_length=200)

    def __init__(self, *args: Any, rooms: Sequence[queries.RoomCell], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["room"]
        assert isinstance(field, RoomChoiceField)
        field.offer(rooms)


class LeaveForm(HappenedForm):
    to_unit = forms.TypedChoiceField(label=_("Community that receives the person"), required=False, empty_value=None)

    def __init__(self, *args: Any, units: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to_unit"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = units


class HomeForm(forms.Form):
    """The address, the grid that looks after it, and a name and a telephone number for every role of the team."""

    address = forms.CharField(label=_("Address"), max_length=200)
    unit = forms.TypedChoiceField(
        label=_("Grid that looks after the person"),
        coerce=UUID,
        help_text=_("Its grid worker is told of the daily contact."),
    )

    def __init__(self, *args: Any, units: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = units if len(units) == 1 else [("", "—"), *units]
        for role in queries.team_roles():
            self.fields[f"{role.code}_name"] = forms.CharField(
                label=_("%(role)s: name") % {"role": role.name}, max_length=60
            )
            self.fields[f"{role.code}_phone"] = forms.CharField(
                label=_("%(role)s: telephone") % {"role": role.name},
                max_length=40,
                widget=forms.TextInput(attrs={"inputmode": "tel"}),
            )


class AdmissionForm(forms.Form):
    YES, NO = "yes", "no"
    answer = forms.ChoiceField(
        label=_("Answer"),
        choices=[(YES, _("The person is here and admitted")), (NO, _("Not admitted"))],
        initial=YES,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=200, help_text=_("Needed where nobody is admitted")
    )


class DischargeForm(forms.Form):
    to_unit_id = forms.TypedChoiceField(coerce=UUID)
    grounds = forms.CharField(
        label=_("Medical grounds"),
        max_length=200,
        help_text=_("The findings the discharge rests on: which tests were negative, and when."),
    )

    def __init__(self, *args: Any, to_site: bool, units: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to_unit_id"]
        assert isinstance(field, forms.ChoiceField)
        field.label = _("Site that takes the person in") if to_site else _("Community that receives the person")
        field.choices = units


class SiteForm(forms.Form):
    state = forms.ChoiceField(label=_("State"), choices=Site.State.choices, widget=forms.RadioSelect)
    phone = forms.CharField(label=_("Telephone"), max_length=40)
    certificate_until = forms.DateField(label=_("Safety certificate valid until"), required=False, widget=day_input())
    inspected_on = forms.DateField(label=_("Inspection passed on"), required=False, widget=day_input())


class OpeningForm(SiteForm):
    """A unit becomes a site."""

    address = forms.CharField(label=_("Address"), max_length=200)
    planned_rooms = forms.IntegerField(label=_("Rooms planned"), min_value=0, max_value=10_000)
    field_order = ("unit_id", "address", "phone", "planned_rooms", "state", "certificate_until", "inspected_on")

    def __init__(self, *args: Any, units: Sequence[tuple[UUID, object]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit_id"] = forms.TypedChoiceField(label=_("Unit"), choices=units, coerce=UUID)
        self.order_fields(self.field_order)


class YesNoField(forms.TypedChoiceField):
    """A question that must be answered."""

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            choices=[("yes", _("Yes")), ("no", _("No"))],
            coerce=lambda value: value == "yes",
            widget=forms.RadioSelect,
        )


class DayForm(forms.Form):
    meals = YesNoField(_("All meals were brought on time"))
    waste = YesNoField(_("Waste was collected, sealed and taken away"))
    disinfected = YesNoField(_("Corridors, passages and equipment were disinfected"))
    staff_well = YesNoField(_("All staff were checked and are well"))
    remark = forms.CharField(
        label=_("What was not in order, and what was done"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ZoneForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=Zone.Kind.choices, widget=forms.RadioSelect)
    name = forms.CharField(label=_("Name of the zone"), max_length=60)


class ZoneChangeForm(ZoneForm):
    blocked_for = forms.CharField(
        label=_("Take its rooms out of use, because"),
        required=False,
        max_length=100,
        help_text=_("Only where nobody stays. Each room is then made ready again by itself."),
    )


class FurnishingForm(forms.Form):
    """What a room is: where it lies and how many beds it has."""

    floor = forms.IntegerField(label=_("Floor"), min_value=-5, max_value=200)
    capacity = forms.IntegerField(label=_("Beds in a room"), min_value=1, max_value=12, initial=1)
    barrier_free = forms.BooleanField(label=_("Barrier-free"), required=False)
    field_order: Sequence[str] = ("zone_id", "floor", "capacity", "barrier_free")

    def __init__(self, *args: Any, zones: Sequence[queries.ZoneRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(zone.id, f"{zone.name} · {zone.kind}") for zone in zones]
        self.fields["zone_id"] = forms.TypedChoiceField(label=_("Zone"), choices=choices, coerce=UUID)
        self.order_fields(self.field_order)


class RoomsForm(FurnishingForm):
    """A floor's rooms, all alike."""

    numbers = forms.CharField(label=_("Room numbers"), max_length=300, help_text=_("Such as 201-220, 222"))
    field_order = ("zone_id", "numbers", "floor", "capacity", "barrier_free")

    def clean_numbers(self) -> tuple[str, ...]:
        try:
            return rules.room_numbers(self.cleaned_data["numbers"])
        except ValueError:
            raise forms.ValidationError(
                _("This is no list of rooms. Write numbers and ranges, none twice, at most %(count)s: 201-220, 222"),
                params={"count": rules.ROOMS_MAX},
            ) from None


class RoomForm(forms.Form):
    state = forms.ChoiceField(label=_("State"), choices=Room.State.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), required=False, max_length=100, help_text=_("Needed to block a room"))


class TicketForm(forms.Form):
    kind = forms.ChoiceField(label=_("What it is about"), choices=Ticket.Kind.choices, widget=forms.RadioSelect)
    text = forms.CharField(label=_("What is needed"), max_length=1_000, widget=forms.Textarea(attrs={"rows": 3}))


class AnswerForm(forms.Form):
    answer = forms.CharField(label=_("Answer"), max_length=1_000, widget=forms.Textarea(attrs={"rows": 3}))


class ClosingForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[(Ticket.State.DONE, Ticket.State.DONE.label), (Ticket.State.REFUSED, Ticket.State.REFUSED.label)],
        initial=Ticket.State.DONE,
        widget=forms.RadioSelect,
    )
    remark = forms.CharField(
        label=_("What was done, or why not"), required=False, max_length=1_000, widget=forms.Textarea(attrs={"rows": 2})
    )
