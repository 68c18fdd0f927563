"""What many clients saw of places that are taken and left, and whether any order of events explains it.

A client knows when it asked and when it was answered; in between it happened. So a place was surely held from the
answer to its taking until its leaving was asked for, and possibly from the question until the answer.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of one client. `outcome` is "took", "taken" (by others, it was told) or "other"; `left` is the place
    that was given up for it. `at` is the time it carried, where the server lets a holder's times only grow.
    """

    holder: str
    place: str
    asked: float
    answered: float
    outcome: str
    left: str | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Hold:
    """A time in which a holder had a place: it began and ended somewhere within these moments. `since` and `until` are
    the times that taking and leaving carried: who carries an earlier one and comes later is rightly refused.
    """

    holder: str
    place: str
    begun: tuple[float, float]
    ended: tuple[float, float]
    since: float = 0.0
    until: float = 0.0


NEVER = (float("inf"), float("inf"))


def impossible(attempts: Sequence[Attempt], beds: Mapping[str, int]) -> Iterator[str]:
    """Whatever cannot have happened, in words."""
    took = [one for one in attempts if one.outcome == "took"]
    held, ways = holds(took)
    yield from ways
    by_place: dict[str, list[Hold]] = defaultdict(list)
    for hold in held:
        by_place[hold.place].append(hold)
    for place, there in by_place.items():
        yield from overfull(place, there, beds.get(place, 1))
    for there in by_place.values():
        there.sort(key=lambda hold: hold.begun[0])
    for one in attempts:
        if one.outcome == "taken" and not is_explained(one, by_place[one.place]):
            yield f"{one.place} was refused to {one.holder} at {one.asked:.6f} although nobody had it"


def is_explained(refused: Attempt, there: Sequence[Hold]) -> bool:
    """Whether somebody else may have had the place, or the holder after the time it carried.

    Looked for from the latest on: it is nearly always the last one.
    """
    for number in range(bisect_right(there, refused.answered, key=lambda hold: hold.begun[0]) - 1, -1, -1):
        hold = there[number]
        is_later = hold.since > refused.at or hold.until > refused.at
        if is_later or (hold.holder != refused.holder and hold.ended[1] >= refused.asked):
            return True
    return False


def holds(took: Iterable[Attempt]) -> tuple[list[Hold], list[str]]:
    """Each holder's way from place to place. One that leaves a place where it was not is told as well."""
    ways: dict[str, list[Attempt]] = defaultdict(list)
    for one in took:
        ways[one.holder].append(one)
    found, strange = [], []
    for holder, way in ways.items():
        here: Attempt | None = None
        left = sorted(way, key=lambda one: (one.at, one.answered))
        while left:
            following = next((one for one in left if one.left == (here.place if here else None)), None)
            if following is None:
                strange.append(f"{holder} is at {here.place if here else None} and leaves {left[0].left}")
                break
            left.remove(following)
            if here:
                ended = (following.asked, following.answered)
                found.append(Hold(holder, here.place, (here.asked, here.answered), ended, here.at, following.at))
            here = following
        if here and not left:
            found.append(Hold(holder, here.place, (here.asked, here.answered), NEVER, here.at))
    return found, strange


def overfull(place: str, there: Sequence[Hold], beds: int) -> Iterator[str]:
    """More at once for certain than there are beds."""
    moments = sorted(
        [(hold.begun[1], 1, hold) for hold in there if hold.begun[1] < hold.ended[0]]
        + [(hold.ended[0], -1, hold) for hold in there if hold.begun[1] < hold.ended[0]],
        key=lambda moment: moment[:2],
    )
    inside: set[Hold] = set()
    for moment, step, hold in moments:
        if step < 0:
            inside.discard(hold)
            continue
        inside.add(hold)
        if len(inside) > beds:
            yield f"{place} was held at {moment:.6f} by {sorted(one.holder for one in inside)}"
