"""When it happened: what was done in the field earlier is entered with its own time, not as if it were done now."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock

FIELD = "happened_at"


class HappenedForm(forms.Form):
    """A form about something done in the field: now, or earlier at a moment it names. `since` is the earliest there is.

    Clocks judge by that moment; when it was entered stands beside it in the ledger.
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
        """The moment named, or now. A page names minutes: one in which `since` lies is not before it."""
        now = clock.now()
        named: datetime | None = self.cleaned_data[FIELD]
        if named is None:
            return now
        if named > now:
            raise forms.ValidationError(_("This moment is still to come. Enter what has been done."))
        if self.since is None or named >= self.since:
            return named
        if named < self.since.replace(second=0, microsecond=0):
            raise forms.ValidationError(
                _("This was not to be done before %(since)s. Check day and hour."),
                params={"since": f"{self.since.astimezone(clock.CITY):%Y-%m-%d %H:%M}"},
            )
        return self.since

    @property
    def moment(self) -> datetime:
        happened: datetime = self.cleaned_data[FIELD]
        return happened

    @property
    def findings(self) -> dict[str, Any]:
        """What was entered, without its moment."""
        return {name: value for name, value in self.cleaned_data.items() if name != FIELD}
