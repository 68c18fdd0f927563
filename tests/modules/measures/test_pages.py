"""Pages of orders and appeals, for those they are for and for nobody else."""

import re
from datetime import timedelta
from types import ModuleType
from uuid import UUID

import pytest
from django.contrib.auth.hashers import make_password
from django.forms import Form
from django.test import Client
from django.urls import reverse

from bihuan.kernel import clock
from bihuan.kernel.access.models import User
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, history, record
from bihuan.kernel.loop.models import Duty, DutyState
from bihuan.modules.measures import actions, forms, queries
from bihuan.modules.measures.rules import ExposureSource
from bihuan.site.cli import COMMANDS
from tests.modules.measures.ordering import EXPOSED, close_contact, evidence, live_order, person, propose
from tests.signing_in import sign_in
from tests.world import World, world

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
HASHED = make_password(PASSWORD)


@pytest.fixture
def city() -> World:
    made = world()
    User.objects.filter(username__in=("approver", "reviewer")).update(password=HASHED)
    return made


def signed_in(city: World, who: str) -> Client:
    user = city.user(who)
    user.refresh_from_db()
    return sign_in(Client(), user)


class TestOrders:
    @pytest.mark.parametrize("name", ["orders:list", "orders:approvals"])
    def test_open_for_an_approver_in_both_languages(self, city: World, name: str):
        live_order(city)
        propose(city, person(city, "Li Si"))
        client = signed_in(city, "approver")
        for language in ("zh-hans", "en"):
            client.cookies["django_language"] = language
            assert client.get(reverse(name)).status_code == 200

    def test_masks_names_in_the_list(self, city: World):
        live_order(city, "Zhang San")
        answer = signed_in(city, "approver").get(reverse("orders:list")).content.decode()
        assert "Zhang San" not in answer

    def test_do_not_exist_for_another_district(self, city: World):
        order = live_order(city)
        client = signed_in(city, "stranger")
        assert client.get(reverse("orders:detail", args=[order])).status_code == 404

    def test_are_read_and_no_more_by_whoever_carries_them_out(self, city: World):
        order = live_order(city)
        duty = Duty.objects.filter(subject=f"order:{order}", state=DutyState.OPEN).first()
        assert duty is not None
        Duty.objects.filter(id=duty.id).update(owner_unit=city.unit("410802").id)
        client = signed_in(city, "stranger")
        answer = client.get(reverse("orders:detail", args=[order]))
        assert answer.status_code == 200
        assert queries.token_of(order) not in answer.content.decode()
        for closed in ("orders:notice", "orders:rejection", "orders:lifting", "orders:exposure"):
            assert client.get(reverse(closed, args=[order])).status_code == 404
        Duty.objects.filter(id=duty.id).update(state=DutyState.CANCELLED)
        assert client.get(reverse("orders:detail", args=[order])).status_code == 404

    def test_do_not_exist_without_the_power(self, city: World):
        assert signed_in(city, "driver").get(reverse("orders:list")).status_code == 404

    def test_ask_for_a_sign_in(self, city: World):
        assert Client().get(reverse("orders:list")).status_code == 302

    def test_opening_one_leaves_a_fact(self, city: World):
        order = queries.order(live_order(city))
        assert order is not None
        assert signed_in(city, "approver").get(reverse("orders:detail", args=[order.id])).status_code == 200
        assert "person.opened" in [fact.kind for fact in history(f"person:{order.person_id}")]

    def test_list_takes_a_fixed_number_of_queries(self, city: World, django_assert_max_num_queries):
        for name in ("Zhang San", "Li Si", "Wang Wu"):
            live_order(city, name)
        client = signed_in(city, "approver")
        with django_assert_max_num_queries(20):
            client.get(reverse("orders:list"))


class TestApprovals:
    def post(self, client: Client, orders: list, signature: str = PASSWORD):
        data = {"order": [str(order) for order in orders], "signature": signature, "key": str(uuid7())}
        return client.post(reverse("orders:approvals"), data)

    def test_approve_several_with_one_signature(self, city: World):
        orders = [propose(city, person(city, name)) for name in ("Zhang San", "Li Si")]
        assert self.post(signed_in(city, "approver"), orders).status_code == 302
        assert all(queries.order(order).is_live for order in orders)

    def test_are_read_a_page_at_a_time_the_longest_wait_first(self, city: World, monkeypatch):
        monkeypatch.setattr("bihuan.modules.measures.views.approvals.READ_AT_ONCE", 2)
        orders = [propose(city, person(city, name)) for name in ("Zhang San", "Li Si", "Wang Wu")]
        client = signed_in(city, "approver")
        shown = [
            re.findall(r'name="order" value="([^"]+)"', client.get(reverse("orders:approvals") + page).content.decode())
            for page in ("", "?page=2")
        ]
        assert shown == [[str(one) for one in orders[:2]], [str(orders[2])]]

    def test_refuse_a_wrong_signature(self, city: World):
        order = propose(city, person(city))
        assert self.post(signed_in(city, "approver"), [order], "wrong").status_code == 409
        assert queries.order(order).is_proposed

    def test_of_an_exposure_restart_the_count(self, city: World):
        order = live_order(city)
        exposure = actions.judge_exposure(
            order,
            exposed_on=EXPOSED.replace(day=21),
            source=ExposureSource.SAME_VEHICLE,
            at=clock.now(),
            by=city.actor("gate_officer"),
            key=uuid7(),
        )
        client = signed_in(city, "approver")
        address = reverse("orders:exposure_decision", args=[exposure])
        assert client.get(address).status_code == 200
        client.post(address, {"outcome": "approved", "signature": PASSWORD, "key": str(uuid7())})
        assert queries.order(order).counted_from == EXPOSED.replace(day=21)


class TestForms:
    @pytest.mark.parametrize(("name", "is_live"), [("orders:rejection", False), ("orders:notice", True)])
    def test_open_for_an_approver(self, city: World, name: str, is_live: bool):
        order = live_order(city) if is_live else propose(city, person(city))
        assert signed_in(city, "approver").get(reverse(name, args=[order])).status_code == 200

    def test_of_a_notice_wait_for_approval(self, city: World):
        order = propose(city, person(city))
        client, notice = signed_in(city, "approver"), reverse("orders:notice", args=[order])
        assert notice not in client.get(reverse("orders:detail", args=[order])).content.decode()
        answer = client.get(notice)
        assert answer.status_code == 404
        assert "隔离管控告知书" not in answer.content.decode()
        actions.reject(order, words="The day is wrong.", at=clock.now(), by=city.actor("approver"), key=uuid7())
        assert client.get(notice).status_code == 404

    def test_lift_on_a_later_fact(self, city: World):
        order = queries.order(live_order(city))
        proof = evidence(order.person_id, "arrival.reclassified")
        client = signed_in(city, "approver")
        address = reverse("orders:lifting", args=[order.id])
        assert client.get(address).status_code == 200
        data = {"evidence": str(proof), "reason_zh": "x", "reason_en": "The area was lowered.", "key": str(uuid7())}
        assert client.post(address, data).status_code == 302
        assert queries.order(order.id).state == "lifted"

    def test_enter_an_exposure(self, city: World):
        order = live_order(city)
        client = signed_in(city, "gate_officer")
        address = reverse("orders:exposure", args=[order])
        assert client.get(address).status_code == 200
        data = {"exposed_on": "2022-06-21", "source": "same_floor", "key": str(uuid7())}
        assert client.post(address, data).status_code == 302

    def test_notice_is_in_both_languages_and_carries_the_code(self, city: World):
        order = live_order(city)
        answer = signed_in(city, "approver").get(reverse("orders:notice", args=[order])).content.decode()
        found = queries.order(order)
        assert found.reason.zh in answer
        assert found.reason.en in answer
        assert "<svg" in answer


class TestNothingArbitrary:
    def approve(self, client: Client, *orders: UUID) -> int:
        given = {"order": [str(one) for one in orders], "signature": PASSWORD, "key": str(uuid7())}
        return client.post(reverse("orders:approvals"), given).status_code

    def test_nobody_approves_what_their_own_unit_proposed(self, city: World):
        someone = person(city)
        order = actions.propose(
            someone,
            decision=close_contact(),
            evidence=evidence(someone),
            counted_from=EXPOSED,
            unit_id=city.unit("gate-rail").id,
            deciding_unit_id=city.unit("410811").id,
            at=clock.now(),
            by=city.actor("clerk"),
            key=uuid7(),
        )
        assert self.approve(signed_in(city, "approver"), order) == 409
        assert queries.order(order).is_proposed

    def test_one_unlawful_order_among_many_leaves_all_as_they_were(self, city: World):
        lawful, over = propose(city, person(city, "Zhang San")), live_order(city, "Li Si")
        assert self.approve(signed_in(city, "approver"), lawful, over) == 409
        assert queries.order(lawful).is_proposed

    def test_nobody_approves_without_the_power_or_outside_their_reach(self, city: World):
        order = propose(city, person(city))
        assert self.approve(signed_in(city, "gate_officer"), order) == 404
        User.objects.filter(username="stranger").update(password=HASHED)
        assert self.approve(signed_in(city, "stranger"), order) == 404
        assert queries.order(order).is_proposed

    def test_an_order_is_lifted_only_on_a_fact_that_is_offered(self, city: World):
        order, other = live_order(city), person(city, "Li Si")
        address = reverse("orders:lifting", args=[order])
        given = {"evidence": str(evidence(other)), "reason_zh": "好人", "reason_en": "A good one", "key": str(uuid7())}
        assert signed_in(city, "approver").post(address, given).status_code == 422
        assert queries.order(order).is_live

    def test_no_page_and_no_command_makes_an_order_or_sets_its_end(self):
        fields = {name for form in forms_of(forms) for name in form.base_fields}
        assert not fields & {"ends_at", "starts_at", "days", "until", "central_days", "home_days", "measure", "state"}
        assert not {"order", "orders", "restrict", "approve", "isolate"} & COMMANDS.keys()


def forms_of(module: ModuleType) -> list[type[Form]]:
    return [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Form)]


class TestPapers:
    def test_give_release_to_whom_the_order_binds_no_more(self, city: World):
        order = live_order(city)
        ends_at = queries.order(order).ends_at
        client = signed_in(city, "approver")
        notice, release = reverse("orders:notice", args=[order]), reverse("orders:release_notice", args=[order])
        assert client.get(release).status_code == 404
        assert "隔离管控告知书" in client.get(notice).content.decode()
        with clock.given(ends_at - timedelta(hours=23)):
            client = signed_in(city, "approver")
            assert "解除隔离通知书" in client.get(release).content.decode()
            assert "隔离管控告知书" in client.get(notice).content.decode()
        with clock.given(ends_at):
            actions.end(order, at=clock.now(), by=Actor.system("worker"), key=uuid7())
            client = signed_in(city, "approver")
            for address in (notice, release):
                paper = client.get(address).content.decode()
                assert "解除隔离通知书" in paper
                assert "Notice of release" in paper
                assert "隔离管控告知书" not in paper

    def test_release_is_recorded_as_given_only_by_who_may(self, city: World):
        order = live_order(city)
        release = reverse("orders:release_notice", args=[order])
        with clock.given(queries.order(order).ends_at - timedelta(hours=2)):
            signed_in(city, "gate_officer").post(release, {"key": str(uuid7())})
            assert queries.order(order).notified_at is None
            signed_in(city, "clerk").post(release, {"key": str(uuid7())})
            assert queries.order(order).notified_at == clock.now()


class TestTimeline:
    @pytest.mark.parametrize(
        ("language", "result", "step"), [("en", "Positive", "Approve"), ("zh-hans", "阳性", "审批")]
    )
    def test_names_the_result_and_the_step(self, city: World, language: str, result: str, step: str):
        order = live_order(city)
        subject = f"order:{order}"
        for kind, payload in (
            ("test.resulted", {"result": "positive", "sample": "1"}),
            ("duty.breached", {"pathway": "order", "step": "approve", "occurrence": ""}),
        ):
            record(key=uuid7(), kind=kind, subject=subject, at=clock.now(), by="system:test", payload=payload)
        client = signed_in(city, "approver")
        client.cookies["django_language"] = language
        bodies = [str(entry.body) for entry in client.get(reverse("orders:detail", args=[order])).context["entries"]]
        assert result in bodies
        assert any(step in body for body in bodies)


class TestAppeals:
    def test_are_answered_by_a_reviewer(self, city: World):
        order = live_order(city)
        appeal = actions.file_appeal(order, words="No.", at=clock.now(), by=Actor.public("x"), key=uuid7())
        client = signed_in(city, "reviewer")
        assert client.get(reverse("appeals:list")).status_code == 200
        address = reverse("appeals:detail", args=[appeal])
        assert client.get(address).status_code == 200
        data = {"outcome": "upheld", "grounds": "You are right.", "signature": PASSWORD, "key": str(uuid7())}
        assert client.post(address, data).status_code == 302
        assert queries.order(order).state == "lifted"
