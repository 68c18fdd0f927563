"""Isolation at home begins with a named team, and the team is in touch every day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import custody
from bihuan.kernel.ledger import Actor, derive, record
from bihuan.kernel.loop import action, happened
from bihuan.modules.isolation import events, queries
from bihuan.modules.isolation.models import Check, Home, HomeMember, Stay

from .checks import record_check
from .custody import take_over
from .refusals import NoHome, TeamIncomplete, refusing


@dataclass(frozen=True, slots=True)
class Member:
    """A named person of a home team."""

    role: str
    name: str
    phone: str


@action
def begin_home(
    order_id: UUID,
    *,
    unit_id: UUID,
    address: str,
    team: Sequence[Member],
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Receive the person at home: from now on `unit_id` answers, with a name and a telephone for every role. Somebody
    who comes home again, from a hospital, gets a team anew."""
    named = {member.role for member in team if member.name.strip() and member.phone.strip()}
    missing = [role.name for role in queries.team_roles() if role.code not in named]
    if missing:
        raise TeamIncomplete(
            _("Nobody is named for: %(roles)s.") % {"roles": ", ".join(str(name) for name in missing)},
            _("Every role of the home team needs a name and a telephone number."),
        )
    order = queries.order_under(order_id)
    if Stay.objects.filter(order_id=order_id, during__upper_inf=True).exists():
        raise NoHome(
            _("The isolation site has not let this person go yet."),
            _("Ask the site; it answers for the person until then."),
        )
    before = Home.objects.filter(order_id=order_id).first()
    if before is not None and custody.holder_of(f"person:{order.person_id}") == f"unit:{before.unit_id}":
        raise NoHome(_("Isolation at home has begun already."), _("Open the person under “At home”."))
    with refusing():
        home: Home = before or Home(order_id=order_id, person_id=order.person_id)
        home.unit_id, home.address, home.begun_at = unit_id, address.strip(), at
        home.save()
    HomeMember.objects.filter(home=home).delete()
    HomeMember.objects.bulk_create(
        HomeMember(home=home, role=member.role, name=member.name.strip(), phone=member.phone.strip()) for member in team
    )
    take_over(order_id, order.person_id, f"unit:{unit_id}", at=at, by=by, key=key)
    record(
        key=derive(key, "fact"),
        kind=events.HOME_BEGUN,
        subject=f"order:{order_id}",
        about=f"person:{order.person_id}",
        at=at,
        by=by,
        unit=unit_id,
        payload={
            "home": home.id,
            "unit": unit_id,
            "address": home.address,
            "team": [asdict(member) for member in team],
        },
    )
    return home.id


@action
def visit_home(
    order_id: UUID,
    *,
    contact: str,
    present: bool,
    temperature: Decimal | None = None,
    symptoms: Sequence[str] = (),
    remark: str = "",
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Enter the day's contact with a person at home. Who was reached is also a health check; who was not stays due."""
    home: Home | None = Home.objects.filter(order_id=order_id).first()
    if home is None:
        raise NoHome(_("Isolation at home has not begun."), _("Receive the person and name the team first."))
    at = happened(at, home.begun_at)
    kind = events.HOME_VISITED if present else events.HOME_MISSED
    record(
        key=derive(key, "fact"),
        kind=kind,
        subject=f"order:{order_id}",
        about=f"person:{home.person_id}",
        at=at,
        by=by,
        payload={"home": home.id, "contact": contact, "remark": remark.strip()},
    )
    if not present:
        return home.id
    return record_check(
        f"order:{order_id}",
        person_id=home.person_id,
        place=Check.Place.HOME,
        contact=contact,
        temperature=temperature,
        symptoms=symptoms,
        remark=remark.strip(),
        at=at,
        by=by,
        key=derive(key, "check"),
    )
