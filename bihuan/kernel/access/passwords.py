"""Passwords on their way in: only their hashes go further."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.access.models import User
from bihuan.kernel.access.vocabulary import own_words
from bihuan.kernel.refusals import Refused

OTHER_LETTERS_MIN = 4


class AccountRefused(Refused):
    """The account cannot be made or changed as asked."""


class OwnWordsValidator:
    """Refuses what is little more than words that everybody in this work knows. The words are the profile's."""

    def validate(self, password: str, user: User | None = None) -> None:
        given = left = password.casefold()
        for word in own_words():
            left = left.replace(word, "")
        if left != given and sum(sign.isalpha() for sign in left) < OTHER_LETTERS_MIN:
            raise ValidationError(_("This is little more than a word that everybody here knows."))

    def get_help_text(self) -> str:
        return str(_("More than a word that everybody here knows."))


def hashed(password: str, *, username: str, name: str) -> str:
    """The hash of a password fit for this account; an unfit one is refused. Actions never see the password itself."""
    try:
        validate_password(password, User(username=username, name=name))
    except ValidationError as unfit:
        raise AccountRefused(" ".join(unfit.messages), _("Choose a longer and less common password.")) from unfit
    return make_password(password)
