"""What people type about samples: a code from a tube, a laboratory's list, a correction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from bihuan.kernel.web import HappenedForm

from .models import Result, Sample

LINES_MAX = 2_000
FILE_BYTES_MAX = 64 * 1024 * 1024
SIGNS = {
    "-": Result.Outcome.NEGATIVE,
    "+": Result.Outcome.POSITIVE,
    "neg": Result.Outcome.NEGATIVE,
    "pos": Result.Outcome.POSITIVE,
}


def result_words() -> dict[str, str]:
    """The words and signs a laboratory may write for a result, in every language we speak."""
    words: dict[str, str] = {sign: str(outcome) for sign, outcome in SIGNS.items()}
    for code, _name in settings.LANGUAGES:
        with override(code):
            words |= {str(outcome.label).lower(): str(outcome) for outcome in Result.Outcome}
    return words | {str(outcome): str(outcome) for outcome in Result.Outcome}


class SampleForm(HappenedForm):
    code = forms.CharField(
        label=_("Code on the tube"),
        required=False,
        max_length=40,
        help_text=_("Scan it or type it. Leave it empty to have a code made."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "inputmode": "latin"}),
    )
    purpose = forms.ChoiceField(
        label=_("Why"), choices=Sample.Purpose.choices, initial=Sample.Purpose.PLAN, widget=forms.RadioSelect
    )
    day = forms.TypedChoiceField(
        label=_("Day of the test plan"), required=False, coerce=int, empty_value=None, widget=forms.RadioSelect
    )

    def __init__(self, *args: object, days: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["day"].choices = [*days, ("", _("Outside the plan"))]  # type: ignore[attr-defined]


class DeskForm(forms.Form):
    codes = forms.CharField(
        label=_("Sample codes"),
        max_length=60 * LINES_MAX,
        help_text=_("One sample a line. After the code may stand its result; without one the choice below applies."),
        widget=forms.Textarea(attrs={"rows": 10, "autofocus": True, "autocomplete": "off", "spellcheck": "false"}),
    )
    result = forms.ChoiceField(
        label=_("Result of lines without one"),
        choices=Result.Outcome.choices,
        initial=Result.Outcome.NEGATIVE,
        widget=forms.RadioSelect,
    )


class ReportForm(forms.Form):
    file = forms.FileField(
        label=_("File"), help_text=_("CSV or XLSX with the code on the tube, the result and its time, up to 64 MB.")
    )

    def clean_file(self) -> Any:
        """A file that one machine can hold."""
        file = self.cleaned_data["file"]
        if file.size > FILE_BYTES_MAX:
            raise forms.ValidationError(_("The file is larger than 64 MB. Split it."))
        return file


class RowForm(forms.Form):
    code = forms.CharField(
        label=_("Code on the tube"), required=False, max_length=40, help_text=_("Leave it empty to reject the row.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)


class ReferralForm(forms.Form):
    hospital_id = forms.TypedChoiceField(label=_("Hospital"), coerce=UUID)

    def __init__(self, *args: Any, hospitals: Sequence[tuple[UUID, object]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["hospital_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = hospitals


class CorrectionForm(forms.Form):
    result = forms.ChoiceField(label=_("Right result"), choices=Result.Outcome.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("What was wrong"), max_length=200)
