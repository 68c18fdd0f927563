from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from bihuan.kernel import access, clock
from bihuan.kernel.access.models import Nomination, User
from bihuan.kernel.ledger import SigningKey, rotate, sign
from bihuan.modules.units import actions, queries
from bihuan.modules.units.models import DailyReturn, DutyShift
from tests.conftest import START
from tests.kernel.ledger.attacks import give_leaves
from tests.signing_in import sign_in
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def gate(city: World) -> str:
    return f"/units/{city.unit('gate-rail').id}"


class TestAccess:
    @pytest.mark.parametrize(
        ("who", "status"), [("district", 200), ("commander", 200), ("gate_officer", 200), ("stranger", 404)]
    )
    def test_to_a_unit_ends_at_the_scope(self, client: Client, city: World, gate: str, who: str, status: int) -> None:
        assert sign_in(client, city.user(who)).get(gate).status_code == status

    @pytest.mark.parametrize("address", ["", "/appointment", "/roster", "/shift"])
    def test_of_nobody_leads_to_the_sign_in_page(self, client: Client, gate: str, address: str) -> None:
        assert client.get(gate + address)["Location"].startswith("/sign-in?next=")

    def test_of_a_traveller_leads_on_to_the_public_pages(self, client: Client, city: World) -> None:
        text = client.get("/sign-in").content.decode()
        assert 'href="/public/"' in text
        assert client.get("/public/").status_code == 200

    def test_to_appointing_is_not_for_a_gate_officer(self, client: Client, city: World, gate: str) -> None:
        assert sign_in(client, city.user("gate_officer")).get(f"{gate}/appointment").status_code == 404


class TestPages:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    @pytest.mark.parametrize(
        ("who", "address"),
        [
            ("commander", "/units/"),
            ("commander", "/units/?vacant=1&kind=gate"),
            ("commander", "/returns/"),
            ("system_admin", "/accounts/"),
            ("system_admin", "/accounts/new"),
            ("security_admin", "/accounts/"),
            ("security_admin", "/units/nominations/"),
            ("auditor", "/audit/"),
            ("auditor", "/audit/?kind=user.signed_in&account=auditor&day=2022-06-20"),
            ("commander", "/me"),
            ("commander", "/me/password"),
        ],
    )
    def test_are_drawn(self, client: Client, city: World, who: str, address: str, language: str) -> None:
        client.cookies["django_language"] = language
        assert sign_in(client, city.user(who)).get(address).status_code == 200

    def test_of_a_unit_put_its_particulars_right(self, client: Client, city: World, gate: str) -> None:
        sign_in(client, city.user("district"))
        assert client.get(f"{gate}/particulars").status_code == 200
        before = access.queries.unit(city.unit("gate-rail").id)
        said = {
            "name_zh": before.name.zh,
            "name_en": before.name.en,
            "phone": "0391-2222222",
            "address": "Station Road",
        }
        answer = client.post(f"{gate}/particulars", said | {"population": "12", "key": str(uuid4())})
        assert answer.status_code == 302
        after = access.queries.unit(before.id)
        assert (after.phone, after.address, after.population) == ("0391-2222222", "Station Road", 12)
        assert (after.kind, after.path, after.sector) == (before.kind, before.path, before.sector)
        sign_in(client, city.user("gate_officer"))
        assert client.get(f"{gate}/particulars").status_code == 404

    def test_of_the_tree_let_a_unit_be_entered_and_closed(self, client: Client, city: World) -> None:
        sign_in(client, city.user("system_admin"))
        above = city.unit("410811001001").id
        said = {"code": "41081100100109", "kind": "grid", "name_zh": "太行社区第9网格", "name_en": "Taihang Grid 9"}
        form = said | {"sector": "", "phone": "", "address": "", "population": "80", "key": str(uuid4())}
        made = client.post(f"/units/{above}/below", form, follow=True)
        assert "太行社区第9网格" in made.content.decode()
        grid = access.queries.unit_by_code("41081100100109")
        assert (grid.parent, grid.population) == (above, 80)
        assert client.post(f"/units/{above}/below", form | {"key": str(uuid4())}).status_code == 422
        closing = {"on": "2022-06-21", "reason": "并入第1网格", "key": str(uuid4())}
        assert client.post(f"/units/{above}/closure", closing).status_code == 422
        assert client.post(f"/units/{grid.id}/closure", closing | {"key": str(uuid4())}).status_code == 302
        assert str(access.queries.unit(grid.id).closed_on) == "2022-06-21"
        sign_in(client, city.user("gate_officer"))
        assert client.get(f"/units/{above}/below").status_code == 404

    def test_of_a_unit_show_posts_roster_and_forms(self, client: Client, city: World, gate: str) -> None:
        sign_in(client, city.user("district"))
        for address in ("", "/roster", "/shift", "/appointment?role=gate_officer"):
            assert client.get(gate + address).status_code == 200
        assert city.user("gate_officer").name in client.get(gate).content.decode()

    def test_of_a_list_answer_htmx_with_the_rows_alone(self, client: Client, city: World) -> None:
        part = sign_in(client, city.user("commander")).get("/units/", headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part
        assert "gate-rail" not in part or "<tr" in part


class TestPosting:
    def test_an_appointment_fills_the_post(self, client: Client, city: World, gate: str) -> None:
        form = {"user": city.user("site_staff").id, "role": "gate_officer", "since": "2022-06-21", "key": uuid4()}
        assert sign_in(client, city.user("district")).post(f"{gate}/appointment", form).status_code == 302
        held = access.queries.appointments(city.unit("gate-rail").id)
        assert city.user("site_staff").id in {one.user for one in held}

    def test_a_hand_over_asks_what_was_handed_over(self, client: Client, city: World) -> None:
        (held,) = access.queries.holders("site_head", city.unit("site-yuntai").id)
        address = f"/units/appointments/{held.appointment}/successor"
        form = {"user": city.user("site_staff").id, "on": "2022-06-21", "remark": "", "key": uuid4()}
        sign_in(client, city.user("district"))
        assert client.post(address, form).status_code == 422
        assert client.post(address, form | {"remark": "keys"}).status_code == 302

    def test_a_shift_sent_twice_is_planned_once(self, client: Client, city: World, gate: str) -> None:
        form = {
            "holder": f"gate_officer:{city.user('gate_officer').id}",
            "starts_at": "2022-06-20T08:00",
            "ends_at": "2022-06-20T20:00",
            "key": uuid4(),
        }
        sign_in(client, city.user("district"))
        assert {client.post(f"{gate}/shift", form).status_code for _ in range(2)} == {302}
        shift = DutyShift.objects.get()
        assert (
            client.post(f"/units/shifts/{shift.id}/cancellation", {"reason": "ill", "key": uuid4()}).status_code == 302
        )

    def test_a_return_is_sent_with_its_figures(self, client: Client, city: World) -> None:
        actions.open_returns(START.date(), at=clock.now(), by=city.actor("commander"), key=uuid4())
        row = DailyReturn.objects.get(unit__code="410811")
        address = f"/returns/{row.id}"
        assert sign_in(client, city.user("stranger")).get(address).status_code == 404
        sign_in(client, city.user("district"))
        assert client.get(address).status_code == 200
        assert client.post(address, {"remark": "quiet", "key": uuid4()}).status_code == 302
        assert client.get(address).status_code == 200

    def test_an_account_is_opened_closed_and_helped(self, client: Client, city: World) -> None:
        sign_in(client, city.user("system_admin"))
        form = {"username": "newcomer", "name": "New", "password": "three-green-umbrellas", "key": uuid4()}
        assert client.post("/accounts/new", form).status_code == 302
        account = f"/accounts/{access.queries.account_by_username('newcomer').id}"
        assert client.get(account).status_code == 200
        for step in ("closure", "closure", "device"):
            assert client.post(f"{account}/{step}", {"key": uuid4()}).status_code == 302
        for step in ("sessions", "unlocking"):
            assert client.post(f"{account}/{step}", {"key": uuid4()}).status_code == 404
        assert (
            client.post(f"{account}/password", {"password": "four-blue-umbrellas", "key": uuid4()}).status_code == 302
        )

    def test_an_account_is_unlocked_and_signed_out_by_another_administrator(self, client: Client, city: World) -> None:
        sign_in(client, city.user("security_admin"))
        account = f"/accounts/{city.user('gate_officer').id}"
        shown = client.get(account).content.decode()
        assert f"{account}/unlocking" in shown
        assert f"{account}/password" not in shown
        for step in ("sessions", "unlocking"):
            assert client.post(f"{account}/{step}", {"key": uuid4()}).status_code == 302
        for step in ("closure", "device", "password"):
            assert client.post(f"{account}/{step}", {"key": uuid4()}).status_code == 404


class TestNominations:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_are_made_by_one_unit_and_signed_by_another(self, client: Client, city: World, language: str) -> None:
        client.cookies["django_language"] = language
        district, someone = city.unit("410811").id, city.user("colleague")
        asked = {"user": someone.id, "role": "order_approver", "since": "2022-06-20", "until": ""}
        sign_in(client, city.user("district"))
        assert client.post(f"/units/{district}/appointment", asked | {"key": uuid4()}).status_code == 302
        assert client.post(f"/units/{district}/appointment", asked | {"role": "auditor"}).status_code == 422
        address = f"/units/nominations/{Nomination.objects.get().id}"
        assert address in client.get(f"/units/{district}").content.decode()
        signed = {"outcome": "confirmed", "reason": "", "signature": "a long password 1"}
        assert self.signs(client, city.user("district"), address, signed) == 422
        assert not access.scope_for(someone).may("measures.approve")
        assert sign_in(client, city.user("security_admin")).get(address).status_code == 200
        assert self.signs(client, city.user("security_admin"), address, signed | {"signature": "wrong"}) == 422
        assert self.signs(client, city.user("security_admin"), address, signed) == 302
        assert access.scope_for(someone).may("measures.approve")
        assert client.get(address).status_code == 404
        assert client.get("/units/nominations/").status_code == 200

    def test_may_be_taken_back_by_whoever_named(self, client: Client, city: World) -> None:
        given = {"at": clock.now(), "by": city.actor("district"), "key": uuid4()}
        unit, since = city.unit("410811").id, START.date()
        made = access.nominations.nominate(
            city.user("colleague").id, role="order_approver", unit_id=unit, since=since, **given
        )
        taken = {"outcome": "refused", "reason": "", "signature": "a long password 1"}
        assert self.signs(client, city.user("district"), f"/units/nominations/{made}", taken) == 302
        assert Nomination.objects.get().state == "refused"

    def test_of_another_district_do_not_exist(self, client: Client, city: World) -> None:
        given = {"at": clock.now(), "by": city.actor("district"), "key": uuid4()}
        unit, since = city.unit("410811").id, START.date()
        made = access.nominations.nominate(
            city.user("colleague").id, role="order_approver", unit_id=unit, since=since, **given
        )
        sign_in(client, city.user("stranger"))
        assert client.get(f"/units/nominations/{made}").status_code == 404
        assert str(made) not in client.get("/units/nominations/").content.decode()

    def signs(self, client: Client, user: User, address: str, form: dict[str, str]) -> int:
        user.set_password("a long password 1")
        user.save()
        return sign_in(client, user).post(address, form | {"key": str(uuid4())}).status_code


class TestAudit:
    def test_shows_who_opened_whose_record(self, client: Client, city: World) -> None:
        person = uuid4()
        access.opened(access.scope_for(city.user("gate_officer")), person, "landing")
        shown = sign_in(client, city.user("auditor")).get("/audit/").content.decode()
        assert f"person:{person}" in shown
        assert city.user("gate_officer").name in shown

    def test_ends_at_the_scope_of_the_auditor(self, city: World) -> None:
        access.opened(access.scope_for(city.user("gate_officer")), uuid4(), "landing")
        elsewhere = queries.AuditTrail(access.scope_for(city.user("stranger")), START.date())
        assert elsewhere.count({}) == 0
        assert elsewhere.count({"account": "gate_officer"}) == 0

    def test_says_which_checkpoint_covers_an_entry(self, client: Client, city: World) -> None:
        opened = [uuid4(), uuid4()]
        access.opened(access.scope_for(city.user("gate_officer")), opened[0], "landing")
        give_leaves()
        key = SigningKey.new()
        sign([key], [])
        rotate([key], SigningKey.new(key.name), [])
        access.opened(access.scope_for(city.user("gate_officer")), opened[1], "landing")
        trail = queries.AuditTrail(access.scope_for(city.user("auditor")), START.date())
        lines = {line.subject: line.checkpoint for line in trail.rows({"kind": "person.opened"}, "", 0, 50)}
        assert lines == {f"person:{opened[0]}": "0", f"person:{opened[1]}": ""}

    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    def test_names_the_latest_checkpoint(self, client: Client, city: World, language: str) -> None:
        client.cookies["django_language"] = language
        sign_in(client, city.user("auditor"))
        address = reverse("public:checkpoint")
        assert address not in client.get("/audit/").content.decode()
        give_leaves()
        sign([SigningKey.new()], [])
        assert address in client.get("/audit/").content.decode()
