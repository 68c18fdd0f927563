"""What templates say: icons, badges, clocks, form fields, moments in the city's time."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import segno
from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.middleware.csrf import get_token
from django.urls import Resolver404
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from bihuan.kernel import access, clock
from bihuan.kernel.web import assets
from bihuan.kernel.web.parts import Badge, Clock

register = template.Library()


@register.simple_tag
def styles(entry: str) -> SafeString:
    return format_html_join("", '<link rel="stylesheet" href="{}">', ((url,) for url in assets.styles(entry)))


@register.simple_tag
def module(entry: str) -> SafeString:
    return format_html_join("", '<script type="module" src="{}"></script>', ((url,) for url in assets.scripts(entry)))


@register.simple_tag
def early_script(entry: str) -> SafeString:
    """A script that must run before the page is drawn."""
    return format_html_join("", '<script src="{}"></script>', ((url,) for url in assets.scripts(entry)))


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon from the sprite; the text beside it is its name."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>', assets.icons(), name
    )


@register.simple_tag(takes_context=True)
def post_fields(context: template.Context) -> SafeString:
    """What every POST form carries: the CSRF token and a fresh double-submit key."""
    token = get_token(context["request"])
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="key" value="{}">',
        token,
        uuid4(),
    )


@register.simple_tag(takes_context=True)
def reachable(context: template.Context, url: str) -> str:
    """`url` where the reader may open it, else nothing: a figure is shown to more people than its rows are."""
    scope = getattr(context.get("request"), "whole_scope", None)
    if scope is None or not url.startswith("/"):
        return url
    try:
        return url if access.may_open(scope, url) else ""
    except Resolver404:  # no page of ours stands there: nobody's power speaks against it
        return url


@register.inclusion_tag("web/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    widget = bound.field.widget
    is_group = isinstance(widget, CheckboxSelectMultiple | RadioSelect)
    is_check = isinstance(widget, CheckboxInput)
    if is_group or is_check:
        css = "form-check-input"
    else:
        css = "form-select" if isinstance(widget, Select) else "form-control"
    if bound.errors:
        css += " is-invalid"
    widget.attrs["class"] = css  # the form's own copy of its widget
    return {
        "field": bound,
        "control": "" if is_group else bound.as_widget(),
        "is_group": is_group,
        "is_check": is_check,
    }


@register.inclusion_tag("web/badge.html")
def badge(value: object) -> dict[str, Any]:
    return {"badge": value if isinstance(value, Badge) else Badge(value)}


@register.inclusion_tag("web/clock.html")
def clock_badge(value: Clock | None) -> dict[str, Any]:
    if value is None:
        return {}
    return {"clock": value, "words": clock_words(value), "now": clock.now()}


def clock_words(value: Clock) -> str:
    """The standing of a clock in words, so that colour is never the only sign."""
    if value.standing == "done":
        return _("Done in time")
    if value.standing == "late":
        return _("Done late")
    if value.left < timedelta():
        return _("Overdue by %(span)s") % {"span": span(-value.left)}
    return _("Due in %(span)s") % {"span": span(value.left)}


@register.filter
def span(length: timedelta) -> str:
    """A length of time in its two largest units, as people say it."""
    minutes = int(length.total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    if days >= 2:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours % 24}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes % 60}
    return _("%(minutes)d min") % {"minutes": minutes}


@register.filter
def moment(value: datetime | None) -> str:
    return f"{value.astimezone(clock.CITY):%Y-%m-%d %H:%M}" if value else ""


@register.filter
def until(value: datetime | None) -> str:
    """A moment at which something ends. What ends at midnight ends with the day before: 24:00, not 00:00."""
    if value is None:
        return ""
    local = value.astimezone(clock.CITY)
    if local.time() != time():
        return moment(value)
    last = local.date() - timedelta(days=1)
    return _("24:00 on %(day)s") % {"day": date_format(last, _("j F Y"))}


@register.filter
def time_of_day(value: datetime | None) -> str:
    return f"{value.astimezone(clock.CITY):%H:%M}" if value else ""


@register.filter
def day(value: date | None) -> str:
    if isinstance(value, datetime):
        value = value.astimezone(clock.CITY)
    return f"{value:%Y-%m-%d}" if value else ""


@register.simple_tag
def qr(text: str) -> SafeString:
    """A QR code drawn on the server; it scales with its box."""
    svg = segno.make(text, error="m").svg_inline(
        omitsize=True, svgclass="qr", lineclass=None, dark="#000", light="#fff"
    )
    return mark_safe(svg)  # noqa: S308 - our own drawing


class CaptureNode(template.Node):
    def __init__(self, nodelist: template.NodeList, name: str) -> None:
        self.nodelist = nodelist
        self.name = name

    def render(self, context: template.Context) -> str:
        context[self.name] = mark_safe(self.nodelist.render(context).strip())  # noqa: S308 - escaped when it was rendered
        return ""


@register.tag
def capture(parser: template.base.Parser, token: template.base.Token) -> CaptureNode:
    """`{% capture name %}…{% endcapture %}`: keep what is inside as `{{ name }}`, for a block that is shown twice."""
    _tag, name = token.split_contents()
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(nodelist, name)
