"""Shape of what is typed about an area's level."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .queries import area, find, level_names


class RiskForm(forms.Form):
    """A level for an area, from a day on, resting on a published order."""

    area = forms.CharField(
        label=_("Area"), help_text=_("Six-digit code, or the full name; a country by name or ISO code.")
    )
    level = forms.ChoiceField(label=_("Level"), choices=level_names, widget=forms.RadioSelect)
    since = forms.DateField(label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Leave empty while it is not known."),
    )
    order_text = forms.CharField(
        label=_("Published order"),
        max_length=300,
        help_text=_("Which published document it rests on: issuer, number, date."),
    )

    def clean_area(self) -> str:
        """The code of the area that was meant."""
        asked = self.cleaned_data["area"].strip()
        exact = area(asked)
        if exact:
            return exact.code
        found = find(asked)
        whole = [one for one in found if asked.casefold() in (one.name.zh.casefold(), one.name.en.casefold())]
        candidates = whole or found
        if len(candidates) == 1:
            return candidates[0].code
        if not candidates:
            raise forms.ValidationError(_("No area has this name or code."))
        names = ", ".join(f"{one.code} {one.name}" for one in candidates[:6])
        raise forms.ValidationError(_("Several areas fit; enter the code: %(names)s"), params={"names": names})


class ReasonForm(forms.Form):
    """Why a level is refused."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
