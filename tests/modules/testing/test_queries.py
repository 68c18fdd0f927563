from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.utils.translation import override

from bihuan.kernel import clock
from bihuan.kernel.access import scope_for
from bihuan.modules.testing import actions, forms, queries
from bihuan.modules.testing.models import Sample
from tests.modules.testing.test_actions import answer, city, do, take

__all__ = ["city"]


class TestPastedList:
    def test_is_read_back_with_every_problem_named(self, city):
        fresh, answered = take(city), take(city)
        answer(city, answered)
        codes = {one.id: one.code for one in Sample.objects.all()}
        text = f"{codes[fresh]} +\n{codes[answered]}\n{codes[fresh]}\nA12425GABC1234002M\nNONSENSE"
        entries = queries.read_list(text, words=forms.result_words(), otherwise="negative")
        assert [bool(entry.problem) for entry in entries] == [False, True, True, True, True]
        assert (entries[0].sample_id, entries[0].result) == (fresh, "positive")

    def test_knows_the_words_of_both_languages(self):
        words = forms.result_words()
        assert words["negative"] == words["-"] == "negative"
        with override("zh-hans"):
            assert set(words.values()) == {"negative", "positive", "inconclusive"}


class TestSampleList:
    def test_shows_what_was_taken_in_the_scope_and_filters_by_result(self, city):
        answer(city, take(city), "positive")
        take(city)
        mine = queries.SampleList(scope_for(city.user("gate_officer")))
        assert mine.count({}) == 2
        assert mine.count({"result": "positive"}) == mine.count({"result": queries.WAITING}) == 1
        assert mine.count({"on": clock.now().date().isoformat()}) == 2
        assert mine.count({"on": (clock.now().date() - timedelta(days=1)).isoformat()}) == 0
        assert queries.SampleList(scope_for(city.user("stranger"))).count({}) == 0

    def test_costs_the_same_queries_however_long_it_is(self, city, django_assert_num_queries):
        for expected in (1, 3):
            while Sample.objects.count() < expected:
                take(city)
            source = queries.SampleList(scope_for(city.user("gate_officer")))
            with django_assert_num_queries(3):  # one asks which units are in reach
                assert len(source.rows({}, "-taken_at", 0, 50)) == expected


class TestCounts:
    def test_are_those_of_today(self, city):
        answer(city, take(city), "positive")
        take(city)
        found = queries.counts(scope_for(city.user("gate_officer")), clock.now())
        assert (found.sampled, found.resulted, found.positive) == (2, 1, 1)

    def test_count_a_corrected_result_once(self, city):
        wrong = answer(city, take(city), "positive")
        do(city, actions.correct_result, wrong, result="negative", reason="tubes swapped")
        for who in ("gate_officer", "commander"):
            found = queries.counts(scope_for(city.user(who)), clock.now())
            assert (found.resulted, found.positive) == (1, 0)


class TestToSample:
    def test_is_nobody_without_a_loop(self, city):
        assert queries.to_test(scope_for(city.user("gate_officer")), f"order:{uuid4()}") is None


class TestHowSamplesAreTaken:
    @pytest.mark.parametrize(
        ("profile", "policy", "zh"),
        [
            ("covid19-cn", "ed8", ["解除隔离前，同时采集2份样本，分送不同实验室检测。"]),
            ("covid19-cn", "ed9", ["采集咽拭子。"]),
            ("covid19-cn", "m20", []),
            ("mpox", "who2022", []),
        ],
    )
    def test_is_what_the_policy_of_the_duty_says(self, profile, policy, zh):
        duty = SimpleNamespace(profile=profile, policy=policy, opens_at=clock.now())
        tested = queries.ToSample("order:x", person=SimpleNamespace(name="Li"), duties=(duty,))
        with override("zh-hans"):
            assert tested.how == zh
