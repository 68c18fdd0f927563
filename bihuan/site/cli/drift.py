import json

import click

from bihuan.site import city


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:
    """Rebuild every duty from the ledger and list what differs. Exit code 1 if anything does.

    It changes nothing: the next `reconcile` of a subject mends it, and a difference is a fault to be found first.

    \b
    bihuan drift
    bihuan drift --json
    """
    with city.opened():
        from bihuan.kernel import clock, loop

        differences = [str(difference) for difference in loop.drift(clock.now())]
    if as_json:
        click.echo(json.dumps({"differences": differences}, ensure_ascii=False))
    else:
        for difference in differences:
            click.echo(difference)
        click.echo(f"{len(differences)} differences.")
    if differences:
        raise SystemExit(1)
