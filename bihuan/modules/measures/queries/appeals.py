"""Appeals: for the reviewer, and for the person who waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.access import Scope
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge, Clock
from bihuan.kernel.web.parts import Tone
from bihuan.modules.measures.models import Appeal, AppealState
from bihuan.modules.people import queries as people

TONES: dict[str, Tone] = {
    AppealState.FILED: "warn",
    AppealState.UPHELD: "good",
    AppealState.DISMISSED: "neutral",
    AppealState.LAPSED: "bad",
    AppealState.PASSED_UP: "bad",
}
SORTS = {"number": "number", "filed_at": "filed_at", "answer_by_at": "answer_by_at"}


@dataclass(frozen=True, slots=True)
class AppealRow:
    id: UUID
    number: str
    order_id: UUID
    order_number: str
    person_id: UUID
    words: str
    phone: str
    state: str
    state_name: str
    reviewing_unit: Text
    reviewing_path: str
    filed_at: datetime
    answer_by_at: datetime
    lapses_at: datetime
    decided_name: str
    decided_at: datetime | None
    grounds: str
    senior_name: str
    senior_unit: Text | None
    person: str = ""

    @property
    def url(self) -> str:
        return reverse("appeals:detail", args=[self.id])

    @property
    def badge(self) -> Badge:
        return Badge(self.state_name, TONES[self.state])

    @property
    def due(self) -> Clock:
        return Clock(self.answer_by_at, breach_at=self.lapses_at, done_at=self.decided_at)

    @property
    def is_open(self) -> bool:
        return self.state == AppealState.FILED


def row(held: Appeal, person: str = "") -> AppealRow:
    return AppealRow(
        id=held.id,
        number=held.number,
        order_id=held.order_id,
        order_number=held.order.number,
        person_id=held.order.person_id,
        words=held.words,
        phone=held.phone,
        state=held.state,
        state_name=held.get_state_display(),
        reviewing_unit=held.reviewing_unit.name,
        reviewing_path=held.reviewing_unit.path,
        filed_at=held.filed_at,
        answer_by_at=held.answer_by_at,
        lapses_at=held.lapses_at,
        decided_name=held.decided_name,
        decided_at=held.decided_at,
        grounds=held.grounds,
        senior_name=held.senior_name,
        senior_unit=held.senior_unit.name if held.senior_unit else None,
        person=person,
    )


def whole(found: QuerySet[Appeal]) -> QuerySet[Appeal]:
    return found.select_related("order", "reviewing_unit", "senior_unit")


def appeal(appeal_id: UUID) -> AppealRow | None:
    held = whole(Appeal.objects.filter(id=appeal_id)).first()
    return row(held) if held else None


def appeal_in_reach(scope: Scope, appeal_id: UUID) -> AppealRow:
    held = whole(scope.rows(Appeal.objects.filter(pk=appeal_id), "reviewing_unit")).first()
    if held is None:
        raise NotFound(_("There is no such appeal."))
    return row(held, people.card(held.order.person_id).name)


def appeals_of(order_id: UUID) -> tuple[AppealRow, ...]:
    return tuple(row(held) for held in whole(Appeal.objects.filter(order=order_id).order_by("-filed_at")))


def open_appeals(scope: Scope) -> int:
    return scope.rows(Appeal.objects.filter(state=AppealState.FILED), "reviewing_unit").count()


@dataclass(frozen=True, slots=True)
class AppealList:
    """Appeals that the user's units answer. A source for tables."""

    scope: Scope

    def filtered(self, filters: Mapping[str, str]) -> QuerySet[Appeal]:
        found = self.scope.rows(Appeal.objects.all(), "reviewing_unit")
        if filters.get("state"):
            found = found.filter(state=filters["state"])
        if filters.get("q"):
            found = found.filter(number__iexact=filters["q"])
        return found

    def count(self, filters: Mapping[str, str]) -> int:
        return self.filtered(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[AppealRow]:
        name = sort.removeprefix("-")
        column = SORTS.get(name, "answer_by_at")
        by = f"-{column}" if sort.startswith("-") else column
        held = list(whole(self.filtered(filters)).order_by(by, "id")[offset : offset + limit])
        cards = people.cards({found.order.person_id for found in held})
        return [row(found, cards[found.order.person_id].masked) for found in held]
