"""Shape of what is typed about a person."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.access.vocabulary import purposes

from .queries import id_types

SEXES = [("male", _("Male")), ("female", _("Female")), ("unknown", _("Not known"))]


class PersonForm(forms.Form):
    """Particulars of a person, for entering and for correcting."""

    name = forms.CharField(label=_("Name"), max_length=120)
    id_type = forms.ChoiceField(label=_("Document"), choices=id_types)
    id_number = forms.CharField(label=_("ID number"), max_length=40, required=False)
    birth_on = forms.DateField(
        label=_("Birth date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Taken from a resident ID if left empty."),
    )
    sex = forms.ChoiceField(label=_("Sex"), choices=SEXES, initial="unknown")
    phone = forms.CharField(label=_("Phone"), max_length=24, required=False)
    address = forms.CharField(label=_("Address"), max_length=300, required=False)


class CorrectionForm(PersonForm):
    """As above, with the reason that stays beside the change."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


def asked_purposes() -> list[tuple[str, str]]:
    return [(one.code, str(one.name)) for one in purposes().values() if one.is_asked]


class PurposeForm(forms.Form):
    """Why somebody's record is opened."""

    purpose = forms.ChoiceField(
        label=_("Why do you open this person?"), choices=asked_purposes, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("On what occasion?"),
        max_length=200,
        min_length=2,
        help_text=_("A case number, a call, a letter: what the auditor can check."),
    )


class JoiningForm(forms.Form):
    """Which of two records goes on, and why they are one person."""

    keep = forms.ChoiceField(label=_("Which record goes on?"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("How do you know?"), max_length=200, help_text=_("Such as: asked by telephone, saw the document.")
    )


class SeparationForm(forms.Form):
    """Why two joined records are two people after all."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
