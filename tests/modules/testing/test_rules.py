import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.modules.testing import rules

bodies = st.text(rules.ALPHABET, min_size=4, max_size=15)


class TestSampleCode:
    def test_agrees_with_the_example_of_the_standard(self):
        # ISO 7064, MOD 37,36: "A12425GABC1234002" has the check character M.
        assert rules.check_character("A12425GABC1234002") == "M"

    @given(st.integers(min_value=0, max_value=2**128))
    def test_made_by_us_is_a_code(self, number):
        assert rules.is_code(rules.code_from(number))

    @given(bodies, st.data())
    def test_with_one_wrong_character_is_refused(self, body, data):
        code = body + rules.check_character(body)
        place = data.draw(st.integers(0, len(code) - 1))
        wrong = data.draw(st.sampled_from([c for c in rules.ALPHABET if c != code[place]]))
        assert not rules.is_code(code[:place] + wrong + code[place + 1 :])

    @pytest.mark.parametrize("text", ["", "A", "1234", "abc", "A12425GABC1234002-"])
    def test_that_is_none_is_refused_without_an_error(self, text):
        assert not rules.is_code(text)

    def test_is_read_as_people_write_it(self):
        assert rules.tidy(" a12-425 \uff27abc\uff11 ") == "A12425GABC1"


class TestPastedList:
    def test_gives_a_code_and_a_word_a_line(self):
        lines = list(rules.lines_of("AB12  +\n\n ab-13,negative\nAB14"))
        assert [(line.number, line.code, line.word) for line in lines] == [
            (1, "AB12", "+"),
            (3, "AB13", "negative"),
            (4, "AB14", ""),
        ]

    @pytest.mark.parametrize(("word", "outcome"), [("", "negative"), ("+", "positive"), ("maybe", None)])
    def test_names_a_result_or_leaves_it_to_the_default(self, word, outcome):
        assert rules.outcome_of(word, {"+": "positive"}, "negative") == outcome


class TestDayOfThePlan:
    @pytest.mark.parametrize(("occurrence", "day"), [("2022-06-27 d3", 3), ("2022-06-27 morning", None), ("", None)])
    def test_is_read_from_the_name_of_an_occurrence(self, occurrence, day):
        assert rules.day_of(occurrence) == day
