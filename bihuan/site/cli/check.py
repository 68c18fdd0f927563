import json

import click

from bihuan.site import city

LAWS = {
    "items_without_one_holder": "items under control that have not exactly one holder",
    "unbalanced_handovers": "hand-overs and accounts that do not balance",
    "loops_without_duty": "open loops without an open duty",
    "restrictions_without_order_or_evidence": "restrictions without a live order or its evidence",
    "drifted_duties": "duties that differ from what the ledger says",
    "ledger_breaks": "facts that no longer agree with their seal",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:
    """Count the breaches of every law. Exit code 1 if there is any.

    \b
    bihuan check
    bihuan check --json
    """
    with city.opened():
        counts = violations()
    if as_json:
        click.echo(json.dumps({"violations": counts}))
    else:
        for law, count in counts.items():
            click.echo(f"{count:>8}  {LAWS[law]}")
    if any(counts.values()):
        raise SystemExit(1)


def violations() -> dict[str, int]:
    """Every law and how often it is broken now, in the order of LAWS."""
    from bihuan.kernel import clock, custody, ledger
    from bihuan.kernel.loop import queries as loop
    from bihuan.modules.isolation import queries as isolation
    from bihuan.modules.measures import queries as measures

    counts = dict.fromkeys(LAWS, 0)
    for found in (custody.violations(), loop.violations(clock.now()), measures.violations(), isolation.violations()):
        for law, count in found.items():
            counts[law] += count
    counts["ledger_breaks"] = ledger.breaks()
    return counts
