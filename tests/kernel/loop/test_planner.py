"""What the planner says over a whole life is checked in under expected/ and reviewed as a diff (UPDATE=1 renews it).

Here the worker's part is played too: breaches are put on record and the system does its steps when they are due.
"""

import os
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bihuan.kernel.loop import Plan, plan, profile
from bihuan.kernel.loop.events import BREACHED
from bihuan.kernel.loop.pathway import Fact, Happening, History
from bihuan.kernel.loop.planner import Duty
from tests.stories.telling import SUBJECT, Story, facts_of, moment, name_of, read

STORIES = Path(__file__).parents[2] / "stories"
EXPECTED = Path(__file__).parent / "expected"
LIVES = [
    "inbound_ninth_edition", "policy_change_28_june", "policy_change_moves_home", "new_exposure_restarts",
    "top_up_days", "secondary_contact_waits", "missed_is_not_positive", "bus_one_short", "arrival_low_area",
    "mpox_contact", "appeal_unanswered",
]  # fmt: skip
STEPS_MAX = 400
PROVE = os.environ.get("BIHUAN_PROVE") == "1"
FIRST = int(os.environ["BIHUAN_SEED"]) if PROVE else 0
RANDOM_LIVES = range(FIRST, FIRST + (2_000 if PROVE else 60))
KINDS = [
    "transfer.requested", "transfer.assigned", "transfer.boarded", "transfer.missing", "transfer.unassigned",
    "transfer.cancelled", "stay.checked_in", "stay.ended", "home.begun", "home.visited", "check.recorded",
    "test.resulted", "release.notified", "order.retimed", "duty.breached",
]  # fmt: skip


def told(duty: Duty) -> str:
    """A duty in a line: name, state, whose, and its clock."""
    line = f"{name_of(duty)}: {duty.state}"
    if duty.state == "open":
        clock = " / ".join(f"{at:%m-%d %H:%M}" for at in (duty.target_at, duty.warn_at, duty.breach_at))
        line += f" from {duty.opens_at:%m-%d %H:%M}, {duty.owner_role}, {clock}"
    if duty.evidence is not None:
        line += f" by #{duty.evidence}"
    if duty.escalated_at is not None:
        line += f", escalated {duty.escalated_at:%m-%d %H:%M}"
    return line + (f" ({duty.reason})" if duty.reason else "")


def local(made: Plan, story: Story) -> dict[tuple[str, str], str]:
    return {duty.name: told(duty) for duty in made.duties}


class Life:
    """A story lived through: every moment at which anything changes, with what changes."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.facts: list[Happening] = list(story.facts)
        self.lines: list[str] = []

    def live(self) -> str:
        now, before, policy = self.story.facts[0].happened_at, {}, ""
        for _ in range(STEPS_MAX):
            made = self.settle(now)
            if made is None:
                break
            after = local(made, self.story)
            happened = [fact for fact in self.facts if fact.happened_at == now and fact.kind != BREACHED]
            changed = [line for name, line in after.items() if before.get(name) != line]
            gone = [f"{' '.join(name).strip()}: gone" for name in before if name not in after]
            if happened or changed or gone or made.policy != policy:
                mark = f"  policy {made.policy}" if made.policy != policy else ""
                self.lines.append(f"{now:%Y-%m-%d %H:%M}{mark}")
                self.lines += [f"    #{fact.seq} {fact.kind}" for fact in happened]
                self.lines += [f"        {line}" for line in (*changed, *gone)]
            before, policy = after, made.policy
            coming = [fact.happened_at for fact in self.facts if fact.happened_at > now]
            if made.closed_at is not None and not coming:
                self.lines.append(f"{made.closed_at:%Y-%m-%d %H:%M}  closed")
                break
            following = min([*coming, *self.ahead(made, now)], default=None)
            if following is None:
                break
            now = following
        return "\n".join(self.lines) + "\n"

    def settle(self, now: datetime) -> Plan | None:
        """Plan, put breaches on record, do the system's steps, until nothing more is due at this moment."""
        while True:
            made = plan(self.story.pathway, History(self.facts, self.story.linked), now)
            if made is None:
                return None
            new = [self.breach(duty) for duty in made.breaches]
            new += [fact for duty in made.system if (fact := self.deed(duty, now)) is not None]
            if not new:
                return made
            self.facts += new

    def breach(self, duty: Duty) -> Happening:
        payload = {"pathway": self.story.pathway.code, "step": duty.step, "occurrence": duty.occurrence}
        return Happening(900 + len(self.facts), BREACHED, SUBJECT, duty.breach_at, payload)

    def deed(self, duty: Duty, now: datetime) -> Happening | None:
        step = self.story.pathway.step(duty.step)
        if step.is_transition:
            return None
        return Happening(len(self.facts) + 1, step.evidence[0].kind, SUBJECT, now, {})

    def ahead(self, made: Plan, now: datetime) -> Sequence[datetime]:
        moments = [made.next_at] if made.next_at is not None else []
        for duty in made.duties:
            if duty.state == "open":
                moments += [at for at in (duty.opens_at, duty.breach_at, duty.ends_at) if at is not None]
        return [at for at in moments if at > now]


@pytest.mark.parametrize("name", LIVES)
def test_a_whole_life_is_as_expected(name: str) -> None:
    found = Life(read(STORIES / f"{name}.toml")).live()
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("UPDATE") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8"), f"{path.name} differs; look at it, then renew with UPDATE=1"


class TestPlan:
    STORY = read(STORIES / "inbound_ninth_edition.toml")

    def test_does_not_depend_on_the_order_in_which_facts_are_handed_in(self) -> None:
        chance = random.Random(7)  # noqa: S311 - a shuffle, not a secret
        for at in ("2022-06-29 12:45", "2022-07-03 12:00", "2022-07-08 09:00"):
            expected = plan(self.STORY.pathway, History(self.STORY.facts, {}), moment(at))
            shuffled = list(self.STORY.facts)
            chance.shuffle(shuffled)
            assert plan(self.STORY.pathway, History(shuffled, {}), moment(at)) == expected

    def test_changes_at_no_moment_before_the_one_it_names(self) -> None:
        """Between two moments at which it says something can change, the plan stays what it is."""
        now = self.STORY.facts[0].happened_at
        end = now + timedelta(days=12)
        while now < end:
            made = self.STORY.plan(now)
            assert made is not None
            if made.closed_at is not None or made.next_at is None:
                break
            if made.next_at > now + timedelta(minutes=2):
                assert self.unmoved(made, made.next_at - timedelta(seconds=1)), f"changes before {made.next_at}"
            now = max(made.next_at, now + timedelta(minutes=17))

    def unmoved(self, made: Plan, at: datetime) -> bool:
        facts = [fact for fact in self.STORY.facts if fact.happened_at <= at]
        later = plan(self.STORY.pathway, History(self.STORY.facts, {}), at)
        assert later is not None
        return later.duties == made.duties and len(facts) > 0

    def test_leaves_no_open_run_without_a_duty_that_has_an_owner_and_a_time(self) -> None:
        """Random lives: whatever happens in whatever order, an open run always has an open duty."""
        for seed in RANDOM_LIVES:
            story = random_life(seed)
            for fact in story.facts:
                at = fact.happened_at + timedelta(minutes=1)
                made = story.plan(at)
                if made is not None and made.closed_at is None:
                    owed = [duty for duty in made.duties if duty.state == "open"]
                    assert owed, f"seed {seed}: nobody owes anything at {at}"
                    assert all(
                        duty.owner_role and duty.breach_at >= duty.opens_at - timedelta(days=30) for duty in owed
                    )
                if made is not None:
                    assert all((duty.evidence is not None) == (duty.state == "done") for duty in made.duties), seed
                    names = [duty.name for duty in made.duties]
                    assert len(names) == len(set(names)), f"seed {seed}: a duty is there twice"


def random_life(seed: int) -> Story:
    """An order to which things happen in any order, also senseless ones."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    start = moment("2022-06-20 08:00") + timedelta(hours=chance.randrange(24 * 14))
    kind, class_code = chance.choice([("central", "inbound"), ("home", "secondary_contact"), ("central", "high_area")])
    end = (start + timedelta(days=chance.randrange(3, 21))).date().isoformat()
    items: list[dict[str, Any]] = [
        {
            "at": start,
            "fact": "order.proposed",
            "policy": profile.named("covid19-cn").policy_on(start).code,
            "class_code": class_code,
            "kind": kind,
            "links": [],
            "counted_from": (start - timedelta(days=chance.randrange(5))).date().isoformat(),
        },
        {
            "at": start + timedelta(minutes=chance.randrange(200)),
            "fact": "order.approved",
            "ends_at": end,
            "central_ends_at": end,
        },
    ]
    for _ in range(chance.randrange(30)):
        at = start + timedelta(minutes=chance.randrange(20 * 24 * 60))
        item: dict[str, Any] = {"at": at, "fact": chance.choice(KINDS)}
        if item["fact"] == "test.resulted":
            item["result"] = chance.choice(["negative", "positive", "inconclusive"])
            item["day"] = chance.randrange(1, 8)
            item["phase"] = chance.choice(["central", "home"])
        if item["fact"] == "order.retimed":
            item["policy"] = chance.choice(["ed8", "ed9"])
            item["cause"] = chance.choice(["exposure", "policy"])
            item["kind"] = chance.choice(["central", "home"])
            item["counted_from"] = at.date().isoformat()
            item["ends_at"] = (at + timedelta(days=5)).isoformat()
        items.append(item)
    items.sort(key=lambda item: item["at"])
    written = [item | {"at": item["at"].strftime("%Y-%m-%d %H:%M")} for item in items]
    pathway = profile.named("covid19-cn").pathway("order", start.date())
    assert pathway is not None
    return Story(f"seed {seed}", pathway, facts_of(written, SUBJECT), {}, ())


def test_happening_is_a_fact() -> None:
    fact: Fact = Happening(1, "lamp.lit", "lamp:1", moment("2022-01-01 00:00"), {})
    assert fact.unit is None
