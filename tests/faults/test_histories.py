"""The checker of histories finds each thing that cannot have happened, and nothing where all is in order."""

import random

from tests.faults.histories import Attempt, impossible


def took(holder: str, place: str, asked: float, answered: float, left: str | None = None) -> Attempt:
    return Attempt(holder, place, asked, answered, "took", left)


def lived(chance: random.Random) -> list[Attempt]:
    """A history that a real server could have told: every call happens at one moment within its time."""
    places: dict[str, str | None] = {f"p{number}": None for number in range(4)}
    at: dict[str, str | None] = {f"h{number}": None for number in range(6)}
    told = []
    for moment in range(1, 400):
        holder, place = chance.choice(sorted(at)), chance.choice(sorted(places))
        asked, answered = moment - chance.random() * 3, moment + chance.random() * 3
        if places[place] is not None:
            told.append(Attempt(holder, place, asked, answered, "other" if places[place] == holder else "taken"))
            continue
        left = at[holder]
        if left:
            places[left] = None
        places[place], at[holder] = holder, place
        told.append(took(holder, place, asked, answered, left))
    return told


class TestImpossible:
    def test_is_nothing_in_what_happened(self) -> None:
        for seed in range(20):
            assert not list(impossible(lived(random.Random(seed)), {})), seed  # noqa: S311 - a history, no secret

    def test_is_a_place_that_two_surely_had(self) -> None:
        told = [took("a", "p", 0, 1), took("b", "p", 2, 3)]
        assert list(impossible(told, {})) == ["p was held at 3.000000 by ['a', 'b']"]
        assert not list(impossible(told, {"p": 2}))

    def test_is_not_what_two_may_have_had_one_after_the_other(self) -> None:
        assert not list(impossible([took("a", "p", 0, 1), took("a", "q", 2, 5, "p"), took("b", "p", 3, 4)], {}))

    def test_is_a_refusal_of_a_place_that_nobody_had(self) -> None:
        told = [took("a", "p", 0, 1), took("a", "q", 2, 3, "p"), Attempt("b", "p", 4, 5, "taken")]
        assert list(impossible(told, {})) == ["p was refused to b at 4.000000 although nobody had it"]

    def test_is_leaving_a_place_where_one_was_not(self) -> None:
        told = [took("a", "p", 0, 1), took("a", "q", 2, 3, "r")]
        assert list(impossible(told, {})) == ["a is at p and leaves r"]

    def test_is_not_a_refusal_for_a_time_at_which_somebody_had_the_place(self) -> None:
        told = [
            took("a", "p", 0, 1),
            Attempt("a", "q", 2, 3, "took", "p", at=2.5),
            Attempt("b", "p", 4, 5, "taken", at=2.4),
        ]
        assert not list(impossible(told, {}))
        assert list(impossible([*told[:2], Attempt("b", "p", 4, 5, "taken", at=2.6)], {}))
