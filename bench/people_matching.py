"""How well people are told apart, and what it costs.

    python -m bench.people_matching [--people 24000] [--estimate] [--rows DIR]

On an invented register (tests/science/linkage/invented.py): weights are estimated on one half without looking at who
is who (`--estimate` prints them as weights.toml and takes them; otherwise the published ones are taken), and both
halves are measured, pairs that were never compared counted as missed. With `--rows`, also the labelled persons of a
public set (nbs_seed.csv and nbs_test.csv): every row is looked for among all its seeds, and what is found best is
compared with the right one. A curve gives share found against false hits at thresholds.
"""

import argparse
import csv
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from bihuan.science.linkage import (
    Outcome,
    Prepared,
    Record,
    Verdict,
    Weights,
    candidates,
    compare,
    estimate,
    prepare,
    published,
)
from tests.science.linkage.invented import Told, halves, register

THRESHOLDS = (-5, 0, 5, 10, 15, 20, 25, 30)


@dataclass(frozen=True, slots=True)
class Measured:
    """How one outcome fares against who is who."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong or 1)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed or 1)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall or 1)

    def __str__(self) -> str:
        return f"F1 {self.f1:.4f}  precision {self.precision:.4f}  recall {self.recall:.4f}  wrong {self.wrong}"


@dataclass(frozen=True, slots=True)
class Judged:
    """Every candidate pair of a set with its verdict, and how many pairs there really are."""

    verdicts: list[tuple[bool, Verdict]]
    pairs: int

    def measured(self, *outcomes: Outcome) -> Measured:
        """How well the pairs with these outcomes are the pairs of one person."""
        told = [is_same for is_same, verdict in self.verdicts if verdict.outcome in outcomes]
        return Measured(sum(told), len(told) - sum(told), self.pairs - sum(told))


def judged(told: Sequence[Told], weights: Weights) -> Judged:
    """Compare the candidates of a set."""
    records = [prepare(one.record) for one in told]
    verdicts = [
        (told[one].person == told[other].person, weights.judge(records[one], records[other]))
        for one, other in candidates(records)
    ]
    twice = Counter(one.person for one in told)
    return Judged(verdicts, sum(count * (count - 1) // 2 for count in twice.values()))


def estimated(told: Sequence[Told], match_from: float, possible_from: float) -> Weights:
    """Weights from a set of which nobody has said who is who."""
    records = [prepare(one.record) for one in told]
    pairs = (compare(records[one], records[other]) for one, other in candidates(records))
    return estimate(pairs, match_from=match_from, possible_from=possible_from)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one row of the labelled set: the best of all seeds."""

    case: int
    expected: str
    is_right: bool
    verdict: Verdict


def labelled(folder: Path, weights: Weights) -> list[Found]:
    """Look for every row among all seeds."""
    seeds = [(row["Match Id"], prepare(_person(row))) for row in _rows(folder / "nbs_seed.csv")]
    found = []
    for row in _rows(folder / "nbs_test.csv"):
        asked = prepare(_person(row))
        verdict, right = max(((weights.judge(asked, seed), name) for name, seed in seeds), key=lambda one: one[0].score)
        found.append(Found(int(row["Test Case #"]), row["Expected Result"], right == row["Match Id"], verdict))
    return found


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _person(row: dict[str, str]) -> Record:
    return Record(
        name=" ".join(row[part].strip() for part in ("FIRST", "LAST", "SUFFIX")),
        birth_on=_day(row["BIRTHDATE"]),
        sex={"M": "male", "F": "female"}.get(row["GENDER"].strip(), ""),
        number=row["SSN"],
        address=f"{row['ADDRESS']} {row['CITY']}",
    )


def _day(text: str) -> date | None:
    """A day as these files write it; two digits of a year mean this century up to 25."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        year, month, day = (int(part) for part in text.split("-"))
    elif re.fullmatch(r"\d{1,2}/\d{1,2}/\d{2,4}", text):
        month, day, year = (int(part) for part in text.split("/"))
        year += 0 if year > 99 else 2000 if year <= 25 else 1900
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def shares(found: Sequence[Found]) -> dict[str, float]:
    """Of the rows expected to match and to be possible, the share that reaches the right person; of the others, the
    share taken for somebody.
    """

    def share(expected: str, hits: Sequence[Outcome], *, right: bool) -> float:
        rows = [one for one in found if one.expected == expected]
        return sum(one.verdict.outcome in hits and (one.is_right or not right) for one in rows) / (len(rows) or 1)

    told = (Outcome.MATCH, Outcome.POSSIBLE)
    return {
        "match, by itself": share("match", [Outcome.MATCH], right=True),
        "match, by itself or asked": share("match", told, right=True),
        "possible, by itself or asked": share("possible_match", told, right=True),
        "possible, by itself": share("possible_match", [Outcome.MATCH], right=True),
        "false hit by itself": share("no_match", [Outcome.MATCH], right=False),
        "no match, asked": share("no_match", [Outcome.POSSIBLE], right=False),
    }


def _curve(verdicts: Sequence[tuple[bool, Verdict]], pairs: int) -> Iterator[str]:
    for threshold in THRESHOLDS:
        told = [is_same for is_same, verdict in verdicts if verdict.score >= threshold]
        wrong = (len(told) - sum(told)) / (len(told) or 1)
        yield f"  {threshold:>4} bits: found {sum(told) / pairs:7.2%}  false {wrong:7.2%}"


def _toml(weights: Weights) -> Iterator[str]:
    yield f"match_from = {weights.match_from}\npossible_from = {weights.possible_from}"
    for field, levels in weights.same.items():
        yield f"\n[{field}]"
        for level, probability in levels.items():
            yield f"{level} = [{probability:.5f}, {weights.different[field][level]:.5f}]"


def _prepared_pairs(records: Sequence[Prepared]) -> list[tuple[Prepared, Prepared]]:
    return [(records[one], records[other]) for one, other in candidates(records)]


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--people", type=int, default=24_000)
    asked.add_argument("--estimate", action="store_true")
    asked.add_argument("--rows", type=Path)
    told = asked.parse_args()
    dev, held_out = halves(register(told.people))
    weights = published()
    if told.estimate:
        weights = estimated(dev, weights.match_from, weights.possible_from)
        say("\n".join(_toml(weights)))
    for name, half in (("half it was estimated on", dev), ("held-out half", held_out)):
        result = judged(half, weights)
        say(f"{name}: {len(half)} records, {result.pairs} pairs of one person, {len(result.verdicts)} compared")
        say(f"  match:              {result.measured(Outcome.MATCH)}")
        say(f"  match and possible: {result.measured(Outcome.MATCH, Outcome.POSSIBLE)}")
        say("\n".join(_curve(result.verdicts, result.pairs)))
    began = time.perf_counter()
    records = [prepare(one.record) for one in held_out]
    prepared_in = time.perf_counter() - began
    pairs = _prepared_pairs(records)
    began = time.perf_counter()
    for one, other in pairs:
        weights.judge(one, other)
    judged_in = time.perf_counter() - began
    a_record, a_pair = prepared_in / len(records) * 1e6, judged_in / len(pairs) * 1e6
    say(f"prepare {a_record:.0f} us a record, judge {a_pair:.1f} us a pair")
    if told.rows:
        found = labelled(told.rows, weights)
        say(f"labelled rows: {len(found)}")
        for what, share in shares(found).items():
            say(f"  {what}: {share:.1%}")
        for threshold in THRESHOLDS:
            hits = [one for one in found if one.verdict.score >= threshold]
            right = Counter(one.expected for one in hits if one.is_right)
            say(f"  {threshold:>4} bits, score alone: {dict(right)}")
    say(f"measured {datetime.now().astimezone():%Y-%m-%d %H:%M}")


if __name__ == "__main__":
    main()
