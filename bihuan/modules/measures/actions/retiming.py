"""A later policy may free people earlier; it never holds anybody longer. The transition clause, for one and for all."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, derive, record_many
from bihuan.kernel.loop import action, profile
from bihuan.kernel.loop.values import Policy
from bihuan.modules.measures import events
from bihuan.modules.measures.actions.closing import lift_many
from bihuan.modules.measures.actions.orders import BATCH, held, told, write_phases
from bihuan.modules.measures.actions.telling import fact_of, tell
from bihuan.modules.measures.actions.words import policy_no_longer_asks
from bihuan.modules.measures.models import Order, OrderState, Phase
from bihuan.modules.measures.rules import Days, Span, central_end, shortened, spans


@action
def retime(order_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Bring one live order under the policy in force. Somebody the policy no longer restricts is freed at once."""
    order = held(order_id)
    if order.state == OrderState.LIVE:
        retime_these([order], at=at, by=by, key=key)


@action
def retime_open(*, at: datetime, by: Actor, key: UUID) -> None:
    """Bring every live order under the policy in force today: a handful of statements however many there are."""
    today = at.astimezone(clock.CITY).date()
    for code in profile.current():
        policy = profile.named(code).policy_on(today)
        orders = (
            Order.objects.select_for_update().filter(state=OrderState.LIVE, profile=code).exclude(policy=policy.code)
        )
        retime_these(list(orders.order_by("id")), at=at, by=by, key=derive(key, code))


def retime_these(orders: Sequence[Order], *, at: datetime, by: Actor, key: UUID) -> None:
    running = [(order, governing(order, at)) for order in orders if order.ends_at > at]
    moved = [(order, policy) for order, policy in running if policy.code != order.policy]
    phases = phases_of([order for order, _ in moved])
    before = {order.id: order.ends_at for order, _ in moved}
    kept, freed = [], []
    for order, policy in moved:
        days = days_of(order.profile, order.class_code, policy)
        wanted = spans(days, counted_from=order.counted_from, starts_at=order.starts_at, zone=clock.CITY)
        left = shortened(phases[order.id], wanted)
        order.policy = policy.code
        if left and left[-1].ends_at > at:
            apply(order, left)
            phases[order.id] = left
            kept.append(order)
        else:
            freed.append(order)
    Order.objects.bulk_update(kept, ["policy", "kind", "ends_at", "central_ends_at"], batch_size=BATCH)
    Phase.objects.filter(order__in=[order.id for order in kept]).delete()
    write_phases({order.id: phases[order.id] for order in kept})
    record_many(
        fact_of(
            order,
            events.RETIMED,
            {**told(order), "cause": "policy", "ended_before_at": before[order.id]},
            at=at,
            by=by,
            key=derive(key, "retimed", str(order.id)),
        )
        for order in [*kept, *freed]
    )
    lift_many(
        {order.id: derive(key, "retimed", str(order.id)) for order in freed},
        reason=policy_no_longer_asks(),
        at=at,
        by=by,
        key=derive(key, "freed"),
    )


def retimed(
    order: Order,
    policy: Policy,
    left: Sequence[Span],
    *,
    cause: str,
    evidence: UUID,
    at: datetime,
    by: Actor,
    key: UUID,
) -> None:
    """Write one order's new times and the fact of it.

    The database allows later times only after an approved exposure.
    """
    before = order.ends_at
    order.policy = policy.code
    apply(order, left)
    order.save()
    Phase.objects.filter(order=order.id).delete()
    write_phases({order.id: left})
    tell(
        order,
        events.RETIMED,
        {**told(order), "cause": cause, "ended_before_at": before, "evidence": evidence},
        at=at,
        by=by,
        key=derive(key, "retimed"),
    )


def apply(order: Order, left: Sequence[Span]) -> None:
    order.kind = left[0].kind
    order.ends_at = left[-1].ends_at
    order.central_ends_at = central_end(left)


def governing(order: Order, at: datetime) -> Policy:
    """The policy an order runs under: a later one takes over unless it would make the order longer."""
    held_by = profile.named(order.profile)
    measured_by = [f"{order.class_code}.{length}" for length in ("central_days", "home_days")]
    return held_by.govern(held_by.policy(order.policy), at.astimezone(clock.CITY).date(), measured_by)


def days_of(profile_code: str, class_code: str, policy: Policy) -> Days:
    """How long a class is held under a policy."""
    held_by = profile.named(profile_code)
    return Days(
        central=int(held_by.value(f"{class_code}.central_days", policy=policy).value),
        home=int(held_by.value(f"{class_code}.home_days", policy=policy).value),
    )


def phases_of(orders: Sequence[Order]) -> dict[UUID, tuple[Span, ...]]:
    found: dict[UUID, list[Span]] = {order.id: [] for order in orders}
    rows = Phase.objects.filter(order__in=list(found)).order_by("order", "seq")
    for order_id, kind, starts_at, ends_at in rows.values_list(F("order_id"), "kind", "starts_at", "ends_at"):
        found[order_id].append(Span(kind, starts_at, ends_at))
    return {order_id: tuple(spanned) for order_id, spanned in found.items()}
