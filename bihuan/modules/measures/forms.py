"""The shape of what officers and people write about orders. What is lawful is decided by the actions."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

WORDS_MAX = 2000

SOURCES = [
    ("same_floor", _("A positive person on the same floor, or the floor above or below")),
    ("same_vehicle", _("A positive person in the same vehicle")),
    ("same_household", _("A positive person in the same household")),
    ("site_surface", _("A positive surface sample in the site")),
]


class RejectionForm(forms.Form):
    words = forms.CharField(
        label=_("Why it is rejected"), max_length=WORDS_MAX, widget=forms.Textarea(attrs={"rows": 4})
    )


class LiftForm(forms.Form):
    evidence = forms.UUIDField(label=_("On which fact"), widget=forms.RadioSelect)
    reason_zh = forms.CharField(label=_("Reason, in Chinese"), max_length=300)
    reason_en = forms.CharField(label=_("Reason, in English"), max_length=300)

    def __init__(self, *args: object, facts: Sequence[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["evidence"] = forms.TypedChoiceField(
            label=_("On which fact"), choices=facts, widget=forms.RadioSelect, coerce=forms.UUIDField().clean
        )


class ExposureForm(forms.Form):
    exposed_on = forms.DateField(
        label=_("Day of the new exposure"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    source = forms.ChoiceField(label=_("Where from"), choices=SOURCES, widget=forms.RadioSelect)


class DecisionForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Decision"),
        choices=[("upheld", _("Uphold: the order is lifted at once")), ("dismissed", _("Dismiss: the order stands"))],
        widget=forms.RadioSelect,
    )
    grounds = forms.CharField(
        label=_("What you answer the person"), max_length=WORDS_MAX, widget=forms.Textarea(attrs={"rows": 5})
    )


class ExposureDecisionForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            ("approved", _("Approve: the count starts again")),
            ("rejected", _("Reject: the order stays as it is")),
        ],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(label=_("Why it is rejected"), max_length=300, required=False)
