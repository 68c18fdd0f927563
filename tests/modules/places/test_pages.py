from uuid import uuid4

import pytest
from django.test import Client

from bihuan.modules.places.models import AreaRisk
from tests.signing_in import sign_in
from tests.world import World


class TestWatchList:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_is_entered_and_rejected(self, client: Client, city: World, language: str):
        client.cookies["django_language"] = language
        sign_in(client, city.user("clerk"))
        assert client.get("/areas/new").status_code == 200
        line = {"area": "上海市", "level": "high", "since": "2022-06-18", "order_text": "公告", "key": str(uuid4())}
        assert client.post("/areas/new", line | {"area": "火星"}).status_code == 422
        assert client.post("/areas/new", line).status_code == 302
        risk = AreaRisk.objects.get()
        assert client.get("/areas/").status_code == 200
        assert client.get("/areas/?level=high&sort=-level&on=2022-06-20").status_code == 200
        sign_in(client, city.user("city_approver"))
        assert client.get(f"/areas/{risk.id}").status_code == 200
        assert (
            client.post(f"/areas/{risk.id}/rejection", {"reason": "依据不足", "key": str(uuid4())}).status_code == 302
        )
        assert AreaRisk.objects.get().state == "rejected"

    def test_is_approved_only_by_whoever_has_the_power(self, client: Client, city: World):
        sign_in(client, city.user("clerk"))
        assert client.post(f"/areas/{uuid4()}/rejection", {"reason": "x"}).status_code == 404
