"""Levels become weights, weights a score, a score an outcome; and where the weights come from."""

import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

from bihuan.science.linkage.comparing import FIELDS, BirthLevel, Levels, NameLevel, PhoneLevel, compare
from bihuan.science.linkage.numbers import NumberLevel
from bihuan.science.linkage.records import Prepared

FLOOR = 1e-4  # no level is impossible: an agreement or a conflict never proves
ROUNDS = 200
STILL = 1e-9


class Outcome(StrEnum):
    MATCH = "match"
    POSSIBLE = "possible"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two records say together. `levels` tell why."""

    score: float
    outcome: Outcome
    levels: Levels


@dataclass(frozen=True, slots=True)
class Weights:
    """For every field and level the probability among pairs of one person (m) and of two (u); thresholds in bits."""

    same: Mapping[str, Mapping[str, float]]
    different: Mapping[str, Mapping[str, float]]
    match_from: float
    possible_from: float

    def weight(self, field: str, level: str) -> float:
        """What one level weighs, in bits: log2(m/u)."""
        return math.log2(self.same[field][level] / self.different[field][level])

    def score(self, levels: Levels) -> float:
        """The sum of the weights. What is missing weighs nothing."""
        return sum(self.weight(field, level) for field, level in zip(FIELDS, levels, strict=True) if level is not None)

    def judge(self, one: Prepared, other: Prepared) -> Verdict:
        """The outcome for a pair."""
        levels = compare(one, other)
        score = self.score(levels)
        if score < self.possible_from:
            return Verdict(score, Outcome.DIFFERENT, levels)
        is_certain = score >= self.match_from and not _asks_for_eyes(levels, one, other)
        return Verdict(score, Outcome.MATCH if is_certain else Outcome.POSSIBLE, levels)


def _asks_for_eyes(levels: Levels, one: Prepared, other: Prepared) -> bool:
    """What no sum may outweigh: two different numbers, father and son, a name with nothing beside it, or another name
    with nothing that proves it. Twins agree in everything that can be summed.
    """
    if levels.number is NumberLevel.DIFFER or one.generation != other.generation:
        return True
    if levels.number in (NumberLevel.SAME, NumberLevel.MISREAD):
        return False
    is_named = levels.name in (NameLevel.SAME, NameLevel.SOUND, NameLevel.NEAR)
    backed = (BirthLevel.SAME, BirthLevel.NEAR, PhoneLevel.SAME, PhoneLevel.NEAR, NumberLevel.PART)
    return not is_named or not any(level in backed for level in (levels.birth, levels.phone, levels.number))


def estimate(pairs: Iterable[Levels], *, match_from: float, possible_from: float) -> Weights:
    """Estimate m and u from pairs of which nobody has said which are the same, by expectation and maximisation.

    Fields are taken as independent within each class; a missing value leaves its field out of a pair's likelihood.
    """
    counts = Counter(pairs)
    same = {field: _falling(levels, 0.85) for field, levels in FIELDS.items()}
    different = {field: _rising(levels) for field, levels in FIELDS.items()}
    share, before = 0.3, -math.inf
    for _round in range(ROUNDS):
        held: dict[Levels, float] = {}
        likelihood = 0.0
        for levels, count in counts.items():
            as_same = share * _probability(levels, same)
            as_different = (1 - share) * _probability(levels, different)
            held[levels] = as_same / (as_same + as_different)
            likelihood += count * math.log(as_same + as_different)
        total = sum(counts.values())
        share = sum(count * held[levels] for levels, count in counts.items()) / total
        same = _shares(counts, held)
        different = _shares(counts, {levels: 1 - part for levels, part in held.items()})
        if likelihood - before < STILL * total:
            break
        before = likelihood
    return Weights(same, different, match_from, possible_from)


def _falling(levels: tuple[StrEnum, ...], first: float) -> dict[str, float]:
    rest = (1 - first) / (len(levels) - 1)
    return {level.value: first if index == 0 else rest for index, level in enumerate(levels)}


def _rising(levels: tuple[StrEnum, ...]) -> dict[str, float]:
    total = sum(range(1, len(levels) + 1))
    return {level.value: index / total for index, level in enumerate(levels, 1)}


def _probability(levels: Levels, of: Mapping[str, Mapping[str, float]]) -> float:
    return math.prod(of[field][level] for field, level in zip(FIELDS, levels, strict=True) if level is not None)


def _shares(counts: Mapping[Levels, int], held: Mapping[Levels, float]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for place, (field, names) in enumerate(FIELDS.items()):
        sums = dict.fromkeys((name.value for name in names), 0.0)
        for levels, count in counts.items():
            level = levels[place]
            if level is not None:
                sums[str(level)] += count * held[levels]
        total = sum(sums.values()) or 1.0
        raised = {name: max(value / total, FLOOR) for name, value in sums.items()}
        found[field] = {name: value / sum(raised.values()) for name, value in raised.items()}
    return found


@lru_cache(maxsize=1)
def published() -> Weights:
    """The weights in use: estimated once, written down in weights.toml, the same for everybody."""
    told = tomllib.loads(files(__package__).joinpath("weights.toml").read_text("utf-8"))
    return Weights(
        {field: {level: pair[0] for level, pair in told[field].items()} for field in FIELDS},
        {field: {level: pair[1] for level, pair in told[field].items()} for field in FIELDS},
        told["match_from"],
        told["possible_from"],
    )
