"""What a sum of weights may decide, and how well it does on people of whom we know who they are."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bench.people_matching import estimated, judged, labelled, shares
from bihuan.science.linkage import FIELDS, Outcome, Record, check_character, prepare, published
from tests.science.linkage.invented import halves, register

ROWS = Path(os.environ.get("BIHUAN_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "matching"
PEOPLE = 4_000


def number(first17: str) -> str:
    return first17 + check_character(first17)


ONE = Record(
    name="张子涵",
    birth_on=date(2015, 3, 12),
    sex="female",
    number=number("41080220150312002"),
    phone="13800000001",
    address="太行路12号阳光花园3号楼",
)


def outcome(one: Record, other: Record) -> str:
    return published().judge(prepare(one), prepare(other)).outcome


class TestJudge:
    def test_one_person_written_twice_matches(self):
        assert outcome(ONE, replace(ONE, name="張子涵", phone="13911112222", address="")) == "match"

    def test_a_misread_number_still_matches(self):
        assert outcome(ONE, replace(ONE, number=ONE.number[:12] + "9" + ONE.number[13:])) == "match"

    def test_twins_are_never_taken_for_each_other(self):
        twin = replace(ONE, name="张子轩", number=number("41080220150312004"))
        assert outcome(ONE, twin) != "match"
        assert outcome(replace(ONE, number=""), replace(twin, number="")) != "match"

    def test_two_valid_numbers_are_never_taken_for_one_however_much_agrees(self):
        assert outcome(ONE, replace(ONE, number=number("41080220150312004"))) == "possible"

    def test_father_and_son_are_never_taken_for_each_other(self):
        assert outcome(replace(ONE, name="John Smith Sr"), replace(ONE, name="John Smith Jr")) == "possible"

    def test_namesakes_differ(self):
        other = Record("张子涵", date(1960, 1, 2), "female", number("41080219600102002"), "13900000009", "人民路1号")
        assert outcome(ONE, other) == "different"

    def test_who_shares_a_telephone_is_not_suspected_for_it(self):
        mother = Record("李秀英", date(1988, 1, 2), "female", "", ONE.phone, ONE.address)
        assert outcome(ONE, mother) == "different"

    def test_a_name_alone_is_no_match(self):
        assert outcome(Record(name="王芳"), Record(name="王芳")) != "match"


class TestPublishedWeights:
    def test_every_level_has_a_probability_in_both_classes(self):
        weights = published()
        for field, levels in FIELDS.items():
            for told in (weights.same, weights.different):
                assert set(told[field]) == {level.value for level in levels}
                assert sum(told[field].values()) == pytest.approx(1, abs=1e-4)

    def test_agreement_in_what_tells_people_apart_speaks_for_and_conflict_against(self):
        weights = published()
        for field in ("name", "birth", "sex", "number"):
            assert weights.weight(field, "same") > 0 > weights.weight(field, "differ")


class TestInventedRegister:
    """The fast size; `python -m bench.people_matching` does it at 24,000 people."""

    def test_the_held_out_half_is_told_apart(self):
        _dev, held_out = halves(register(PEOPLE))
        result = judged(held_out, published())
        assert result.pairs > 500
        assert result.measured(Outcome.MATCH).f1 >= 0.97
        assert result.measured(Outcome.MATCH).precision >= 0.995
        assert result.measured(Outcome.MATCH, Outcome.POSSIBLE).recall >= 0.99

    def test_the_same_weights_come_out_of_pairs_that_nobody_labelled(self):
        dev, _held_out = halves(register(24_000))
        again, weights = estimated(dev, 3.0, -1.0), published()
        assert (weights.match_from, weights.possible_from) == (3.0, -1.0)
        for field in FIELDS:
            assert again.same[field] == pytest.approx(weights.same[field], abs=1e-4)
            assert again.different[field] == pytest.approx(weights.different[field], abs=1e-4)

    def test_the_same_seed_makes_the_same_people(self):
        assert register(50) == register(50)
        assert register(50, seed=1) != register(50)


@pytest.mark.skipif(
    not ROWS.exists() and os.environ.get("CI") != "true", reason="the labelled persons are not beside this clone"
)
class TestLabelledPersons:
    """Rows nobody tuned on: the weights come from the invented register."""

    def test_reach_the_right_person_and_take_nobody_for_another(self):
        found = shares(labelled(ROWS, published()))
        assert found["match, by itself"] > 0.88
        assert found["possible, by itself or asked"] > 0.55
        assert found["false hit by itself"] <= 0.03
