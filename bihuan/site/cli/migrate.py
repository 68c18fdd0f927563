import click

from bihuan.site import city, postgres


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Name every migration.")
def command(verbose: bool) -> None:
    """Make the tables, or bring them up to date, as the owner of the database.

    Run it once after installing and after every upgrade; `bihuan up` does it by itself. It also makes the role
    bihuan_app, as which everything else acts, and this installation's secret key and signing key, and takes over the
    posts' powers from the city's profile.

    \b
    bihuan migrate
    BIHUAN_DATABASE_URL=postgresql://owner@db.example/bihuan bihuan migrate --verbose
    """
    with city.database():
        city.make_ready(as_owner=True)
        from bihuan.site import ownership, signing

        ownership.keep_secret(postgres.default_home())
        signing.make_key(postgres.default_home())
        ownership.bring_up_to_date(verbosity=1 if verbose else 0)
        adopt_roles()
    click.echo("The database is up to date.")


def adopt_roles() -> None:
    """Let the roles in the database be those of the city's profile."""
    from bihuan.kernel import access, clock
    from bihuan.kernel.db import uuid7
    from bihuan.kernel.ledger import Actor
    from bihuan.site.edge import city_now

    with clock.given(city_now()) as now:
        access.actions.adopt_roles(at=now, by=Actor.system("migrate"), key=uuid7())
