"""When it happened: what was done in the field earlier is entered with its own time, not as if it were done now."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.loop import happened
from bihuan.kernel.refusals import Refused

FIELD = "happened_at"


class HappenedForm(forms.Form):
    """A form about something done in the field: now, or earlier at a moment it names. `since` is the earliest there is.

    Clocks judge by that moment; when it was entered stands beside it in the ledger. What cannot have been then is
    refused by the action, which knows all that it rests on.
    """

    happened_at = forms.DateTimeField(
        label=_("When it was done"),
        required=False,
        help_text=_("Empty: just now. Say when if you enter it afterwards; clocks count by this moment."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, since: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.since = since
        self.order_fields([name for name in self.fields if name != FIELD])  # what is seldom needed stands last

    def clean_happened_at(self) -> datetime:
        """The moment named, or now. The action refuses what cannot have been; the form only says so earlier."""
        named: datetime | None = self.cleaned_data[FIELD]
        if named is None:
            return clock.now()
        try:
            return happened(named, self.since)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None

    @property
    def moment(self) -> datetime:
        happened: datetime = self.cleaned_data[FIELD]
        return happened

    @property
    def findings(self) -> dict[str, Any]:
        """What was entered, without its moment."""
        return {name: value for name, value in self.cleaned_data.items() if name != FIELD}
