"""Passwords on their way in: only their hashes go further."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.access.models import User
from bihuan.kernel.refusals import Refused


class AccountRefused(Refused):
    """The account cannot be made or changed as asked."""


def hashed(password: str, *, username: str, name: str) -> str:
    """The hash of a password fit for this account; an unfit one is refused. Actions never see the password itself."""
    try:
        validate_password(password, User(username=username, name=name))
    except ValidationError as unfit:
        raise AccountRefused(" ".join(unfit.messages), _("Choose a longer and less common password.")) from unfit
    return make_password(password)
