import json
import uuid
from datetime import date, datetime

import click

from bihuan.site import city

# Who acts is whoever may run commands on this machine; the ledger says so.
ACTOR = "console"
DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def command() -> None:
    """Open and close accounts, and fill posts."""


@command.command()
@click.argument("username")
@click.option("--name", required=True, help="The person's name: an account belongs to one human being.")
@click.option("--phone", default="", help="Telephone.")
@click.option("--role", help="A post to fill at once (with --unit).")
@click.option("--unit", help="Code of the post's unit.")
@click.password_option(help="Asked for when not given.")
def add(username: str, name: str, phone: str, role: str | None, unit: str | None, password: str) -> None:
    """Open an account. The person enrols a code device at the first sign-in.

    \b
    bihuan user add wang.li --name "Wang Li" --role gate_officer --unit 410800-gate-rail
    """
    if (role is None) != (unit is None):
        raise click.UsageError("--role and --unit belong together.")
    with city.opened():
        from bihuan.kernel import clock
        from bihuan.kernel.access import actions
        from bihuan.kernel.access.passwords import hashed
        from bihuan.kernel.ledger import Actor

        new = actions.NewUser(
            username=username,
            name=name,
            phone=phone,
            password_hash=hashed(password, username=username, name=name),
        )
        actions.add_user(new, at=clock.now(), by=Actor.system(ACTOR), key=uuid.uuid4())
        if role is not None and unit is not None:
            _appoint(username, role, unit, None, None)
    click.echo(f"{username} can sign in now.")


@command.command()
@click.argument("username")
@click.argument("role")
@click.argument("unit")
@click.option("--since", type=DAY, help="First day (default: today).")
@click.option("--until", type=DAY, help="The day on which the post no longer holds (default: open).")
def role(username: str, role: str, unit: str, since: datetime | None, until: datetime | None) -> None:
    """Let a user hold the post ROLE at the unit with the code UNIT.

    \b
    bihuan user role wang.li order_clerk 410802 --since 2026-01-01 --until 2026-07-01
    """
    with city.opened():
        _appoint(username, role, unit, since.date() if since else None, until.date() if until else None)
    click.echo(f"{username} is {role} at {unit}.")


def _appoint(username: str, role: str, unit: str, since: date | None, until: date | None) -> None:
    from bihuan.kernel import clock
    from bihuan.kernel.access import actions, queries
    from bihuan.kernel.ledger import Actor

    actions.appoint(
        queries.account_by_username(username).id,
        role=role,
        unit_id=queries.unit_by_code(unit).id,
        since=since or clock.now().astimezone(clock.CITY).date(),
        until=until,
        at=clock.now(),
        by=Actor.system(ACTOR),
        key=uuid.uuid4(),
    )


@command.group()
def otp() -> None:
    """Look after code devices."""


@otp.command()
@click.argument("username")
def reset(username: str) -> None:
    """Take a lost code device away: sessions end, the next sign-in enrols a new one.

    \b
    bihuan user otp reset wang.li
    """
    _act(username, "reset_code")
    click.echo(f"{username} enrols a new device at the next sign-in.")


@command.command()
@click.argument("username")
def disable(username: str) -> None:
    """Close an account: from the next request on it can do nothing.

    \b
    bihuan user disable wang.li
    """
    _act(username, "disable_user")
    click.echo(f"{username} is closed.")


@command.command()
@click.argument("username")
def enable(username: str) -> None:
    """Open a closed account again.

    \b
    bihuan user enable wang.li
    """
    _act(username, "enable_user")
    click.echo(f"{username} is open.")


@command.command("sign-out")
@click.argument("username")
def sign_out(username: str) -> None:
    """End every session of an account; its password and its device stay.

    \b
    bihuan user sign-out wang.li
    """
    _act(username, "end_sessions")
    click.echo(f"{username} is signed out everywhere.")


def _act(username: str, verb: str) -> None:
    with city.opened():
        from bihuan.kernel import clock
        from bihuan.kernel.access import actions, queries
        from bihuan.kernel.ledger import Actor

        user = queries.account_by_username(username)
        getattr(actions, verb)(user.id, at=clock.now(), by=Actor.system(ACTOR), key=uuid.uuid4())


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def listing(as_json: bool) -> None:
    """List accounts and their posts of today.

    \b
    bihuan user list
    bihuan user list --json
    """
    with city.opened():
        from bihuan.kernel.access import queries

        accounts = queries.all_accounts()
    if as_json:
        rows = [
            {"username": one.username, "name": one.name, "active": one.is_active, "posts": posts}
            for one, posts in accounts
        ]
        click.echo(json.dumps({"users": rows}, ensure_ascii=False))
        return
    for one, posts in accounts:
        click.echo(f"{one.username:<24}  {one.name:<16}  {', '.join(posts)}{'' if one.is_active else '  (closed)'}")
