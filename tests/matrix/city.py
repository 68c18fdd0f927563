"""A district in the middle of its work, and officers of every role at five places around it.

Everything that a page can be about lies in one district: people expected, waiting, ordered, underway, in a room, at
home, referred, appealing. Names, plates and words of what lies there carry a mark that stands nowhere else.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4, uuid5

from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from bihuan.kernel import clock
from bihuan.kernel.access import Scope, nominations, scope_for
from bihuan.kernel.access.models import Appointment, Role, Unit, User
from bihuan.kernel.ledger import Actor, record
from bihuan.kernel.loop import action
from bihuan.kernel.loop.models import Duty
from bihuan.kernel.text import Text
from bihuan.kernel.web.models import Export, Progress
from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.arrivals import queries as arrivals_read
from bihuan.modules.arrivals.models import Arrival, BatchRow
from bihuan.modules.isolation import actions as isolation
from bihuan.modules.isolation.models import Service, Site, Zone
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures import queries as orders
from bihuan.modules.measures.models import Order
from bihuan.modules.people.models import Pair
from bihuan.modules.places import actions as places
from bihuan.modules.testing import actions as testing
from bihuan.modules.testing.models import ReportRow
from bihuan.modules.transfers import actions as transfers
from bihuan.modules.units import actions as units
from bihuan.modules.units.models import DailyReturn
from tests.browser import CityPage
from tests.journeys.city import LANZHOU, SHANGHAI, Journey, furnish, resident_id
from tests.journeys.test_manifest_file import HEADERS, line
from tests.signing_in import sign_in
from tests.world import SINCE, SPACE, World, world

MARK = "禤"  # the family name of everybody in the district, and in every word that is entered there
PLACES = {  # the letter of a cell: where the officer's post is, seen from the district in which everything lies
    "o": "410811",  # its own district
    "p": "410800",  # the parent: the city
    "c": "410811002",  # a child: a street of the district where none of it lies
    "s": "410802",  # a sibling: the district beside it
    "x": "410802001001",  # another: a community of that district
}
XIAN, HANGZHOU = "610100", "330100"
OUTSIDE = "csx"
TEAM = [isolation.Member(code, f"{MARK}某", "139") for code in ("cadre", "grid_worker", "medic", "police", "volunteer")]


@dataclass
class Matrix:
    """The ids by the names under which routes ask for them, and a screen for every role at every place."""

    ids: dict[str, object] = field(default_factory=dict)
    own: dict[str, dict[str, object]] = field(default_factory=dict)  # routes that want another row than the usual one
    clients: dict[tuple[str, str], Client] = field(default_factory=dict)
    scopes: dict[tuple[str, str], tuple[User, Scope]] = field(default_factory=dict)
    powers: dict[str, frozenset[str]] = field(default_factory=dict)
    search: tuple[str, ...] = ()


def do(verb: Any, *args: object, by: Actor, **given: object) -> Any:
    return verb(*args, **given, at=clock.now(), by=by, key=uuid4())


@action
def judged(order: UUID, *, at: object, by: Actor, key: UUID) -> None:
    """A fact that a further exposure can rest on."""
    record(key=key, kind="contact.judged", subject=f"order:{order}", about=f"person:{person_of(order)}", at=at, by=by)  # type: ignore[arg-type]


def person_of(order: UUID) -> UUID:
    return cast("UUID", Order.objects.values_list("person_id", flat=True).get(pk=order))


def made() -> Matrix:
    """All of it, written through the same actions as the pages use."""
    city = Journey(world(), cast("CityPage", None), cast("Any", None))
    more_units(city.world)
    furnish(city)
    matrix = Matrix()
    people(city, matrix)
    officers(city.world, matrix)
    offices(city, matrix)
    return matrix


def more_units(made: World) -> None:
    for code, kind, parent in (
        ("410811002", "street", "410811"),
        ("lab-shanyang", "laboratory", "410811"),
        ("hospital-shanyang", "hospital", "410811"),
        ("site-empty", "site", "410811"),
    ):
        above = made.units[parent]
        made.units[code] = Unit.objects.create(
            id=uuid5(SPACE, code),
            code=code,
            kind=kind,
            name_zh=code,
            name_en=code,
            parent=above,
            path=f"{above.path}{code}/",
        )


def walks_in(city: Journey, number: int, origin: str = LANZHOU) -> Arrival:
    """Somebody whom the station receives; an order is proposed."""
    arrival = arrivals.walk_in(
        name=f"{MARK}{'一二三四五六七八九十'[number % 10]}",
        id_type="resident_id",
        id_number=resident_id(number),
        phone=f"1380000{number:04d}",
        origin_code=origin,
        departed_at=clock.now() - timedelta(hours=5),
        unit=city.unit("410811001001"),
        gate_unit=city.unit("gate-rail"),
        temperature="36.5",
        **city.by("gate_officer"),
    )
    return Arrival.objects.get(pk=arrival)


def ordered(city: Journey, number: int, origin: str = LANZHOU) -> UUID:
    arrival = walks_in(city, number, origin)
    order: UUID = Order.objects.values_list("id", flat=True).get(person_id=arrival.person_id)
    measures.approve(order, **city.by("approver"))
    return order


def request_for(city: Journey, order: UUID) -> UUID:
    return transfers.request(order, to_unit_id=city.unit("site-yuntai"), **city.by("gate_officer"))


def inside(city: Journey, number: int, room: str) -> UUID:
    order = ordered(city, number)
    isolation.check_in(order, room_id=city.rooms[room], identity_confirmed=True, **city.by("site_staff"))
    return order


def people(city: Journey, matrix: Matrix) -> None:
    rows = [HEADERS, line(11, f"{MARK}建国"), line(15, f"{MARK}大伟", id_number="410802199001010011")]
    arrivals.import_arrivals(
        "\r\n".join(rows).encode("gb18030"), f"{MARK}.csv", unit=city.unit("410811"), **city.by("district")
    )
    announced = Arrival.objects.get()
    landed, proposed = walks_in(city, 60), walks_in(city, 61)
    lodger, patient, homely = inside(city, 52, "201"), inside(city, 53, "202"), ordered(city, 55, SHANGHAI)
    waiting, riding, lost, free = (ordered(city, number) for number in (50, 51, 54, 56))
    awaited = ordered(city, 57, SHANGHAI)
    asked, seated, absent = (request_for(city, order) for order in (waiting, riding, lost))
    isolation.begin_home(
        homely, unit_id=city.unit("410811001001"), address=f"{MARK}家", team=TEAM, **city.by("community_worker")
    )
    ticket = isolation.open_ticket(lodger, kind="medicine", text=f"{MARK}要药", **city.by("site_staff"))
    sample = testing.take_sample(
        f"order:{lodger}", person_id=person_of(lodger), unit_id=city.unit("site-yuntai"), purpose="plan",
        day=1, phase="central", **city.by("site_staff"),
    )  # fmt: skip
    testing.record_result(sample, result="negative", laboratory_id=city.unit("lab-shanyang"), **city.by("lab_staff"))
    positive = testing.take_sample(
        f"order:{patient}", person_id=person_of(patient), unit_id=city.unit("site-yuntai"), purpose="plan",
        day=1, phase="central", **city.by("site_staff"),
    )  # fmt: skip
    testing.record_result(positive, result="positive", laboratory_id=city.unit("lab-shanyang"), **city.by("lab_staff"))
    gone, proof, monitored = ordered(city, 58), uuid4(), walks_in(city, 59, HANGZHOU)
    judged(gone, at=clock.now(), by=city.world.actor("gate_officer"), key=proof)
    measures.lift(gone, evidence=proof, reason=Text(zh="误判", en="In error"), **city.by("approver"))
    hospital = city.unit("hospital-shanyang")
    testing.refer(f"order:{patient}", person_id=person_of(patient), hospital_id=hospital, **city.by("district"))
    admitted = inside(city, 62, "301")
    testing.refer(f"order:{admitted}", person_id=person_of(admitted), hospital_id=hospital, **city.by("district"))
    isolation.admit(
        admitted, hospital_id=hospital, **city.by("hospital_staff") | {"at": clock.now() + timedelta(minutes=1)}
    )
    appeal = measures.file_appeal(lodger, words=f"{MARK}没有去过", phone="13800000050", **city.by("clerk"))
    evidence = uuid4()
    judged(lodger, at=clock.now(), by=city.world.actor("gate_officer"), key=evidence)
    exposure = measures.enter_exposure(
        lodger, exposed_on=clock.now().date() + timedelta(days=1), evidence=evidence, **city.by("gate_officer")
    )
    vehicle, driver, trip = district_bus(city, seated, absent)
    first, second = sorted([landed.person_id, proposed.person_id])
    pair = Pair.objects.create(first_id=first, second_id=second, bits=9, outcome="possible", found_at=clock.now())
    testing.import_results(
        f"试管编号,检测结果\n{MARK}不明,阴性\n".encode(),
        f"{MARK}结果.csv",
        laboratory_id=city.unit("gate-rail"),
        **city.by("lab_staff"),
    )
    matrix.ids |= {
        "pair_id": pair.id,
        "arrival_id": landed.id,
        "person_id": landed.person_id,
        "order_id": lodger,
        "ticket_id": ticket,
        "sample_id": sample,
        "noun": "order",
        "subject_id": lodger,
        "request_id": asked,
        "vehicle_id": vehicle,
        "driver_id": driver,
        "trip_id": trip,
        "batch_id": BatchRow.objects.values_list("batch_id", flat=True).first(),
        "row_id": BatchRow.objects.exclude(outcome="created").values_list("id", flat=True).first(),
        "report_id": ReportRow.objects.values_list("report_id", flat=True).first(),
        "line_id": ReportRow.objects.values_list("id", flat=True).first(),
        "appeal_id": appeal,
        "exposure_id": exposure,
        "token": orders.token_of(lodger),
        "reference": arrivals_read.by_reference_of(announced.id),
        "site_id": Site.objects.get().id,
        "service_id": Service.objects.get().id,
        "zone_id": Zone.objects.get().id,
        "room_id": city.rooms["203"],
        "unit": city.unit("gate-rail"),
    }
    waits = Order.objects.values_list("id", flat=True).get(person_id=proposed.person_id)
    matrix.own |= {
        "arrivals:landing": {"arrival_id": announced.id},
        "arrivals:absence": {"arrival_id": announced.id},
        "arrivals:cancellation": {"arrival_id": announced.id},
        "orders:rejection": {"order_id": waits},
        "transfers:request": {"order_id": free},
        "transfers:finding": {"request_id": absent},
        "trips:rider": {"request_id": seated},
        "sites:check_in": {"order_id": waiting},
        "homes:detail": {"order_id": homely},
        "homes:visit": {"order_id": homely},
        "homes:beginning": {"order_id": awaited},
        "homes:monitored": {"arrival_id": monitored.id},
        "orders:release_notice": {"order_id": gone},
        "referrals:detail": {"order_id": patient},
        "referrals:discharge": {"order_id": admitted},
        "samples:referral": {"sample_id": positive},
    }
    matrix.search = (MARK, resident_id(52), "13800000052")


def district_bus(city: Journey, seated: UUID, absent: UUID) -> tuple[UUID, UUID, UUID]:
    """A bus of the district that left with one of two, so that the other is missing."""
    vehicle = transfers.register_vehicle(
        plate=f"{MARK}H·D2023", unit_id=city.unit("410811"), kind="minibus", seats=12, **city.by("district")
    )
    driver = transfers.register_driver(
        user_id=city.user("district").id,
        unit_id=city.unit("410811"),
        name=f"{MARK}师傅",
        phone="13939100023",
        **city.by("district"),
    )
    trip = transfers.plan_trip(
        vehicle_id=vehicle,
        driver_id=driver,
        from_unit_id=city.unit("gate-rail"),
        to_unit_id=city.unit("site-yuntai"),
        departs_at=clock.now(),
        eta_at=clock.now() + timedelta(minutes=40),
        request_ids=[seated, absent],
        **city.by("dispatcher"),
    )
    transfers.open_boarding(trip, **city.by("driver"))
    transfers.board(seated, **city.by("driver"))
    transfers.depart(trip, **city.by("driver"))
    return vehicle, driver, trip


def offices(city: Journey, matrix: Matrix) -> None:
    """What a unit has: a shift, a daily return, a plan, posts, an account, a job, an area that somebody named."""
    district, today = city.unit("410811"), clock.now().date()
    plan = transfers.draft_plan(
        unit_id=district,
        begins_on=today,
        ends_on=today + timedelta(days=5),
        seats_wanted=20,
        eta_minutes=50,
        contact_name=f"{MARK}区长",
        contact_phone="0391-3000000",
        **city.by("district"),
    )
    shift = units.plan_shift(
        city.unit("gate-rail"),
        role="gate_officer",
        user_id=city.user("gate_officer").id,
        starts_at=clock.now() + timedelta(days=1),
        ends_at=clock.now() + timedelta(days=1, hours=8),
        **city.by("district"),
    )
    units.open_returns(today, **city.by("commander"))
    risk = places.propose_risk(XIAN, level="high", since=today, order_text=f"{MARK}通报", **city.by("team_lead"))
    clerk = city.user("clerk")
    User.objects.filter(id=clerk.id).update(name=f"{MARK}经办", phone="13800009999")
    nomination = nominations.nominate(
        city.user("colleague").id, role="order_approver", unit_id=district, since=today, **city.by("district")
    )
    progress = Progress.objects.create(
        title={"zh": MARK, "en": MARK},
        owner=f"user:{uuid5(SPACE, 'gate_officer@o')}",
        state="done",
        started_at=clock.now(),
        ended_at=clock.now(),
    )
    taken = Export.objects.create(
        link=uuid4(),
        owner=matrix.scopes["gate_officer", "o"][0],
        address="/arrivals/",
        name=MARK,
        form="csv",
        state="ready",
        sha256="-",
        asked_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=1),
    )
    matrix.ids |= {
        "link": taken.link,
        "side": "sent",
        "since": f"{clock.now() - timedelta(hours=12):%Y%m%d%H%M}",
        "until": f"{clock.now() + timedelta(hours=12):%Y%m%d%H%M}",
        "plan_id": plan,
        "shift_id": shift,
        "return_id": DailyReturn.objects.get(unit=district).id,
        "risk_id": risk,
        "user_id": clerk.id,
        "unit_id": city.unit("gate-rail"),
        "nomination_id": nomination,
        "appointment_id": Appointment.objects.get(user=clerk).id,
        "progress_id": progress.id,
        "duty_id": Duty.objects.filter(run__subject=f"order:{matrix.ids['order_id']}").first().id,
    }


def officers(made: World, matrix: Matrix) -> None:
    """One of every role at every place, signed in."""
    for role in Role.objects.order_by("position"):
        matrix.powers[role.code] = frozenset(role.powers)
        for place, unit in PLACES.items():
            user = User(id=uuid5(SPACE, f"{role.code}@{place}"), username=f"{role.code}-{place}", name=role.code)
            user.set_unusable_password()
            user.save()
            Appointment.objects.create(user=user, role=role, unit=made.units[unit], valid=DateRange(SINCE, None))
            matrix.clients[role.code, place] = sign_in(Client(), user)
            matrix.scopes[role.code, place] = user, scope_for(user)
