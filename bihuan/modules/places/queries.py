"""Reads of areas and of the watch list."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access
from bihuan.kernel.refusals import NotFound, Refused
from bihuan.kernel.text import Text, listed

from . import rules
from .models import Area, AreaRisk, Level, RiskState
from .rules.gazetteer import Entry, Gazetteer, Words

NAMED_MAX = 6
WORDS = Path(__file__).resolve().parents[2] / "profiles" / "registers" / "places.toml"


class AreaUnclear(Refused):
    """What was written names no area, or several."""


@dataclass(frozen=True, slots=True)
class AreaRow:
    id: UUID
    code: str
    name: Text
    is_overseas: bool


@dataclass(frozen=True, slots=True)
class RiskRow:
    """A line of the watch list. `until` is its last day, None while it is open."""

    id: UUID
    area: AreaRow
    level: str
    since: date
    until: date | None
    order_text: str
    state: str
    entered_by: str
    entered_unit: UUID

    @property
    def subject(self) -> str:
        return f"risk:{self.id}"


def area(code: str) -> AreaRow | None:
    """An area by its code."""
    found = Area.objects.filter(code=code.strip().upper()).first()
    return _area(found) if found else None


def area_by_id(area_id: UUID) -> AreaRow:
    found = Area.objects.filter(id=area_id).first()
    if found is None:
        raise NotFound(_("There is no such area."))
    return _area(found)


def find(text: str, limit: int = 20) -> list[AreaRow]:
    """Areas by the beginning of a name or code; the one whose whole name it is comes first."""
    asked = text.strip()
    typed = rules.typed(asked)
    if not typed:
        return []
    condition = Q(name_zh__startswith=asked) | Q(typed__istartswith=typed) | Q(code__startswith=asked.upper())
    areas = Area.objects.annotate(typed=_typed("name_en"), whole=Q(typed__iexact=typed)).filter(condition)
    begins = [_area(found) for found in areas.order_by("-whole", "code")[:limit]]
    written = None if begins else gazetteer().find(asked)
    return begins or ([_area(Area.objects.get(code=written.code))] if written and written.is_whole else [])


def _typed(name: str) -> Func:
    """`rules.typed` in the database."""
    return Func(F(name), Value("ü'’"), Value("v"), function="TRANSLATE", output_field=CharField())


def gazetteer() -> Gazetteer:
    """The register, ready to read the names that people write. Built anew for each file: keep it while you need it."""
    data = _words()
    abroad: Mapping[str, str] = data["counted_abroad"]
    rows = Area.objects.order_by("code").values_list("code", "name_zh", "name_en", "aliases")
    return Gazetteer(
        [Entry(abroad.get(code, code), (zh, en, rules.typed(en), *aliases)) for code, zh, en, aliases in rows],
        Words.of(data),
    )


def origin(text: str, on: date) -> str:
    """The code of the area somebody says they come from; refuses, with what to write, where that is not clear."""
    read = gazetteer()
    found = read.find(text)
    if found is None or (not found.is_whole and found.code.endswith("00")):
        near = read.candidates(text) or [area.code for area in find(text)]
        names = listed(f"{name} {code}" for code, name in full_names(near[:NAMED_MAX]).items())
        if not names:
            raise AreaUnclear(_("We do not know this place."), _("Write the city, county or country."))
        raise AreaUnclear(
            _("Several places may be meant: %(names)s.") % {"names": names}, _("Write one of them, or its code.")
        )
    if found.code in county_decides(on):
        names = str(full_names([found.code])[found.code])
        raise AreaUnclear(
            _("Only parts of %(area)s are at risk.") % {"area": names}, _("Write the county or district as well.")
        )
    return found.code


def county_decides(on: date) -> frozenset[str]:
    """Provinces and prefectures without a level of their own in which some county has one."""
    listed = set(_lines().filter(state=RiskState.IN_FORCE, during__contains=on).values_list("area__code", flat=True))
    above = {link for code in listed for link in rules.chain(code)[1:]}
    return frozenset(code for code in above if listed.isdisjoint(rules.chain(code)))


def full_names(codes: Collection[str]) -> dict[str, Text]:
    """Areas' names by code, each with what it lies in."""
    chains = {code: rules.chain(code) for code in codes}
    areas = Area.objects.filter(code__in={link for chain in chains.values() for link in chain})
    rows = {area.code: area for area in areas.exclude(name_zh__in=_words()["unsaid"])}
    named = {code: [rows[link] for link in chain if link in rows] for code, chain in chains.items()}
    return {
        code: Text(zh="".join(area.name_zh for area in reversed(lying)), en=", ".join(area.name_en for area in lying))
        for code, lying in named.items()
    }


@cache
def _words() -> Mapping[str, Any]:
    with WORDS.open("rb") as file:
        return tomllib.load(file)


def ids(codes: Collection[str]) -> dict[str, UUID]:
    """Areas' ids by code, one query."""
    return dict(Area.objects.filter(code__in=list(codes)).values_list("code", "id"))


def area_rows(area_ids: Collection[UUID]) -> dict[UUID, AreaRow]:
    """Areas by id, one query."""
    return {found.id: _area(found) for found in Area.objects.filter(id__in=list(area_ids))}


def within(code: str) -> Q:
    """The condition (on a relation `origin`) of lying in an area: itself and everything beneath it."""
    if not code.isdigit():
        return Q(origin__code=code)
    stem = code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") and len(code) == 6 else code
    return Q(origin__code__startswith=stem)


def level_on(code: str, on: date) -> RiskRow | None:
    """The line in force for an area on a day: its own, or of an area it lies in; of several the one that binds most."""
    return levels_on([code], on).get(code)


def levels_on(codes: Collection[str], on: date) -> dict[str, RiskRow]:
    """As `level_on` for many areas, one query."""
    asked = {link for code in codes for link in rules.chain(code)}
    lines = _lines().filter(state=RiskState.IN_FORCE, area__code__in=asked, during__contains=on)
    by_area: dict[str, RiskRow] = {line.area.code: _risk(line) for line in lines}
    found: dict[str, RiskRow] = {}
    for code in codes:
        candidates = [by_area[link] for link in rules.chain(code) if link in by_area]
        if candidates:
            found[code] = max(candidates, key=lambda row: rules.LEVELS.index(row.level))
    return found


def risk(risk_id: UUID) -> RiskRow:
    found = _lines().filter(id=risk_id).first()
    if found is None:
        raise NotFound(_("There is no such line on the watch list."))
    return _risk(found)


def watch_list(on: date) -> list[RiskRow]:
    """Every line in force on a day, the heaviest first."""
    rows = [_risk(line) for line in _lines().filter(state=RiskState.IN_FORCE, during__contains=on)]
    return sorted(rows, key=lambda row: (-rules.LEVELS.index(row.level), row.area.code))


def deciding_units(code: str) -> frozenset[UUID]:
    """The units that may decide an area's level: those it lies in, and the city, which all areas concern."""
    containing = access.queries.by_codes(rules.chain(code))
    return frozenset(unit.id for unit in [*containing, *access.queries.roots()])


def may_decide(scope: access.Scope, risk: RiskRow) -> bool:
    """Whether somebody with this reach is in a unit that decides the area's level; which person, the action says."""
    return scope.actor.unit in deciding_units(risk.area.code)


def proposals() -> list[RiskRow]:
    """Lines that wait for the second person."""
    return [_risk(line) for line in _lines().filter(state=RiskState.PROPOSED).order_by("entered_at")]


@dataclass(frozen=True, slots=True)
class Advice:
    """What the public is told of an area: its level, since when, and until when this advice is valid."""

    area: Text
    code: str
    level: str
    since: date
    valid_until: date | None
    order_text: str


def advice(on: date) -> list[Advice]:
    """Where not to travel as of a day, from the watch list: what is low again is no longer advised against."""
    return [
        Advice(row.area.name, row.area.code, row.level, row.since, row.until, row.order_text)
        for row in watch_list(on)
        if row.level != Level.LOW
    ]


def level_names() -> list[tuple[str, str]]:
    """Levels for forms and pages, in the reader's language."""
    names = {
        Level.HIGH: _("High risk"),
        Level.MEDIUM: _("Medium risk"),
        Level.LOW: _("Low risk"),
        Level.OVERSEAS: _("Overseas"),
    }
    return [(level.value, str(name)) for level, name in names.items()]


class WatchList:
    """Source of the watch-list page."""

    SORTS: Mapping[str, str] = {"area": "area__code", "level": "level", "since": "during", "until": "during"}

    def count(self, filters: Mapping[str, str]) -> int:
        return self._asked(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[RiskRow]:
        order = self.SORTS.get(sort.lstrip("-"), "during")
        asked = self._asked(filters).order_by(f"-{order}" if sort.startswith("-") else order, "id")
        return [_risk(line) for line in asked[offset : offset + limit]]

    def _asked(self, filters: Mapping[str, str]) -> "QuerySet[AreaRisk]":
        rows = _lines()
        if text := filters.get("q"):
            rows = rows.annotate(typed=_typed("area__name_en")).filter(
                Q(area__name_zh__startswith=text)
                | Q(typed__istartswith=rules.typed(text))
                | Q(area__code__startswith=text)
            )
        if level := filters.get("level"):
            rows = rows.filter(level=level)
        if state := filters.get("state"):
            rows = rows.filter(state=state)
        if on := filters.get("on"):
            rows = rows.filter(during__contains=date.fromisoformat(on))
        return rows


def _lines() -> "QuerySet[AreaRisk]":
    return AreaRisk.objects.select_related("area")


def _area(found: Area) -> AreaRow:
    return AreaRow(found.id, found.code, Text(zh=found.name_zh, en=found.name_en), found.is_overseas)


def _risk(line: AreaRisk) -> RiskRow:
    upper = line.during.upper
    return RiskRow(
        id=line.id,
        area=_area(line.area),
        level=line.level,
        since=line.during.lower,
        until=upper - timedelta(days=1) if upper else None,
        order_text=line.order_text,
        state=line.state,
        entered_by=line.entered_by,
        entered_unit=line.entered_unit_id,
    )
