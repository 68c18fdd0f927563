"""A declaration is taken in always: whoever fills it in learns nothing of anybody in the register."""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.kernel import clock
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor
from bihuan.modules.people import actions as people
from bihuan.modules.people.models import Person
from bihuan.modules.people.queries import NewPerson
from tests.modules.public.test_pages import LANGUAGES, declaration
from tests.world import World, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> World:
    return world()


class TestDeclaration:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_with_a_number_that_is_registered_to_another_is_taken_in_and_tells_nothing(
        self, city: World, language: str
    ):
        client = Client()
        client.cookies["django_language"] = language
        unknown = client.post(reverse("public:declare"), declaration(name="Li Si", id_number="E99999999"), follow=True)
        Client().post(reverse("public:declare"), declaration(name="Zhao Liu"))
        taken = client.post(reverse("public:declare"), declaration(name="Qian Qi"), follow=True)
        assert taken.redirect_chain[0][1] == unknown.redirect_chain[0][1] == 302
        assert "Zhao" not in taken.content.decode()
        shown = [re.sub(r"[2-9A-Z]{12}|nonce=\S+|value=\S+", "", one.content.decode()) for one in (unknown, taken)]
        assert shown[0] == shown[1]
        (zhao, qian) = Person.objects.filter(id_number="E12345678").order_by("id")
        assert (zhao.name, zhao.id_disputed) == ("Zhao Liu", False)
        assert (qian.name, qian.id_disputed) == ("Qian Qi", True)
        again = client.post(reverse("public:declare"), declaration(name="Qian Qi", destination="Yuntai Road 5"))
        assert again["Location"] == taken.redirect_chain[0][0]
        assert Person.objects.filter(id_number="E12345678").count() == 2

    def test_of_one_who_could_be_several_is_taken_in(self, city: World):
        number, born = "410811199001010017", date(1990, 1, 1)
        unnumbered = [NewPerson("Wu Jiu", born, phone="13900000000", id=uuid7()) for _ in range(2)]
        people.enrol_many(unnumbered, at=clock.now(), by=Actor.system("test"), key=uuid7())
        sent = declaration(name="Wu Jiu", id_type="resident_id", id_number=number)
        assert Client().post(reverse("public:declare"), sent).status_code == 302
        assert Person.objects.filter(id_number=number, id_disputed=False).count() == 1
