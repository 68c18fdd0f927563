"""Orders as they may come about, and the ways in which nobody can make one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from bihuan.kernel import clock, custody
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, history, record
from bihuan.kernel.loop import work
from bihuan.kernel.text import Text
from bihuan.modules.measures import actions, events, queries
from bihuan.modules.measures.models import Appeal, Order
from bihuan.modules.measures.rules import ExposureSource
from tests.modules.measures.ordering import EXPOSED, close_contact, evidence, live_order, person, propose
from tests.world import World, world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
PERSON = Actor.public("own page")


@pytest.fixture
def city() -> World:
    return world()


def kinds(subject: str) -> list[str]:
    return [fact.kind for fact in history(subject)]


def state(order_id: UUID) -> str:
    found = queries.order(order_id)
    assert found is not None
    return found.state


def later(**given: float):
    return clock.given(clock.now() + timedelta(**given))


class TestPropose:
    def test_derives_end_and_reason_from_the_rule_and_the_fact(self, city: World):
        order = queries.order(propose(city, person(city)))
        assert order is not None
        assert (order.kind, order.policy, order.counted_from) == ("central", "ed8", EXPOSED)
        assert [phase.kind for phase in order.phases] == ["central", "home"]
        assert order.ends_at.astimezone(clock.CITY).date() == EXPOSED + timedelta(days=14 + 7 + 1)
        assert order.reason.zh
        assert order.reason.en
        assert order.legal_basis.zh
        assert order.conditions.en
        assert order.evidence_kind == "arrival.landed"

    def test_leaves_one_order_and_one_fact_however_often_it_is_sent(self, city: World):
        someone, key = person(city), uuid7()
        decision, proof = close_contact(), evidence(someone)

        def send() -> UUID:
            return actions.propose(
                someone,
                decision=decision,
                evidence=proof,
                counted_from=EXPOSED,
                unit_id=city.unit("gate-rail").id,
                at=clock.now(),
                by=city.actor("gate_officer"),
                key=key,
            )

        first = send()
        assert send() == first
        assert kinds(f"order:{first}") == [events.PROPOSED]

    def test_refuses_evidence_about_somebody_else(self, city: World):
        someone, other = person(city), person(city, "Li Si")
        with pytest.raises(actions.EvidenceUnknown):
            actions.propose(
                someone,
                decision=close_contact(),
                evidence=evidence(other),
                counted_from=EXPOSED,
                unit_id=city.unit("gate-rail").id,
                at=clock.now(),
                by=city.actor("gate_officer"),
                key=uuid7(),
            )

    @pytest.mark.parametrize("kind", ["venue.scanned", "note.written", "person.opened"])
    def test_refuses_what_is_no_evidence(self, city: World, kind: str):
        someone = person(city)
        with pytest.raises(actions.EvidenceUnknown):
            actions.propose(
                someone,
                decision=close_contact(),
                evidence=evidence(someone, kind),
                counted_from=EXPOSED,
                unit_id=city.unit("gate-rail").id,
                at=clock.now(),
                by=city.actor("gate_officer"),
                key=uuid7(),
            )

    def test_refuses_a_second_order_on_the_same_person(self, city: World):
        someone = person(city)
        propose(city, someone)
        with pytest.raises(actions.AlreadyUnderOrder):
            propose(city, someone)

    def test_refuses_when_all_days_have_passed(self, city: World):
        with pytest.raises(actions.NothingLeft):
            propose(city, person(city), counted_from=EXPOSED - timedelta(days=40))

    def test_binds_nobody_yet(self, city: World):
        someone = person(city)
        propose(city, someone)
        assert custody.holder_of(f"person:{someone}") == "self"


class TestProposeMany:
    def asked(self, city: World, *names: str, counted_from: date = EXPOSED) -> list[actions.Proposal]:
        on = clock.now().astimezone(clock.CITY).date()
        return [
            actions.Proposal(who, close_contact(on), evidence(who), counted_from, city.unit("gate-rail").id)
            for who in (person(city, name) for name in names)
        ]

    def test_is_the_same_as_one_by_one(self, city: World):
        (many,) = self.asked(city, "Zhang San")
        by = {"at": clock.now(), "by": city.actor("gate_officer")}
        actions.propose_many([many], key=uuid7(), **by)
        one = queries.order(propose(city, person(city, "Li Si")))
        other = queries.open_order_of(many.person_id)
        for name in ("kind", "state", "rule", "ends_at", "central_ends_at", "deciding_unit_id", "phases", "reason"):
            assert getattr(one, name) == getattr(other, name), name
        facts = [history(order.subject)[0] for order in (one, other)]
        ignored = {"evidence", "number"}
        told = [{name: value for name, value in fact.payload.items() if name not in ignored} for fact in facts]
        assert told[0] == told[1]

    def test_happens_once_for_a_key_and_binds_nobody(self, city: World):
        asked, key = self.asked(city, "Zhang San", "Li Si", "Wang Wu"), uuid7()
        for _ in range(2):
            actions.propose_many(asked, at=clock.now(), by=city.actor("gate_officer"), key=key)
        assert Order.objects.filter(state="proposed").count() == Order.objects.count() == 3
        assert all(custody.holder_of(f"person:{one.person_id}") == "self" for one in asked)

    def test_leaves_out_whoever_has_no_day_left(self, city: World):
        old = self.asked(city, "Zhang San", counted_from=date(2022, 1, 1))
        new = self.asked(city, "Li Si")
        actions.propose_many([*old, *new], at=clock.now(), by=city.actor("gate_officer"), key=uuid7())
        assert [order.person_id for order in Order.objects.all()] == [new[0].person_id]

    def test_refuses_all_when_one_stands_on_another_persons_evidence(self, city: World):
        one, other = self.asked(city, "Zhang San", "Li Si")
        with pytest.raises(actions.EvidenceUnknown):
            actions.propose_many(
                [one, replace(other, evidence=one.evidence)],
                at=clock.now(),
                by=city.actor("gate_officer"),
                key=uuid7(),
            )
        assert not Order.objects.exists()


class TestApprove:
    def test_needs_another_person(self, city: World):
        order = propose(city, person(city))
        with pytest.raises(actions.TwoPeople):
            actions.approve(order, at=clock.now(), by=city.actor("gate_officer"), key=uuid7())

    def test_needs_another_unit(self, city: World):
        order = propose(city, person(city))
        with pytest.raises(actions.TwoUnits):
            actions.approve(order, at=clock.now(), by=city.actor("colleague"), key=uuid7())

    def test_gives_the_person_into_the_hands_of_the_unit_where_they_are(self, city: World):
        order = queries.order(live_order(city))
        assert order is not None
        assert order.is_live
        assert custody.holder_of(f"person:{order.person_id}") == f"unit:{city.unit('gate-rail').id}"
        assert order.approved_name == city.actor("approver").name

    def test_gives_the_person_a_link_that_cannot_be_guessed(self, city: World):
        token = queries.token_of(live_order(city))
        assert token is not None
        assert len(token) >= 40

    def test_of_several_is_one_fact_each(self, city: World):
        orders = [propose(city, person(city, name)) for name in ("Zhang San", "Li Si", "Wang Wu")]
        actions.approve_many(orders, at=clock.now(), by=city.actor("approver"), key=uuid7())
        assert all(events.APPROVED in kinds(f"order:{order}") for order in orders)

    def test_of_several_is_all_or_none(self, city: World):
        orders = [propose(city, person(city, name)) for name in ("Zhang San", "Li Si")]
        actions.reject(orders[1], words="wrong person", at=clock.now(), by=city.actor("approver"), key=uuid7())
        with pytest.raises(actions.NotOpen), transaction.atomic():
            actions.approve_many(orders, at=clock.now(), by=city.actor("approver"), key=uuid7())
        assert state(orders[0]) == "proposed"

    def test_is_not_done_twice(self, city: World):
        order = live_order(city)
        with pytest.raises(actions.NotOpen):
            actions.approve(order, at=clock.now(), by=city.actor("city_approver"), key=uuid7())


class TestEnd:
    def test_comes_by_itself(self, city: World):
        order = queries.order(live_order(city))
        assert order is not None
        with clock.given(order.ends_at + timedelta(minutes=1)):
            work(clock.now())
            assert state(order.id) == "ended"
            assert custody.holder_of(f"person:{order.person_id}") == "self"
            assert queries.violations() == {"restrictions_without_order_or_evidence": 0}

    def test_is_refused_before_its_time(self, city: World):
        with pytest.raises(Exception, match=r"order"):
            actions.end(live_order(city), at=clock.now(), by=Actor.system("tests"), key=uuid7())

    def test_late_is_a_violation(self, city: World):
        order = queries.order(live_order(city))
        assert order is not None
        with clock.given(order.ends_at + timedelta(hours=2)):
            assert queries.violations() == {"restrictions_without_order_or_evidence": 1}


class TestLift:
    def test_frees_at_once_on_a_later_fact(self, city: World):
        order = queries.order(live_order(city))
        assert order is not None
        proof = evidence(order.person_id, "arrival.reclassified")
        actions.lift(
            order.id, evidence=proof, reason=Text(zh="x", en="The area was lowered."), at=clock.now(),
            by=city.actor("approver"), key=uuid7(),
        )  # fmt: skip
        assert state(order.id) == "lifted"
        assert custody.holder_of(f"person:{order.person_id}") == "self"

    def test_needs_a_fact(self, city: World):
        with pytest.raises(actions.EvidenceUnknown):
            actions.lift(
                live_order(city), evidence=uuid7(), reason=Text(zh="x", en="y"), at=clock.now(),
                by=city.actor("approver"), key=uuid7(),
            )  # fmt: skip


class TestPolicyChange:
    def test_shortens_every_open_order_by_the_clause(self, city: World):
        order = live_order(city)
        with clock.given(clock.now().replace(day=28)):
            actions.retime_open(at=clock.now(), by=Actor.system("tests"), key=uuid7())
            found = queries.order(order)
        assert found is not None
        assert found.policy == "ed9"
        assert found.ends_at.astimezone(clock.CITY).date() == EXPOSED + timedelta(days=7 + 3 + 1)
        assert found.central_ends_at is not None
        assert found.central_ends_at.astimezone(clock.CITY).date() == EXPOSED + timedelta(days=8)

    def test_comes_by_the_loop(self, city: World):
        order = live_order(city)
        with clock.given(clock.now().replace(day=28, hour=12)):
            work(clock.now())
            found = queries.order(order)
        assert found is not None
        assert found.policy == "ed9"

    def test_done_twice_changes_nothing_more(self, city: World):
        order = live_order(city)
        with clock.given(clock.now().replace(day=28)):
            for _ in range(2):
                actions.retime_open(at=clock.now(), by=Actor.system("tests"), key=uuid7())
        assert kinds(f"order:{order}").count(events.RETIMED) == 1

    def test_frees_at_once_whom_the_new_policy_no_longer_holds(self, city: World):
        order = live_order(city, counted_from=EXPOSED - timedelta(days=11))
        with clock.given(clock.now().replace(day=28)):
            actions.retime_open(at=clock.now(), by=Actor.system("tests"), key=uuid7())
            assert state(order) == "lifted"


class TestExposure:
    def enter(self, city: World, order: UUID, on: date) -> UUID:
        return actions.judge_exposure(
            order, exposed_on=on, source=ExposureSource.SAME_FLOOR, at=clock.now(), by=city.actor("gate_officer"),
            key=uuid7(),
        )  # fmt: skip

    def test_starts_the_count_again_once_a_second_unit_approved_it(self, city: World):
        order = live_order(city)
        before = queries.order(order)
        with later(days=3):
            on = EXPOSED + timedelta(days=3)
            exposure = self.enter(city, order, on)
            assert queries.order(order) == before
            actions.approve_exposure(exposure, at=clock.now(), by=city.actor("approver"), key=uuid7())
            after = queries.order(order)
        assert before is not None
        assert after is not None
        assert after.counted_from == on
        assert after.ends_at == before.ends_at + timedelta(days=3)

    def test_is_not_approved_by_the_unit_that_entered_it(self, city: World):
        order = live_order(city)
        exposure = self.enter(city, order, EXPOSED + timedelta(days=1))
        with pytest.raises(actions.TwoUnits):
            actions.approve_exposure(exposure, at=clock.now(), by=city.actor("colleague"), key=uuid7())

    def test_of_an_earlier_day_changes_nothing(self, city: World):
        with pytest.raises(Exception, match="later"):
            self.enter(city, live_order(city), EXPOSED)


class TestAppeal:
    def file(self, order: UUID) -> UUID:
        return actions.file_appeal(order, words="I was never there.", at=clock.now(), by=PERSON, key=uuid7())

    def decide(self, city: World, appeal: UUID, who: str, *, upheld: bool) -> None:
        actions.decide_appeal(
            appeal, upheld=upheld, grounds="Checked with the railway.", at=clock.now(), by=city.actor(who), key=uuid7()
        )

    def test_upheld_frees_at_once(self, city: World):
        order = live_order(city)
        self.decide(city, self.file(order), "reviewer", upheld=True)
        assert state(order) == "lifted"

    def test_dismissed_leaves_the_order(self, city: World):
        order = live_order(city)
        self.decide(city, self.file(order), "reviewer", upheld=False)
        assert state(order) == "live"

    @pytest.mark.parametrize(
        ("who", "refusal"),
        [("approver", actions.TwoPeople), ("clerk", actions.TwoUnits), ("colleague", actions.TwoUnits)],
    )
    def test_is_not_answered_by_whoever_made_the_order(self, city: World, who: str, refusal: type[Exception]):
        appeal = self.file(live_order(city))
        with pytest.raises(refusal):
            self.decide(city, appeal, who, upheld=False)

    def test_unanswered_for_two_days_frees_and_goes_to_the_senior_official(self, city: World):
        order = live_order(city)
        appeal = self.file(order)
        with later(hours=48, minutes=1):
            work(clock.now())
        assert state(order) == "lapsed"
        found = queries.appeal(appeal)
        assert found is not None
        assert (found.state, found.senior_name) == ("lapsed", city.actor("commander").name)

    def test_unanswered_does_not_free_whom_the_laboratory_found_positive(self, city: World):
        order = live_order(city)
        appeal = self.file(order)
        found = queries.order(order)
        assert found is not None
        with transaction.atomic():
            record(
                key=uuid7(), kind="test.resulted", subject=f"order:{order}", about=f"person:{found.person_id}",
                at=clock.now(), by="user:lab", payload={"sample": "s", "result": "positive"},
            )  # fmt: skip
        with later(hours=49):
            actions.lapse_unanswered(appeal, at=clock.now(), by=Actor.system("tests"), key=uuid7())
        assert state(order) == "live"
        assert Appeal.objects.get(pk=appeal).state == "passed_up"

    def test_does_not_lapse_early(self, city: World):
        order = live_order(city)
        appeal = self.file(order)
        with later(hours=47):
            actions.lapse_unanswered(appeal, at=clock.now(), by=Actor.system("tests"), key=uuid7())
        assert state(order) == "live"


def run_whole(sql: str, values: Sequence[object]) -> None:
    """Run a statement up to what is checked at commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class TestDirectSql:
    """As the application's own role, past every action."""

    def refuse(self, sql: str, *values: object, name: str) -> None:
        with pytest.raises(IntegrityError) as refusal:
            run_whole(sql, values)
        assert refusal.value.__cause__.diag.constraint_name == name

    def test_runs_as_the_application(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("bihuan_app",)

    def test_cannot_prolong_an_order(self, city: World):
        order = live_order(city)
        self.refuse(
            "UPDATE measures_order SET ends_at = ends_at + interval '1 day' WHERE id = %s", order,
            name="order_prolonged_by_exposure",
        )  # fmt: skip

    def test_cannot_prolong_the_stay_within_it(self, city: World):
        order = live_order(city)
        self.refuse(
            "UPDATE measures_order SET central_ends_at = ends_at WHERE id = %s",
            order,
            name="order_prolonged_by_exposure",
        )

    def test_cannot_prolong_a_phase(self, city: World):
        order = live_order(city)
        self.refuse(
            "UPDATE measures_phase SET ends_at = ends_at + interval '1 day' "
            "WHERE order_id = %s AND kind = 'home'", order,
            name="order_phases_agree",
        )  # fmt: skip

    def test_cannot_bind_without_approval(self, city: World):
        order = propose(city, person(city))
        self.refuse(
            "UPDATE measures_order SET state = 'live' WHERE id = %s", order, name="order_approved_before_it_binds"
        )

    def test_cannot_bind_without_a_bond(self, city: World):
        order = propose(city, person(city))
        self.refuse(
            "UPDATE measures_order SET state = 'live', approved_by = 'user:x', approved_unit_id = "
            "%s, approved_at = now() "
            "WHERE id = %s",
            city.unit("410811").id, order, name="order_live_has_its_bond",
        )  # fmt: skip

    def test_cannot_approve_ones_own(self, city: World):
        order = propose(city, person(city))
        self.refuse("UPDATE measures_order SET approved_by = proposed_by WHERE id = %s", order, name="order_two_people")
        self.refuse(
            "UPDATE measures_order SET approved_unit_id = proposed_unit_id WHERE id = %s", order, name="order_two_units"
        )

    def test_cannot_begin_an_order_in_force(self, city: World):
        order = live_order(city)
        columns = ", ".join(f'"{field.column}"' for field in Order._meta.fields if field.column != "id")
        self.refuse(
            f"INSERT INTO measures_order (id, {columns}) SELECT gen_random_uuid(), {columns} FROM "
            f"measures_order WHERE id = %s",
            order, name="order_begins_as_proposal",
        )  # fmt: skip

    def test_cannot_propose_on_what_is_known_of_somebody_else(self, city: World):
        order, other = propose(city, person(city)), person(city, "Li Si")
        given = {"id": "gen_random_uuid()", "number": "'O2022-forged'", "person_id": f"'{other}'"}
        columns = [field.column for field in Order._meta.fields]
        values = ", ".join(given.get(column, f'"{column}"') for column in columns)
        self.refuse(
            f"INSERT INTO measures_order ({', '.join(columns)}) SELECT {values} FROM measures_order WHERE id = %s",
            order, name="order_evidence_about_person",
        )  # fmt: skip

    def test_cannot_give_somebody_bound_to_whom_nobody_handed_them(self, city: World):
        found = queries.order(live_order(city))
        assert found is not None
        for holder in (f"unit:{city.unit('410802').id}", f"unit:{uuid7()}"):
            self.refuse(
                "UPDATE custody_holding SET holder = %s, since = now() WHERE item = %s",
                holder, f"person:{found.person_id}", name="holding_accepted",
            )  # fmt: skip

    def test_cannot_rewrite_the_reason(self, city: World):
        order = live_order(city)
        self.refuse("UPDATE measures_order SET reason = '{}' WHERE id = %s", order, name="order_grounds_stand")
        self.refuse("UPDATE measures_order SET conditions = '{}' WHERE id = %s", order, name="order_grounds_stand")
        self.refuse("UPDATE measures_order SET kind = 'home' WHERE id = %s", order, name="order_kind_as_phases")

    def test_cannot_swap_the_evidence(self, city: World):
        order, other = live_order(city), evidence(person(city, "Li Si"))
        self.refuse(
            "UPDATE measures_order SET evidence_id = %s WHERE id = %s", other, order, name="order_grounds_stand"
        )

    def test_cannot_revive_an_order(self, city: World):
        order = live_order(city)
        found = queries.order(order)
        assert found is not None
        with clock.given(found.ends_at + timedelta(minutes=1)):
            actions.end(order, at=clock.now(), by=Actor.system("tests"), key=uuid7())
        self.refuse(
            "UPDATE measures_order SET state = 'live', closed_at = NULL WHERE id = %s", order, name="order_course"
        )

    def test_cannot_delete_an_order(self, city: World):
        order = live_order(city)
        self.refuse("DELETE FROM measures_order WHERE id = %s", order, name="order_is_kept")

    def test_cannot_end_before_it_starts(self, city: World):
        order = live_order(city)
        self.refuse(
            "UPDATE measures_order SET central_ends_at = NULL, ends_at = starts_at - interval '1 "
            "hour' WHERE id = %s", order,
            name="order_ends_after_start",
        )  # fmt: skip

    def test_cannot_part_a_live_order_from_its_bond(self, city: World):
        order = live_order(city)
        with pytest.raises(IntegrityError):
            run_whole("UPDATE custody_bond SET released_at = now() WHERE bond = %s", [order])

    def test_cannot_approve_ones_own_exposure(self, city: World):
        order = live_order(city)
        exposure = TestExposure().enter(city, order, EXPOSED + timedelta(days=1))
        self.refuse(
            "UPDATE measures_exposure SET state = 'approved', decided_by = entered_by, "
            "decided_unit_id = entered_unit_id, "
            "decided_at = now() WHERE id = %s",
            exposure, name="exposure_two_people_two_units",
        )  # fmt: skip

    def test_cannot_answer_an_appeal_against_ones_own_order(self, city: World):
        order = live_order(city)
        appeal = TestAppeal().file(order)
        self.refuse(
            "UPDATE measures_appeal SET state = 'dismissed', grounds = 'no', decided_at = now(), "
            "decided_by = o.approved_by, decided_unit_id = o.approved_unit_id FROM measures_order o "
            "WHERE o.id = order_id AND measures_appeal.id = %s",
            appeal, name="appeal_answered_by_another",
        )  # fmt: skip
