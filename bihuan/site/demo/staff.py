"""The demo's staff: agents who look at their open duties every hour and do them through the same actions as the pages.

Nobody here writes a table. Whatever goes wrong in the demo goes wrong because somebody did not act, or acted late.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID, uuid5

from bihuan.kernel import clock, custody, loop
from bihuan.kernel.access import Scope
from bihuan.kernel.ledger import Actor
from bihuan.kernel.loop import queries as duties
from bihuan.kernel.loop.queries import DutyRow
from bihuan.kernel.refusals import Refused
from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.arrivals import queries as arrivals_read
from bihuan.modules.isolation import actions as isolation
from bihuan.modules.isolation import queries as isolation_read
from bihuan.modules.isolation.queries import Patient
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures import queries as measures_read
from bihuan.modules.people import queries as people_read
from bihuan.modules.testing import actions as testing
from bihuan.modules.testing import queries as testing_read
from bihuan.modules.testing.queries import ListRow
from bihuan.modules.transfers import actions as transfers
from bihuan.modules.transfers import queries as transfers_read
from bihuan.modules.transfers.queries import TripRow
from bihuan.modules.units import actions as units
from bihuan.site.demo.build import Registers, key
from bihuan.site.demo.city import source
from bihuan.site.demo.days import CANCELS, LANDS, NEVER_SEEN, NOT_ON_BOARD, Traveller

SEARCH = timedelta(hours=22)
DRIVE = timedelta(minutes=45)
LABORATORY_TAKES = timedelta(hours=4)
POSITIVE_SHARE = 0.006
POSITIVE_SINCE = (date(2022, 6, 24), date(2022, 6, 27))  # since each of these days somebody under an order is positive
A_DAY = timedelta(days=1)
IN_HOSPITAL = timedelta(hours=36)  # before the first of the two tests on which somebody is discharged
SHORT_BUS_ON = date(2022, 6, 25)
SEED = 1
GATE_OF_MODE = {"rail": "gate-rail", "coach": "gate-coach", "air": "gate-air"}
WORKING_HOURS = range(7, 23)
LOGS_FROM = 16  # when a site enters its day


@dataclass
class Staff:
    """Everybody who works in the demo city. They remember nothing: what is to be done stands in the database."""

    registers: Registers
    scope: Scope
    fates: Mapping[tuple[str, datetime], Traveller] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    # Who acts

    def someone(self, role: str, unit: UUID | None) -> Actor | None:
        """Whoever holds the role at the unit or at the nearest unit above it."""
        code = self.registers.codes.get(unit, "") if unit else ""
        while code:
            held = self.registers.holders.get((role, self.registers.unit_ids[code]))
            if held:
                return held[0]
            code = self.registers.above[code]
        return None

    def luck(self, *parts: object) -> Random:
        """A dice of this hour for this matter: the same seed gives the same demo."""
        return Random(f"{SEED} {clock.now().isoformat()} {' '.join(map(str, parts))}")  # noqa: S311

    def may_fail(self, what: str, work: object, *arguments: object, **named: object) -> UUID | None:
        """Do an action as a person would: what is refused is remembered, and work goes on."""
        try:
            return work(*arguments, **named)  # type: ignore[operator,no-any-return]
        except Refused as refused:
            self.refused.append(f"{clock.now():%m-%d %H:%M} {what}: {refused}")
            return None

    # One hour

    def work(self) -> None:
        """Everything that is done in this hour, in the order in which it waits on each other."""
        now = clock.now()
        self.laboratory(now)
        due: dict[tuple[str, str], list[DutyRow]] = defaultdict(list)
        for duty in duties.open_duties(now=now, limit=100_000):
            if duty.opens_at <= now:
                due[duty.pathway, duty.step].append(duty)
        if now.astimezone(clock.CITY).hour not in WORKING_HOURS:
            self.arrive(now)
            return
        self.receive(due["arrival", "land"], now)
        self.swab(due["arrival", "sample"], now)
        self.approve(due["order", "approve"], now)
        self.request(due["order", "request"], now)
        self.arrive(now)
        self.search(now)
        self.drive(now)
        self.check_in_waiting(due["order", "check_in"], now)
        self.check(due["order", "check"], now)
        self.test(due["order", "central_test"] + due["order", "home_test"] + due["arrival", "test"], now)
        self.leave(due["order", "leave"] + due["order", "move_home"], now)
        self.clean(now)
        self.log_days(due["service", "day"], now)
        self.refer(due["order", "positive"], now)
        self.admit(due["order", "admit"], now)
        self.discharge(now)
        self.home(due["order", "home"], now)
        self.visit(due["order", "home_check"], now)
        self.monitor(due["arrival", "check"], now)
        self.accept(due["arrival", "handover"], now)
        self.notify(due["order", "notice"], now)
        self.tickets(due, now)
        self.appeals(due["appeal", "answer"], now)
        self.disinfect(now)
        self.returns(due["daily_return", "submit"] + due["daily_return", "submit_district"], now)

    # The gate

    def receive(self, due: Sequence[DutyRow], now: datetime) -> None:
        """Meet whoever is due at the gate. A traveller of the demo days has a fate; all others land."""
        for arrival in arrivals_read.cards([subject_id(duty) for duty in due]).values():
            traveller = self.fates.get((arrival.name, arrival.expected_at)) if arrival.expected_at else None
            fate = traveller.fate if traveller else LANDS
            gate = arrival.gate_unit or self.registers.unit_ids[GATE_OF_MODE.get(arrival.mode, "gate-express")]
            officer = self.someone("gate_officer", gate)
            if officer is None or fate == NEVER_SEEN or (arrival.expected_at and arrival.expected_at > now):
                continue
            named = {"at": now, "by": officer, "key": self.key("gate", arrival.id)}
            if fate == NOT_ON_BOARD:
                self.may_fail("not on board", arrivals.not_on_board, arrival.id, **named)
            elif fate == CANCELS:
                self.may_fail("cancel", arrivals.cancel, arrival.id, **named)
            else:
                temperature = Decimal("36.5") if self.luck("fever", arrival.id).random() > 0.01 else Decimal("37.9")
                self.may_fail(
                    "land",
                    arrivals.land,
                    arrival.id,
                    gate_unit=gate,
                    temperature=temperature,
                    sample_taken=self.luck("swab", arrival.id).random() > 0.02,
                    name="" if arrival.name else source()["patterns"]["name_on_document"].format(arrival.reference),
                    **named,
                )

    def swab(self, due: Sequence[DutyRow], now: datetime) -> None:
        """The landing test that was left out is made good."""
        for duty in due:
            officer = self.someone("gate_officer", duty.owner_unit)
            if officer and officer.unit and duty.about and now - duty.opens_at > timedelta(hours=2):
                self.may_fail(
                    "landing test",
                    testing.take_sample,
                    duty.subject,
                    person_id=UUID(duty.about.split(":")[1]),
                    unit_id=officer.unit,
                    purpose="landing",
                    at=now,
                    by=officer,
                    key=self.key("swab", duty.subject),
                )

    # The order

    def approve(self, due: Sequence[DutyRow], now: datetime) -> None:
        by_unit: dict[UUID | None, list[UUID]] = defaultdict(list)
        for duty in due:
            if self.luck("approve", duty.subject).random() < 0.85:
                by_unit[duty.owner_unit].append(subject_id(duty))
        for unit, orders in by_unit.items():
            approver = self.someone("order_approver", unit)
            if approver:
                measures.approve_many(orders, at=now, by=approver, key=self.key("approve", unit))

    def request(self, due: Sequence[DutyRow], now: datetime) -> None:
        """Ask for a seat to the site of the district that has room, or to any other."""
        orders = measures_read.orders([subject_id(duty) for duty in due])
        for order_id, order in orders.items():
            officer = self.someone("gate_officer", order.unit_id) or self.someone("community_worker", order.unit_id)
            site = self.site_for(order.unit_id)
            if officer is None or site is None or self.luck("request", order_id).random() < 0.1:
                continue
            self.may_fail(
                "request",
                transfers.request,
                order_id,
                to_unit_id=site,
                at=now,
                by=officer,
                key=self.key("request", order_id),
            )

    def site_for(self, unit: UUID) -> UUID | None:
        sites = [self.registers.unit_ids[site["code"]] for site in source()["site"]]
        near = [site for site in sites if self.district(site) == self.district(unit)]
        return (near or sites)[0]

    def district(self, unit: UUID) -> str:
        code = self.registers.codes[unit]
        while code and self.registers.kinds[code] != "district":
            code = self.registers.above[code]
        return code

    def drive(self, now: datetime) -> None:
        """One trip a way and a free vehicle; the driver calls the names at the gate."""
        fleet = self.registers.unit_ids["fleet"]
        dispatcher = self.someone("dispatcher", fleet)
        vehicles = [vehicle for vehicle in transfers_read.vehicles(self.scope) if vehicle.unit_id == fleet]
        free = [vehicle for vehicle in vehicles if vehicle.state == "ready"]
        drivers = {row.id: row for row in transfers_read.drivers(self.scope) if row.unit_id == fleet}
        for trip in self.trips_in("boarding") + self.trips_in("underway"):
            drivers = {one: row for one, row in drivers.items() if row.user_id != trip.driver_user_id}
        ways: dict[tuple[UUID, UUID], list[UUID]] = defaultdict(list)
        for one in transfers_read.WaitingList(self.scope, now).rows({"state": "waiting"}, "", 0, 1000):
            ways[one.from_unit_id, one.to_unit_id].append(one.request_id)
        for (origin, destination), crowd in ways.items():
            if dispatcher is None or not free or not drivers:
                return
            vehicle, (driver_id, driver) = free.pop(0), drivers.popitem()
            riders = crowd[: vehicle.seats]
            trip_id = self.may_fail(
                "trip",
                transfers.plan_trip,
                vehicle_id=vehicle.id,
                driver_id=driver_id,
                from_unit_id=origin,
                to_unit_id=destination,
                departs_at=now,
                eta_at=now + DRIVE,
                request_ids=riders,
                at=now,
                by=dispatcher,
                key=self.key("trip", vehicle.plate),
            )
            if trip_id is None:
                continue
            by = Actor(id=f"user:{driver.user_id}", unit=driver.unit_id, name=driver.name)
            transfers.open_boarding(trip_id, at=now, by=by, key=self.key("boarding", vehicle.plate))
            for rider in riders:
                transfers.board(rider, at=now, by=by, key=self.key("board", rider))
            transfers.depart(trip_id, at=now, by=by, key=self.key("depart", vehicle.plate))

    def trips_in(self, state: str) -> list[TripRow]:
        return list(transfers_read.TripList(self.scope).rows({"state": state}, "departs_at", 0, 1000))

    def arrive(self, now: datetime) -> None:
        """The vehicle arrives; one bus of the week arrives one short. The site checks everybody else in."""
        for trip in self.trips_in("underway"):
            if trip.eta_at > now:
                continue
            riders = transfers_read.riders(trip.id)
            by = Actor(id=f"user:{trip.driver_user_id}", unit=self.registers.unit_ids["fleet"], name=trip.driver)
            missing = [riders[-1].request_id] if self.is_the_short_bus(trip, now) and len(riders) > 1 else []
            transfers.arrive(trip.id, missing=missing, at=now, by=by, key=self.key("arrive", trip.number))
            for rider in riders:
                if rider.request_id not in missing:
                    self.check_in(rider.order_id, trip.to_unit_id, now)

    def is_the_short_bus(self, trip: TripRow, now: datetime) -> bool:
        first = [one for one in self.trips_in("arrived") if one.eta_at.date() == SHORT_BUS_ON]
        return now.date() == SHORT_BUS_ON and not first and trip.taken > 1

    def search(self, now: datetime) -> None:
        """Whoever went missing on the way is found the next day, where they set out."""
        for one in transfers_read.WaitingList(self.scope, now).rows({"state": "missing"}, "", 0, 100):
            dispatcher = self.someone("dispatcher", self.registers.unit_ids["fleet"])
            if dispatcher and now - one.since > SEARCH:
                self.may_fail(
                    "found",
                    transfers.found,
                    one.request_id,
                    unit_id=one.from_unit_id,
                    words=source()["patterns"]["found"],
                    at=now,
                    by=dispatcher,
                    key=self.key("found", one.request_id),
                )

    def check_in_waiting(self, due: Sequence[DutyRow], now: datetime) -> None:
        """Those who stand at the site and were not checked in with their bus."""
        sites = isolation_read.sites_by_unit()
        coming = {one.order_id for unit in sites for one in transfers_read.expected_at(unit) if one.arrived_at}
        for duty in due:
            if duty.owner_unit in sites and subject_id(duty) in coming:
                self.check_in(subject_id(duty), duty.owner_unit, now)

    def check_in(self, order_id: UUID, unit: UUID, now: datetime) -> None:
        staff = self.someone("site_staff", unit)
        order = measures_read.order(order_id)
        site = isolation_read.sites_by_unit().get(unit)
        if staff is None or order is None or site is None:
            return
        rooms = isolation_read.free_rooms(site, isolation_read.household_of(order.person_id))
        if rooms:
            self.may_fail(
                "check in",
                isolation.check_in,
                order_id,
                room_id=rooms[0].id,
                identity_confirmed=True,
                exposure_on=order.counted_from,
                temperature=Decimal("36.5"),
                at=now,
                by=staff,
                key=self.key("check in", order_id, rooms[0].id),
            )

    # In the site

    def check(self, due: Sequence[DutyRow], now: datetime) -> None:
        """The round, twice a day. One site forgot it on one morning."""
        hour = now.astimezone(clock.CITY).hour
        sites = isolation_read.sites_by_unit()
        by_site: dict[UUID, list[UUID]] = defaultdict(list)
        for duty in due:
            if duty.owner_unit in sites:
                by_site[duty.owner_unit].append(subject_id(duty))
        for unit, orders in by_site.items():
            forgot = self.registers.codes[unit] == "site-muluan" and now.date() == date(2022, 6, 26) and hour < 13
            staff = self.someone("site_staff", unit)
            if staff is None or forgot:
                continue
            self.may_fail(
                "round",
                isolation.record_round,
                sites[unit],
                order_ids=orders,
                at=now,
                by=staff,
                key=self.key("round", unit),
            )

    def test(self, due: Sequence[DutyRow], now: datetime) -> None:
        """Take the samples of tests that are due; the laboratory answers some hours later."""
        taken = testing_read.samples_of_many([duty.subject for duty in due])
        for duty in due:
            role = "site_staff" if duty.step == "central_test" else "community_worker"
            taker = self.someone(role, duty.owner_unit)
            in_hand = any(not sample.result for sample in taken.get(duty.subject, ()))
            late = self.luck("sample", duty.subject, duty.occurrence).random() < 0.3
            if taker is None or taker.unit is None or duty.about is None or in_hand or late:
                continue
            self.may_fail(
                "sample",
                testing.take_sample,
                duty.subject,
                person_id=UUID(duty.about.split(":")[1]),
                unit_id=taker.unit,
                purpose="plan",
                day=testing_read.day_of(duty.occurrence),
                phase={"central_test": "central", "home_test": "home"}.get(duty.step, ""),
                at=now,
                by=taker,
                key=self.key("sample", duty.subject, duty.step, duty.occurrence),
            )

    def laboratory(self, now: datetime) -> None:
        waiting = testing_read.SampleList(self.scope).rows({"result": testing_read.WAITING}, "taken_at", 0, 5000)
        ready = [sample for sample in waiting if sample.taken_at + LABORATORY_TAKES <= now]
        laboratory = self.registers.unit_ids["laboratory"]
        technician = self.someone("lab_staff", laboratory)
        if not ready or technician is None:
            return
        surely = self.surely_positive(now, ready)
        found = [
            (
                sample.id,
                "positive"
                if sample.id == surely or self.luck("result", sample.code).random() < POSITIVE_SHARE
                else "negative",
            )
            for sample in ready
        ]
        testing.record_results(found, laboratory_id=laboratory, at=now, by=technician, key=self.key("results"))

    def surely_positive(self, now: datetime, ready: Sequence[ListRow]) -> UUID | None:
        """One of those whose order lasts, if luck has found nobody: every demo city has somebody in its hospital."""
        wanted = sum(day <= now.astimezone(clock.CITY).date() for day in POSITIVE_SINCE)
        if testing_read.SampleList(self.scope).count({"result": "positive"}) >= wanted:
            return None
        orders = measures_read.open_orders_of({sample.person_id for sample in ready})
        lasting = [f"order:{order.id}" for order in orders.values() if order.is_live and order.ends_at - now > A_DAY]
        taken = testing_read.samples_of_many(lasting)
        under_order = {
            sample.id
            for samples in taken.values()
            if all(sample.result != "positive" for sample in samples)
            for sample in samples
        }
        return next((sample.id for sample in ready if sample.id in under_order), None)

    def leave(self, due: Sequence[DutyRow], now: datetime) -> None:
        for duty in due:
            staff = self.someone("site_staff", duty.owner_unit)
            home = self.home_unit(duty)
            if staff and home:
                self.may_fail(
                    "leave",
                    isolation.leave,
                    subject_id(duty),
                    to_unit_id=home,
                    at=now,
                    by=staff,
                    key=self.key("leave", duty.subject),
                )

    def refer(self, due: Sequence[DutyRow], now: datetime) -> None:
        """Somebody who tested positive is referred to the hospital."""
        for duty in due:
            head = self.someone("district_command", duty.owner_unit)
            if head and duty.about:
                self.may_fail(
                    "refer",
                    testing.refer,
                    duty.subject,
                    person_id=UUID(duty.about.split(":")[1]),
                    hospital_id=self.registers.unit_ids["hospital"],
                    at=now,
                    by=head,
                    key=self.key("refer", duty.subject),
                )

    def admit(self, due: Sequence[DutyRow], now: datetime) -> None:
        """The hospital takes over who was referred to it, an hour or two later."""
        for duty in due:
            staff = self.someone("hospital_staff", duty.owner_unit)
            if staff and staff.unit and now - duty.opens_at >= timedelta(hours=1):
                self.may_fail(
                    "admit",
                    isolation.admit,
                    subject_id(duty),
                    hospital_id=staff.unit,
                    at=now,
                    by=staff,
                    key=self.key("admit", duty.subject),
                )

    def discharge(self, now: datetime) -> None:
        """Two negative tests a day apart, then the patient goes where the order goes on."""
        for patient in isolation_read.admitted(self.scope):
            staff = self.someone("hospital_staff", patient.hospital_id)
            here_since = custody.moved_at(f"person:{patient.person_id}")
            if staff is None or here_since is None or patient.onward or now - here_since < IN_HOSPITAL:
                continue
            subject = f"order:{patient.order_id}"
            swabs = [one for one in testing_read.samples_of(subject) if one.taken_at >= here_since]
            if any(not one.result for one in swabs):
                continue
            well = [one for one in swabs if one.result == "negative"]
            if len(well) < 2:
                if not swabs or now - max(one.taken_at for one in swabs) >= A_DAY:
                    self.swab_patient(patient, staff, now)
                continue
            self.let_go(patient, staff, now)

    def swab_patient(self, patient: Patient, staff: Actor, now: datetime) -> None:
        self.may_fail(
            "hospital test",
            testing.take_sample,
            f"order:{patient.order_id}",
            person_id=patient.person_id,
            unit_id=patient.hospital_id,
            purpose="symptoms",
            at=now,
            by=staff,
            key=self.key("hospital test", patient.order_id),
        )

    def let_go(self, patient: Patient, staff: Actor, now: datetime) -> None:
        order = measures_read.order(patient.order_id)
        leaving = isolation_read.discharging(patient.order_id, patient.hospital_id, now)
        home = people_read.card(patient.person_id).unit_id
        worker = self.someone("community_worker", home) if home else None
        to_unit = self.site_for(order.unit_id) if leaving.to_site and order else worker.unit if worker else None
        if to_unit is None or leaving.hindrance:
            return
        self.may_fail(
            "discharge",
            isolation.discharge,
            patient.order_id,
            hospital_id=patient.hospital_id,
            to_unit_id=to_unit,
            grounds=source()["patterns"]["discharge"],
            at=now,
            by=staff,
            key=self.key("discharge", patient.order_id),
        )

    def clean(self, now: datetime) -> None:
        """Rooms that were left are disinfected and ready again the next morning."""
        if now.astimezone(clock.CITY).hour != 9:
            return
        for unit, site in isolation_read.sites_by_unit().items():
            staff = self.someone("site_head", unit)
            for room in isolation_read.room_grid(site, site_usable=True):
                if room.state == "cleaning" and staff:
                    isolation.set_room(room.id, state="ready", at=now, by=staff, key=self.key("clean", room.id))

    def log_days(self, due: Sequence[DutyRow], now: datetime) -> None:
        """In the afternoon the head of a site enters its day; now and then something was not in order."""
        sites = isolation_read.sites_by_unit()
        for duty in due:
            head = self.someone("site_head", duty.owner_unit)
            if head is None or head.unit is None or now.astimezone(clock.CITY).hour < LOGS_FROM:
                continue
            is_late = self.luck("meals", duty.subject, duty.occurrence).random() < 0.2
            self.may_fail(
                "log the day",
                isolation.log_day,
                sites[head.unit],
                meals=not is_late,
                waste=True,
                disinfected=True,
                staff_well=True,
                remark=source()["patterns"]["meal_late"] if is_late else "",
                at=now,
                by=head,
                key=self.key("log the day", duty.subject, duty.occurrence),
            )

    def home_unit(self, duty: DutyRow) -> UUID | None:
        """The community of the person; somebody from elsewhere is looked after by the first there is."""
        assert duty.about is not None
        card = people_read.card(UUID(duty.about.split(":")[1]))
        if card and card.unit_id:
            return card.unit_id
        kinds = self.registers.kinds
        return self.registers.unit_ids[min(code for code, kind in kinds.items() if kind == "community")]

    # At home

    def home(self, due: Sequence[DutyRow], now: datetime) -> None:
        words = source()["words"]
        for duty in due:
            unit = self.home_unit(duty)
            worker = self.someone("community_worker", unit)
            if unit is None or worker is None or duty.about is None or self.luck("home", duty.subject).random() < 0.2:
                continue
            dice = self.luck("team", duty.subject)
            team = [
                isolation.Member(
                    role.code, dice.choice(words["surname"]) + dice.choice(words["given_male"]), f"197{number:08d}"
                )
                for number, role in enumerate(isolation_read.team_roles(), dice.randrange(10**6))
            ]
            card = people_read.card(UUID(duty.about.split(":")[1]))
            self.may_fail(
                "home",
                isolation.begin_home,
                subject_id(duty),
                unit_id=unit,
                address=(card.address if card else "") or self.registers.codes[unit],
                team=team,
                at=now,
                by=worker,
                key=self.key("home", duty.subject),
            )

    def visit(self, due: Sequence[DutyRow], now: datetime) -> None:
        for duty in due:
            worker = self.someone("grid_worker", duty.owner_unit) or self.someone("community_worker", duty.owner_unit)
            if worker and self.luck("visit", duty.subject, duty.occurrence).random() < 0.6:
                self.may_fail(
                    "visit",
                    isolation.visit_home,
                    subject_id(duty),
                    contact="visit",
                    present=True,
                    temperature=Decimal("36.4"),
                    at=now,
                    by=worker,
                    key=self.key("visit", duty.subject),
                )

    def monitor(self, due: Sequence[DutyRow], now: datetime) -> None:
        for duty in due:
            worker = self.someone("community_worker", duty.owner_unit)
            if worker and duty.about and self.luck("monitor", duty.subject, duty.occurrence).random() < 0.6:
                self.may_fail(
                    "monitor",
                    isolation.record_check,
                    duty.subject,
                    person_id=UUID(duty.about.split(":")[1]),
                    place="monitor",
                    contact="phone",
                    temperature=Decimal("36.5"),
                    symptoms=(),
                    at=now,
                    by=worker,
                    key=self.key("monitor", duty.subject),
                )

    def accept(self, due: Sequence[DutyRow], now: datetime) -> None:
        for duty in due:
            worker = self.someone("community_worker", duty.owner_unit)
            if worker and worker.unit and self.luck("accept", duty.subject).random() < 0.7:
                self.may_fail(
                    "accept",
                    arrivals.accept,
                    subject_id(duty),
                    unit=worker.unit,
                    at=now,
                    by=worker,
                    key=self.key("accept", duty.subject),
                )

    def notify(self, due: Sequence[DutyRow], now: datetime) -> None:
        for duty in due:
            clerk = self.someone("order_clerk", duty.owner_unit)
            if clerk:
                self.may_fail(
                    "notice",
                    measures.notify_release,
                    subject_id(duty),
                    at=now,
                    by=clerk,
                    key=self.key("notice", duty.subject),
                )

    # Needs, appeals, vehicles, returns

    def tickets(self, due: dict[tuple[str, str], list[DutyRow]], now: datetime) -> None:
        for step, do, named in (
            ("answer", isolation.answer_ticket, {"answer": source()["patterns"]["ticket_answer"]}),
            ("close", isolation.close_ticket, {"outcome": "done"}),
        ):
            for duty in due["ticket", step]:
                staff = self.someone("site_staff", duty.owner_unit) or self.someone("community_worker", duty.owner_unit)
                if staff and self.luck(step, duty.subject).random() < 0.4:
                    self.may_fail(
                        step, do, subject_id(duty), at=now, by=staff, key=self.key(step, duty.subject), **named
                    )
        if now.astimezone(clock.CITY).hour == 10:
            wishes = source()["patterns"]["tickets"]
            for duty in due["order", "check"][:: max(1, len(due["order", "check"]) // 3)][:3]:
                kind, text = self.luck("wish", duty.subject).choice(list(wishes.items()))
                self.may_fail(
                    "ticket",
                    isolation.open_ticket,
                    subject_id(duty),
                    kind=kind,
                    text=text,
                    at=now,
                    by=Actor.public("ticket"),
                    key=self.key("ticket", duty.subject),
                )

    def appeals(self, due: Sequence[DutyRow], now: datetime) -> None:
        for duty in due:
            if now - duty.opens_at < timedelta(hours=9):
                continue
            reviewer = self.someone("appeal_reviewer", duty.owner_unit)
            if reviewer:
                self.may_fail(
                    "appeal",
                    measures.decide_appeal,
                    subject_id(duty),
                    upheld=False,
                    grounds=source()["patterns"]["appeal_answer"],
                    at=now,
                    by=reviewer,
                    key=self.key("appeal", duty.subject),
                )

    def disinfect(self, now: datetime) -> None:
        dispatcher = self.someone("dispatcher", self.registers.unit_ids["fleet"])
        for vehicle in transfers_read.vehicles(self.scope):
            if vehicle.state == "to_disinfect" and dispatcher:
                self.may_fail(
                    "disinfect",
                    transfers.disinfect,
                    vehicle.id,
                    agent=source()["patterns"]["disinfectant"],
                    at=now,
                    by=dispatcher,
                    key=self.key("disinfect", vehicle.plate),
                )

    def returns(self, due: Sequence[DutyRow], now: datetime) -> None:
        """Most teams hand in their daily return before the cut-off; somebody always forgets."""
        if now.astimezone(clock.CITY).hour < 15:
            return
        for duty in due:
            officer = self.someone("team_lead", duty.owner_unit) or self.someone("district_command", duty.owner_unit)
            if officer and self.luck("return", duty.owner_unit).random() < 0.6:
                self.may_fail(
                    "return",
                    units.submit_return,
                    subject_id(duty),
                    remark=source()["patterns"]["return_remark"],
                    at=now,
                    by=officer,
                    key=self.key("return", duty.subject),
                )

    def key(self, *parts: object) -> UUID:
        return uuid5(key("staff", clock.now().isoformat()), " ".join(map(str, parts)))


def subject_id(duty: DutyRow) -> UUID:
    return UUID(duty.subject.split(":")[1])


def until_settled(now: datetime) -> None:
    """Let the worker do all that is due at this moment."""
    while loop.work(now, limit=2000):
        pass
