from uuid import uuid4

import pytest
from django.db import connection

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.kernel.refusals import NotFound
from bihuan.modules.people import actions as people
from bihuan.modules.testing import actions, events, queries, rules
from bihuan.modules.testing.models import Result, Sample
from tests.world import world


@pytest.fixture
def city(db):
    return world()


def do(city, verb, *args, by="lab_staff", key=None, **kwargs):
    return verb(*args, at=clock.now(), by=city.actor(by), key=key or uuid4(), **kwargs)


def take(city, subject=None, **kwargs):
    person = do(city, people.register, by="gate_officer", name="Li Ming")
    subject = subject or f"arrival:{uuid4()}"
    given = {"person_id": person, "unit_id": city.unit("gate-rail").id, "purpose": "landing"} | kwargs
    return do(city, actions.take_sample, subject, by="gate_officer", **given)


def answer(city, sample, result="negative", **kwargs):
    return do(city, actions.record_result, sample, result=result, laboratory_id=city.unit("laboratory").id, **kwargs)


class TestTakeSample:
    def test_leaves_one_sample_and_one_fact_however_often_it_is_sent(self, city):
        subject, key = f"arrival:{uuid4()}", uuid4()
        person = do(city, people.register, by="gate_officer", name="Li Ming")
        given = {"person_id": person, "unit_id": city.unit("gate-rail").id, "purpose": "landing", "day": 1}
        first = do(city, actions.take_sample, subject, by="gate_officer", key=key, **given)
        assert do(city, actions.take_sample, subject, by="gate_officer", key=key, **given) == first
        [fact] = history(subject)
        assert (fact.kind, fact.about, fact.payload["day"]) == (events.SAMPLED, f"person:{person}", 1)
        assert rules.is_code(Sample.objects.get().code)

    def test_takes_the_code_of_the_tube_as_it_is_typed(self, city):
        sample = take(city, code="a12425g abc1234002m")
        assert Sample.objects.get(pk=sample).code == "A12425GABC1234002M"

    def test_refuses_a_misread_code(self, city):
        with pytest.raises(actions.WrongCode):
            take(city, code="A12425GABC1234002N")

    def test_refuses_a_code_that_is_used(self, city):
        take(city, code="A12425GABC1234002M")
        with pytest.raises(actions.CodeUsed):
            take(city, code="A12425GABC1234002M")


class TestResult:
    def test_is_a_fact_with_its_day_and_phase(self, city):
        subject = f"order:{uuid4()}"
        answer(city, take(city, subject, day=3, phase="central"))
        payload = history(subject)[-1].payload
        assert (payload["day"], payload["phase"], payload["result"]) == (3, "central", "negative")
        assert queries.samples_of(subject)[0].result == "negative"

    def test_is_given_once(self, city):
        sample = take(city)
        answer(city, sample)
        with pytest.raises(actions.AlreadyAnswered):
            answer(city, sample, "positive")

    def test_list_is_taken_whole_or_not_at_all(self, city):
        good = [take(city), take(city)]
        with pytest.raises(NotFound):
            do(city, actions.record_results, [(one, "negative") for one in (*good, uuid4())], laboratory_id=None)
        assert not Result.objects.exists()
        do(city, actions.record_results, [(one, "negative") for one in good], laboratory_id=None)
        assert Result.objects.count() == 2

    def test_corrected_is_a_further_fact_and_both_stay(self, city):
        subject = f"order:{uuid4()}"
        wrong = answer(city, take(city, subject), "positive")
        do(city, actions.correct_result, wrong, result="negative", reason="tubes swapped")
        facts = [fact for fact in history(subject) if fact.kind == events.RESULTED]
        assert [fact.payload["result"] for fact in facts] == ["positive", "negative"]
        assert facts[-1].payload["is_correction"] is True
        [sample] = queries.samples_of(subject)
        assert (sample.result, sample.is_corrected) == ("negative", True)
        assert [(row.result, row.stands) for row in queries.results_of(sample.id)] == [
            ("positive", False),
            ("negative", True),
        ]

    def test_corrected_once_is_not_corrected_again_under_it(self, city):
        wrong = answer(city, take(city), "positive")
        do(city, actions.correct_result, wrong, result="negative", reason="tubes swapped")
        with pytest.raises(actions.NotCorrectable):
            do(city, actions.correct_result, wrong, result="inconclusive", reason="again")

    @pytest.mark.parametrize("change", ["UPDATE testing_result SET result = 'negative'", "DELETE FROM testing_result"])
    def test_cannot_be_rewritten_by_sql(self, city, change):
        answer(city, take(city), "positive")
        with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(change)


class TestReferral:
    def test_names_where_the_person_went(self, city):
        subject = f"order:{uuid4()}"
        person = do(city, people.register, by="gate_officer", name="Li Ming")
        hospital = city.unit("hospital").id
        do(city, actions.refer, subject, by="site_head", person_id=person, hospital_id=hospital)
        told = history(subject)[-1]
        assert (told.unit, told.payload) == (hospital, {"hospital": str(hospital), "handover": None})
