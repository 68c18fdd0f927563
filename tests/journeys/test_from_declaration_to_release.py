"""One traveller from abroad under the ninth edition: declared, received, ordered, driven, looked after, free again."""

from uuid import UUID

import pytest

from bihuan.kernel import clock, custody
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import drift
from bihuan.kernel.loop import queries as loop
from bihuan.modules.arrivals.models import Arrival
from bihuan.modules.isolation.models import Check
from bihuan.modules.measures.models import Order
from bihuan.modules.measures.queries import token_of
from bihuan.modules.testing.models import Sample
from bihuan.site.cli.check import violations
from tests.journeys.city import PASSWORD, Journey, in_july, seen

pytestmark = pytest.mark.browser
NAME = "施密特"
PASSPORT = "C01X00T47"
ROOM = "203"
CENTRAL_TESTS, HOME_TEST = (1, 2, 3, 5, 7), 3


class TestFromDeclarationToRelease:
    def test_is_received_looked_after_and_released_on_the_day(self, journey: Journey) -> None:
        reference = declares(journey)
        arrival = Arrival.objects.get(reference=reference)
        lands(journey, arrival.id)
        order = Order.objects.get(person_id=arrival.person_id)
        assert (order.state, custody.holder_of(f"person:{order.person_id}")) == (
            "proposed",
            f"unit:{journey.unit('gate-rail')}",
        )
        approves(journey, order)
        asks_for_a_vehicle(journey, order)
        sends_the_bus(journey, order)
        drives(journey)
        takes_in(journey, order)
        own_page(journey, order, "at-the-site", "云台宾馆隔离点")
        lives_at_the_site(journey, order)
        leaves_the_site(journey, order)
        comes_home(journey, order)
        lives_at_home(journey, order)
        is_free_again(journey, order)


def declares(journey: Journey) -> str:
    """On a phone at the airport, in Chinese, without an account."""
    page = journey.open_page(phone=True)
    page.goto("/public/")
    seen(page, "journey-public-home")
    page.locator("main a[href$='/declare']").first.click()
    page.wait_for_url("**/public/declare")
    seen(page, "journey-declare")
    page.fill("#id_name", NAME)
    page.select_option("#id_id_type", "passport")
    page.fill("#id_id_number", PASSPORT)
    page.fill("#id_phone", "13712340099")
    page.fill("#id_carrier", "G1810")
    page.fill("#id_seat", "05 车 12F")
    page.fill("#id_origin", "火星")
    page.fill("#id_expected_at", "2022-07-01T09:40")
    page.select_option("#id_gate_unit", str(journey.unit("gate-rail")))
    page.fill("#id_destination", "山阳区太行街道太行社区 6 号楼 1 单元 202")
    page.locator("main form button[type=submit]").click()
    page.locator(".field-error").first.wait_for()
    seen(page, "journey-declare-error")
    page.fill("#id_origin", "德国")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/public/trips/*")
    assert "集中隔离7天" in page.inner_text("main")
    seen(page, "journey-declared")
    reference = page.url.rsplit("/", 1)[1]
    page.goto("/public/status")
    page.fill("#id_reference", reference)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"**/public/trips/{reference}")
    return reference


def lands(journey: Journey, arrival_id: UUID) -> None:
    """The officer finds the traveller by passport number, measures, samples and reads why."""
    journey.at(in_july(1))
    page = journey.sees("gate_officer", phone=True)
    page.goto("/")
    seen(page, "journey-gate-duties")
    page.goto("/gates/own")
    page.fill("#filter-q", PASSPORT)
    page.locator("#rows td a", has_text=NAME[:1]).first.wait_for()
    seen(page, "journey-gate-found")
    page.locator("#rows td a").first.click()
    page.wait_for_url("**/arrivals/*")
    seen(page, "journey-arrival")
    page.locator("main a[href$='/landing']").first.click()
    page.wait_for_url("**/landing")
    seen(page, "journey-landing")
    page.check("#id_identity_confirmed")
    page.fill("#id_temperature", "36.6")
    page.check("#id_sample_taken")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"**/arrivals/{arrival_id}")
    words = page.inner_text("main")
    assert "集中隔离7天" in words
    assert "第九版" in words
    seen(page, "journey-landed")


def approves(journey: Journey, order: Order) -> None:
    """Somebody of another unit reads the reason and signs."""
    page = journey.sees("approver")
    page.goto("/orders/approvals")
    seen(page, "journey-approvals")
    page.get_by_role("link", name=order.number).click()
    page.wait_for_url("**/orders/*")
    seen(page, "journey-order-proposed")
    page.goto("/orders/approvals")
    page.check("input[name=order]")
    page.fill("#signature", "wrong")
    page.locator("main form button[type=submit]").click()
    page.locator(".tone-bad, .alert").first.wait_for()
    order.refresh_from_db()
    assert order.state == "proposed"
    page.check("input[name=order]")
    page.fill("#signature", PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.locator(".messages .tone-good, .note.tone-good").first.wait_for()
    seen(page, "journey-approved")
    order.refresh_from_db()
    assert (order.state, order.ends_at) == ("live", in_july(12, 0))
    own_page(journey, order, "live")
    page.goto(f"/orders/{order.id}/notice")
    seen(page, "journey-notice")


def own_page(journey: Journey, order: Order, name: str, *names: str) -> None:
    """The person reads what, why, until when, whom to call and who looked, in both languages."""
    token = token_of(order.id)
    for language, words in (("zh-hans", ("集中隔离", "谁查阅过您的信息")), ("en", ("central isolation", "Who looked"))):
        page = journey.open_page(phone=True, language=language)
        page.goto(f"/p/{token}")
        text = page.inner_text("main")
        assert all(word in text for word in (*words, *(names if language == "zh-hans" else ()))), text
        seen(page, f"journey-own-page-{name}-{language}")


def asks_for_a_vehicle(journey: Journey, order: Order) -> None:
    page = journey.sees("gate_officer", phone=True)
    page.goto("/transfers/")
    seen(page, "journey-desk-unrequested")
    page.locator(f"main a[href$='/orders/{order.id}']", has_not_text=order.number).first.click()
    page.wait_for_url("**/transfers/orders/*")
    page.fill("#id_needs", "会英语，轮椅")
    seen(page, "journey-request")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/orders/*")


def sends_the_bus(journey: Journey, order: Order) -> None:
    page = journey.sees("dispatcher")
    page.goto("/transfers/")
    seen(page, "journey-desk")
    page.locator("#waiting form button[type=submit]").click()
    page.wait_for_url("**/trips/new*")
    seen(page, "journey-planning")
    page.fill("#id_departs_at", "2022-07-01T10:30")
    page.fill("#id_eta_at", "2022-07-01T11:10")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/transfers/")
    seen(page, "journey-desk-planned")


def drives(journey: Journey) -> None:
    """A phone behind the wheel: begin boarding, one tap a person, depart, arrived."""
    journey.at(in_july(1, 10, 25))
    page = journey.sees("driver", phone=True)
    page.goto("/trips/mine")
    seen(page, "journey-my-trips")
    page.locator("main .btn-primary").first.click()
    page.wait_for_url("**/trips/*")
    seen(page, "journey-trip-planned")
    for step in ("boarding", "riders", "departure"):
        button = page.locator(f"main form[action*='/{step}'] button")
        button.wait_for()
        if step == "departure":
            seen(page, "journey-trip-aboard")
        button.click()
        if step == "departure":
            page.locator("dialog[open] button.btn-primary, dialog[open] [value=yes]").first.click()
        page.wait_for_load_state()
    page.locator("main form[action*='/arrival'] button").wait_for()
    seen(page, "journey-trip-underway")
    journey.at(in_july(1, 11, 8))
    page = journey.sees("driver", phone=True)
    page.reload()
    page.locator("main form[action*='/arrival'] button").click()
    page.locator("main a[href*='/vehicles/']").wait_for()
    seen(page, "journey-trip-arrived")
    page.locator("main a[href*='/vehicles/']").click()
    page.wait_for_url("**/vehicles/*")
    seen(page, "journey-vehicle")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()


def takes_in(journey: Journey, order: Order) -> None:
    page = journey.sees("site_staff", phone=True)
    page.goto("/sites/today")
    seen(page, "journey-site")
    page.locator("main a[href$='/arrivals']").first.click()
    page.wait_for_url("**/arrivals")
    seen(page, "journey-site-arrivals")
    page.locator("main .doors .btn-primary").click()
    page.wait_for_url(f"**/arrivals/{order.id}")
    page.select_option("#id_room", str(journey.rooms[ROOM]))
    page.check("#id_identity_confirmed")
    page.fill("#id_temperature", "36.5")
    seen(page, "journey-check-in")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"**/stays/{order.id}")
    seen(page, "journey-stay")
    assert custody.holder_of(f"person:{order.person_id}") == f"site:{journey.unit('site-yuntai')}"


def lives_at_the_site(journey: Journey, order: Order) -> None:
    """Two rounds a day; on the plan's days a sample, and the laboratory's answer in the afternoon."""
    for day in range(1, 9):
        journey.at(in_july(day, 15 if day == 1 else 8))
        makes_the_round(journey, order, look_as="journey-round" if day == 1 else "")
        if day - 1 in CENTRAL_TESTS:
            takes_a_sample(journey, order, look_as="journey-sample" if day == 2 else "", who="site_staff")
        if day > 1:
            journey.at(in_july(day, 16))
            makes_the_round(journey, order)
        if day - 1 in CENTRAL_TESTS:
            answers(journey, look_as="journey-laboratory" if day == 2 else "")
    assert Check.objects.filter(subject=order.subject, place="site").count() >= 16 - 1
    still_open = [duty for duty in loop.duties_of(order.subject) if duty.state == "missed"]
    assert still_open == []


def makes_the_round(journey: Journey, order: Order, look_as: str = "") -> None:
    page = journey.sees("site_staff", phone=True)
    page.goto("/sites/today")
    page.goto(f"{page.url}/round")
    if look_as:
        seen(page, look_as)
        page.locator(f"main .door a[href$='{order.id}/check']").first.click()
        page.wait_for_url("**/check")
        page.fill("#id_temperature", "36.4")
        seen(page, f"{look_as}-check")
        page.locator("main form button[type=submit]").click()
        page.wait_for_url("**/round")
        seen(page, f"{look_as}-done")
        return
    page.locator(".door form button.btn-primary").click()
    page.locator(".door.is-done").wait_for()


def takes_a_sample(journey: Journey, order: Order, *, who: str, look_as: str = "") -> None:
    page = journey.sees(who, phone=True)
    page.goto("/samples/due")
    if look_as:
        seen(page, f"{look_as}-due")
    page.locator("#rows td a").first.click()
    page.wait_for_url("**/samples/of/**")
    if look_as:
        seen(page, f"{look_as}-take")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/samples/due")


def answers(journey: Journey, look_as: str = "") -> None:
    """The laboratory knows codes only: enter, read back, record."""
    codes = Sample.objects.filter(results__isnull=True).values_list("code", flat=True)
    page = journey.sees("lab_staff")
    page.goto("/laboratory/")
    page.fill("#id_codes", "\n".join([*codes, *(["NOT-A-CODE"] if look_as else [])]))
    page.locator("main form button[type=submit]").first.click()
    page.locator("form[action$='/results'] button").wait_for()
    if look_as:
        seen(page, look_as)
    page.locator("form[action$='/results'] button").click()
    page.wait_for_url("**/laboratory/")
    page.locator("main table").first.wait_for()


def leaves_the_site(journey: Journey, order: Order) -> None:
    """Day 7 is over: the tests are there, the site hands over to the community."""
    journey.at(in_july(9, 0, 5))
    page = journey.sees("site_staff", phone=True)
    page.goto(f"/stays/{order.id}")
    seen(page, "journey-stay-over")
    page.locator(f"main a[href$='{order.id}/departure']").click()
    page.wait_for_url("**/departure")
    page.select_option("#id_to_unit", str(journey.unit("410811001001")))
    seen(page, "journey-departure")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/sites/*")
    assert custody.holder_of(f"person:{order.person_id}") == f"site:{journey.unit('site-yuntai')}"


def comes_home(journey: Journey, order: Order) -> None:
    """Until the community has received the person with five names, the site answers."""
    journey.at(in_july(9, 9))
    page = journey.sees("community_worker", phone=True)
    page.goto("/homes/")
    seen(page, "journey-homes-awaited")
    page.locator("main .doors .btn-primary").first.click()
    page.wait_for_url("**/beginning")
    page.select_option("#id_unit", str(journey.unit("41081100100101")))
    for number, field in enumerate(page.locator("main input[name$=_name]").all()):
        field.fill(f"组员{number + 1}")
    for number, field in enumerate(page.locator("main input[name$=_phone]").all()):
        field.fill(f"1370391000{number}")
    seen(page, "journey-beginning")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"**/homes/{order.id}")
    seen(page, "journey-home")
    assert custody.holder_of(f"person:{order.person_id}") == f"unit:{journey.unit('41081100100101')}"


def lives_at_home(journey: Journey, order: Order) -> None:
    for day in (9, 10, 11):
        journey.at(in_july(day, 11))
        page = journey.sees("grid_worker", phone=True)
        page.goto("/homes/")
        if day == 9:
            seen(page, "journey-homes")
        page.goto(f"/homes/{order.id}/visit")
        page.fill("#id_temperature", "36.3")
        if day == 9:
            seen(page, "journey-visit")
        page.locator("main form button[type=submit]").click()
        page.wait_for_url("**/homes/")
    takes_a_sample(journey, order, who="community_worker")
    answers(journey)


def is_free_again(journey: Journey, order: Order) -> None:
    """The notice is given, and at midnight the order ends without anybody's doing."""
    page = journey.sees("clerk")
    page.goto(f"/orders/{order.id}")
    seen(page, "journey-order-ending")
    page.locator("form[action$='/release-notice'] button").click()
    page.wait_for_load_state()
    seen(page, "journey-order-notified")
    assert custody.holder_of(f"person:{order.person_id}") != "self"
    journey.at(in_july(12, 0, 1))
    order.refresh_from_db()
    assert (order.state, custody.holder_of(f"person:{order.person_id}")) == ("ended", "self")
    duties = loop.duties_of(order.subject)
    assert {duty.state for duty in duties} <= {"done", "cancelled"}, [(d.step, d.occurrence, d.state) for d in duties]
    kinds = {fact.kind for fact in history(order.subject)}
    assert {"order.ended", "release.notified", "home.begun", "stay.ended", "transfer.arrived"} <= kinds
    own = journey.open_page(phone=True)
    own.goto(f"/p/{token_of(order.id)}")
    assert "您已解除管控" in own.inner_text("main")
    seen(own, "journey-own-page-free")
    assert drift(clock.now()) == []
    assert not any(violations().values()), violations()
