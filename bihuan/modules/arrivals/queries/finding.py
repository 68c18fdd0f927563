"""Who was found later: the list, and how many came by which route and stayed unseen for how long."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Case, CharField, Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.modules.arrivals.models import Arrival

from .cards import Trips
from .gates import mode_names

BANDS = {"0": 0, "1-2": 2, "3-7": 7}  # days from arrival to finding, by the last of each; "8+" is the rest


class FoundLater(Trips):
    """Source of the list of those whom no gate received."""

    def leaks(self, filters: Mapping[str, str]) -> dict[tuple[str, str], int]:
        """How many, by route and days unseen, under the filters but for these two."""
        rows = self._asked({name: value for name, value in filters.items() if name not in ("mode", "late")})
        if self._reach is not None:
            gates, units = self._reach
            rows = rows.filter(Q(gate__in=gates) | Q(unit__in=units))
        counted = _banded(rows).values_list("mode", "band").annotate(count=Count("*")).order_by("mode", "band")
        return {(mode, band): count for mode, band, count in counted}

    def _asked(self, filters: Mapping[str, str]) -> "QuerySet[Arrival]":
        rows = super()._asked(filters).filter(found_at__isnull=False)
        return _banded(rows).filter(band=late) if (late := filters.get("late")) else rows


def _banded(rows: "QuerySet[Arrival]") -> Any:
    unseen = ExpressionWrapper(TruncDate("found_at", tzinfo=clock.CITY) - F("arrived_on"), output_field=DurationField())
    return rows.annotate(unseen=unseen).annotate(
        band=Case(
            *[When(unseen__lte=timedelta(days=last), then=Value(band)) for band, last in BANDS.items()],
            default=Value("8+"),
            output_field=CharField(),
        )
    )


def late_names() -> dict[str, object]:
    """Bands of days from arrival to finding, in the reader's language."""
    return {
        "0": _("The same day"),
        "1-2": _("1 to 2 days"),
        "3-7": _("3 to 7 days"),
        "8+": _("8 days or more"),
    }


def route_names() -> dict[str, object]:
    """Routes into the city that pass a gate, and those of which nothing is known."""
    return {mode: name for mode, name in mode_names().items() if mode not in ("sea", "other")} | {
        "other": _("Not known")
    }
