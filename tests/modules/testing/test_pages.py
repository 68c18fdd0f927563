from uuid import uuid4

import pytest
from django.urls import reverse

from bihuan.kernel.ledger import history
from bihuan.modules.testing import events
from bihuan.modules.testing.models import Result, Sample
from tests.modules.testing.test_actions import answer, city, take
from tests.signing_in import sign_in

__all__ = ["city"]


def as_(city, client, name):
    client.cookies.clear()
    return sign_in(client, city.user(name))


class TestPages:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    @pytest.mark.parametrize(
        ("name", "who"),
        [("samples:due", "gate_officer"), ("samples:list", "gate_officer"), ("laboratory:desk", "lab_staff")],
    )
    def test_open_in_both_languages(self, city, client, name, who, language):
        answer(city, take(city))
        page = as_(city, client, who).get(reverse(name), headers={"accept-language": language})
        assert page.status_code == 200

    def test_of_a_sample_are_for_those_who_took_or_answered_it(self, city, client):
        sample = take(city)
        answer(city, sample)
        url = reverse("samples:detail", args=[sample])
        found = {
            name: as_(city, client, name).get(url).status_code for name in ("gate_officer", "lab_staff", "stranger")
        }
        assert found == {"gate_officer": 200, "lab_staff": 200, "stranger": 404}

    def test_of_the_laboratory_are_not_there_for_others(self, city, client):
        assert as_(city, client, "gate_officer").get(reverse("laboratory:desk")).status_code == 404

    def test_of_taking_are_not_there_for_nobody(self, city, client):
        url = reverse("samples:take", args=["order", uuid4()])
        assert as_(city, client, "gate_officer").get(url).status_code == 404


class TestReferralPage:
    def test_is_there_for_a_positive_sample_only_and_answers_its_alarm(self, city, client):
        negative, positive = take(city), take(city)
        answer(city, negative)
        answer(city, positive, "positive")
        officer = as_(city, client, "district")
        assert officer.get(reverse("samples:referral", args=[negative])).status_code == 404
        url = reverse("samples:referral", args=[positive])
        assert officer.get(url).status_code == 200
        officer.post(url, {"key": str(uuid4()), "hospital_id": city.unit("hospital").id})
        subject = Sample.objects.get(pk=positive).subject
        assert history(subject)[-1].kind == events.REFERRED


class TestLaboratoryDesk:
    def test_reads_back_shows_no_name_and_records_on_the_second_press(self, city, client):
        sample = take(city)
        code = Sample.objects.get(pk=sample).code
        staff = as_(city, client, "lab_staff")
        read = staff.post(reverse("laboratory:desk"), {"codes": f"{code}\nWRONG", "result": "negative"})
        assert [entry.code for entry in read.context["good"]] == [code]
        assert len(read.context["bad"]) == 1
        assert b"Li Ming" not in read.content
        assert not Result.objects.exists()
        key = str(uuid4())
        for _ in range(2):
            staff.post(reverse("laboratory:results"), {"key": key, "found": f"{sample}:negative"})
        assert Result.objects.get().laboratory_id == city.unit("laboratory").id

    def test_corrects_with_a_reason(self, city, client):
        sample = take(city)
        answer(city, sample, "positive")
        staff = as_(city, client, "lab_staff")
        url = reverse("samples:correction", args=[sample])
        assert staff.get(url).status_code == 200
        assert staff.post(url, {"key": str(uuid4()), "result": "negative", "reason": ""}).status_code == 422
        staff.post(url, {"key": str(uuid4()), "result": "negative", "reason": "tubes swapped"})
        assert Result.objects.count() == 2
