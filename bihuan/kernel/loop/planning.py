"""From ledger to plans: reads the histories of many subjects in one query, finds each one's pathway and plans it."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection

from bihuan.kernel.ledger import FactRow, histories
from bihuan.kernel.loop import profile
from bihuan.kernel.loop.pathway import History, Pathway, named
from bihuan.kernel.loop.planner import Plan, opening_of, plan

NAMESPACE = UUID("5b0d3c1e-8f5e-5b6e-9a55-6b1a1b0c7a10")


@dataclass(frozen=True, slots=True)
class Planned:
    """A run as the ledger says it must be."""

    id: UUID
    subject: str
    about: str | None
    pathway: Pathway
    plan: Plan


def run_id(subject: str, pathway: str) -> UUID:
    """The same run has the same id however often it is rebuilt."""
    return uuid5(NAMESPACE, f"{subject}|{pathway}")


def noun(subject: str) -> str:
    return subject.partition(":")[0]


def concerned(subjects: Collection[str]) -> list[str]:
    """Those for which any pathway exists."""
    nouns = profile.current().by_subject
    return [subject for subject in subjects if noun(subject) in nouns]


def lock(subjects: Collection[str]) -> set[UUID]:
    """Hold the runs of these subjects. Whoever comes later waits, and then sees the facts that moved them now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM loop_run WHERE subject = ANY(%s) ORDER BY subject, pathway FOR UPDATE", [list(subjects)]
        )
        return {id_ for (id_,) in cursor.fetchall()}


def plans(subjects: Collection[str], moments: Mapping[str, datetime], *, is_writing: bool = False) -> list[Planned]:
    """What follows for each subject at its moment, in the order of `subjects`, without those that opened nothing.

    Who means to write what is planned also holds the runs that are waited for: otherwise a fact about one of them could
    come in just now, find nobody waiting yet, and be seen by neither side.
    """
    facts = histories(subjects)
    found: list[tuple[Pathway, FactRow]] = []
    choices = _choices()
    for subject in subjects:
        found += _openings(subject, facts[subject], choices)
    wanted = {name for pathway, opening in found for name in _links(pathway, facts[opening.subject])}
    if wanted and is_writing:
        lock(wanted)
    linked = histories(wanted) if wanted else {}
    planned = []
    for pathway, opening in found:
        subject = opening.subject
        links = {name: linked.get(name, []) for name in _links(pathway, facts[subject])}
        made = plan(pathway, History(facts[subject], links), moments[subject])
        if made is not None:
            planned.append(Planned(run_id(subject, pathway.code), subject, opening.about, pathway, made))
    return planned


def _openings(
    subject: str, facts: Sequence[FactRow], choices: Sequence[tuple[datetime, str]]
) -> list[tuple[Pathway, FactRow]]:
    """Each pathway these facts open, in the version and the profile they belong to, with the fact that opens it."""
    found = []
    candidates: dict[str, list[Pathway]] = {}
    for pathway in profile.current().by_subject.get(noun(subject), ()):
        candidates.setdefault(pathway.code, []).append(pathway)
    for code, same in candidates.items():
        openings = [(fact.happened_at, fact.seq, fact) for item in same if (fact := opening_of(item, facts))]
        if not openings:
            continue
        opening = min(openings, key=lambda item: item[:2])[2]
        pathway_of = _profile_of(same, facts, opening, choices)
        version = profile.named(pathway_of).pathway(code, profile.day_of(opening.happened_at))
        if version is not None:
            found.append((version, opening))
    return found


def _profile_of(
    same: Sequence[Pathway], facts: Sequence[FactRow], opening: FactRow, choices: Sequence[tuple[datetime, str]]
) -> str:
    """The profile a run belongs to: the one its facts name first, else the one chosen when it opened."""
    codes = {item.profile for item in same}
    if len(codes) == 1:
        return same[0].profile
    for code in (fact.payload.get("profile") for fact in facts):
        if code in codes:
            return str(code)
    before = bisect_right(choices, opening.happened_at, key=lambda choice: choice[0])
    chosen = choices[before - 1][1] if before else settings.ACTIVE_PROFILE
    return chosen if chosen in codes else same[0].profile


def _choices() -> list[tuple[datetime, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT since, profile FROM loop_choice ORDER BY since, id")
        return [(since, code) for since, code in cursor.fetchall()]


def _links(pathway: Pathway, facts: Sequence[FactRow]) -> list[str]:
    """The other subjects a history names as those it waits for."""
    found: dict[str, None] = {}
    for answer in pathway.answers:
        if answer.link is not None:
            for fact in facts:
                if any(wanted.matches(fact) for wanted in answer.facts):
                    found.update(dict.fromkeys(named(fact, answer.field)))
    return list(found)
