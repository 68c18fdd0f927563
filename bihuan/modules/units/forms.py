"""Shapes of input for units and accounts."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access
from bihuan.kernel.access.vocabulary import kinds


class PasswordForm(forms.Form):
    username = forms.CharField(
        label=_("Account"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code from your device"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least ten characters, not only digits, not a common word."),
    )


class OwnPasswordForm(NewPasswordForm):
    present = forms.CharField(
        label=_("Present password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    code = forms.CharField(
        label=_("Code from your device"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    field_order = ["present", "code", "password"]

    def __init__(self, *args: object, has_device: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not has_device:  # entered a demo city by one click
            del self.fields["code"]


class AccountForm(forms.Form):
    username = forms.SlugField(label=_("Account"), help_text=_("Letters, digits, hyphen. It cannot be changed later."))
    name = forms.CharField(label=_("Name"), max_length=80)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    password = forms.CharField(
        label=_("First password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least ten characters, not only digits, not a common word."),
    )


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class AppointmentForm(forms.Form):
    user = forms.TypedChoiceField(label=_("Person"))
    role = forms.ChoiceField(label=_("Role"))
    since = forms.DateField(label=_("Held from"), widget=DayInput())
    until = forms.DateField(
        label=_("Held until"),
        widget=DayInput(),
        required=False,
        help_text=_("The first day on which the post is no longer held."),
    )

    def __init__(self, *args: object, people: Sequence[tuple[object, str]], kind: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["user"].choices = people  # type: ignore[attr-defined]
        self.fields["role"].choices = access.queries.roles_at(kind)  # type: ignore[attr-defined]


class NominationForm(forms.Form):
    """The second person's decision. Somebody who may not confirm can only take back what they named."""

    outcome = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason, if refused"), max_length=300, required=False)

    def __init__(self, *args: object, may_confirm: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        confirm = [("confirmed", _("Confirm"))] if may_confirm else []
        refuse = ("refused", _("Refuse") if may_confirm else _("Take it back"))
        self.fields["outcome"].choices = [*confirm, refuse]  # type: ignore[attr-defined]


class ParticularsForm(forms.Form):
    """What of a unit can be put right; its kind and its place in the tree stay."""

    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120)
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    address = forms.CharField(label=_("Place"), max_length=200, required=False)
    population = forms.IntegerField(label=_("Population"), min_value=0)


class UnitForm(ParticularsForm):
    """A unit that is to stand below another."""

    code = forms.SlugField(label=_("Code"), max_length=64, help_text=_("Never given twice, and never changed."))
    kind = forms.ChoiceField(label=_("Kind"))
    sector = forms.ChoiceField(label=_("Sector owner"), required=False)
    field_order = ("code", "kind", "name_zh", "name_en", "sector", "phone", "address", "population")

    def __init__(self, *args: object, sectors: Sequence[tuple[str, object]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["kind"].choices = [("", "—"), *((kind.code, kind.name) for kind in kinds().values())]  # type: ignore[attr-defined]
        self.fields["sector"].choices = [("", _("None")), *sectors]  # type: ignore[attr-defined]
        self.fields["population"].initial = 0

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if access.queries.by_codes([code]):
            raise forms.ValidationError(_("Another unit has this code."))
        return code


class ClosureForm(forms.Form):
    on = forms.DateField(label=_("First day without it"), widget=DayInput())
    reason = forms.CharField(label=_("Reason"), max_length=300)


class HandOverForm(forms.Form):
    user = forms.ChoiceField(label=_("Successor"))
    on = forms.DateField(label=_("Handed over on"), widget=DayInput())
    remark = forms.CharField(
        label=_("What was handed over"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Open matters, keys, lists, agreements."),
    )

    def __init__(self, *args: object, people: Sequence[tuple[object, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["user"].choices = people  # type: ignore[attr-defined]


class EndForm(forms.Form):
    until = forms.DateField(label=_("No longer held from"), widget=DayInput())
    reason = forms.CharField(label=_("Reason"), max_length=300)


class OpeningsForm(forms.Form):
    extra = forms.IntegerField(label=_("How many more people today"), min_value=1)
    reason = forms.CharField(label=_("Reason"), max_length=200, min_length=2)


class ShiftForm(forms.Form):
    holder = forms.ChoiceField(label=_("Person and role"))
    starts_at = forms.DateTimeField(label=_("Begins"), widget=MomentInput())
    ends_at = forms.DateTimeField(label=_("Ends"), widget=MomentInput())

    def __init__(self, *args: object, holders: list[access.queries.Holder], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["holder"].choices = [  # type: ignore[attr-defined]
            (f"{one.role}:{one.user}", f"{one.name} · {one.role_name}") for one in holders
        ]


class CancelForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class ReturnForm(forms.Form):
    remark = forms.CharField(
        label=_("Remark"),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        help_text=_(
            "What the figures do not say. The figures themselves are drawn from the system and cannot be edited."
        ),
    )
