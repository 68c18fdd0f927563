"""Reasons that the system itself gives, kept in both languages like every other reason."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from bihuan.kernel.text import Text


def both(message: str | Promise) -> Text:
    """A message of the catalogue as content in two languages."""
    with override("zh-hans"):
        zh = str(message)
    with override("en"):
        return Text(zh=zh, en=str(message))


def policy_no_longer_asks() -> Text:
    return both(_("The policy now in force no longer asks for this restriction."))


def appeal_upheld() -> Text:
    return both(_("The appeal was upheld."))


def appeal_unanswered() -> Text:
    return both(_("Nobody answered the appeal within 48 hours, so the restriction lapsed."))
