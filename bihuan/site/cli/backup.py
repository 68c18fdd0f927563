import json
from pathlib import Path
from typing import Any

import click

from bihuan.site import city


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The place of backups, instead of BIHUAN_BACKUPS.",
)
@click.option("--list", "only_list", is_flag=True, help="List the copies and what can be given back, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(folder: Path | None, only_list: bool, as_json: bool) -> None:
    """Copy the whole database into the place of backups, while it works.

    The place should be on another machine's disk, and encrypted. Between copies, `bihuan up` sends there what happens
    as it happens; only then can any second be given back. To drop an old copy delete its folder under bases/: the next
    copy drops the log that nothing needs any more.

    \b
    bihuan backup
    bihuan backup --to /mnt/backup/bihuan --json
    bihuan backup --list
    """
    from bihuan.site import backups, postgres, signing

    chosen = folder.absolute() if folder else backups.chosen_place()
    if chosen is None:
        raise backups.NoPlace
    place = backups.Place(chosen)
    if not only_list:
        with city.database():
            from bihuan.site.settings import DATABASE_URL

            base = backups.take(place, DATABASE_URL, signing.held_keys(postgres.default_home()))
        click.echo(f"Copied into {base.folder}", err=True)
    told = [_told(place.chain(base)) for base in place.bases()]
    click.echo(json.dumps({"place": str(chosen), "copies": told}) if as_json else _in_words(chosen, told))


def _told(chain: Any) -> dict[str, Any]:
    return {
        "name": chain.base.folder.name,
        "bytes": chain.base.bytes,
        "log_bytes": sum(file.stat().st_size for file in chain.files),
        "from": chain.base.until.isoformat(),
        "to": chain.reaches.isoformat(),
        "missing": chain.missing or None,
    }


def _in_words(place: Path, copies: list[dict[str, Any]]) -> str:
    from datetime import datetime

    from bihuan.kernel.clock import CITY

    lines = [f"{place}: {len(copies)} copies"]
    for one in copies:
        begins, ends = (
            f"{datetime.fromisoformat(one[name]).astimezone(CITY):%Y-%m-%d %H:%M:%S}" for name in ("from", "to")
        )
        size = f"{one['bytes'] / 1e6:,.0f} MB and {one['log_bytes'] / 1e6:,.0f} MB of log"
        lines.append(f"  {one['name']}  {size}; any moment from {begins} to {ends}")
        if one["missing"]:
            lines.append(f"    then the segment {one['missing']} of the log is missing")
    return "\n".join(lines)
