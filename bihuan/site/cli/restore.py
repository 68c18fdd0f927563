import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bihuan.site.restoring import Restored

LATEST = "latest"


class Target(click.ParamType[datetime | None]):
    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime | None:
        from bihuan.kernel.clock import CITY

        if value == LATEST:
            return None
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("give a moment, as in 2022-06-26T14:03:20, or latest", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=CITY)


@click.command()
@click.option(
    "--from",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The place of backups.",
)
@click.option(
    "--to",
    "moment",
    required=True,
    type=Target(),
    help="The last moment that comes back, by the server's clock: 2022-06-26T14:03:20 in the city's time, or latest.",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="The new home. Without it BIHUAN_HOME, if there is no database in it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(folder: Path, moment: datetime | None, home: Path | None, as_json: bool) -> None:
    """Bring a city back as it was at a moment, into a new home.

    Nothing is ever restored over a database. Every byte of the backup is looked at first; what was cut short or changed
    is refused and named. Then every law is counted, and the ledger held against what witnesses knew at that moment.
    Exit code 1 if anything is not as it was.

    \b
    bihuan restore --from /mnt/backup/bihuan --to latest
    bihuan restore --from /mnt/backup/bihuan --to 2022-06-26T14:03:20 --home /srv/bihuan-restored
    """
    from bihuan.site import backups, postgres, restoring

    restored = restoring.restore(backups.Place(folder.absolute()), moment, (home or postgres.default_home()).absolute())
    click.echo(json.dumps(asdict(restored)) if as_json else _in_words(restored))
    if any(restored.violations.values()):
        raise SystemExit(1)


def _in_words(restored: "Restored") -> str:
    from bihuan.site.cli.check import LAWS

    lines = [
        f"{restored.home} is the city as it was at {restored.until}, from {restored.base}.",
        f"That took {restored.seconds} seconds.",
        f"{restored.facts:,} facts; witnesses knew {restored.witnessed:,} of them by then, and all are what they were."
        if restored.witnessed
        else f"{restored.facts:,} facts. No witness was there: who held database and key could have rewritten them.",
        f"Sealed with {restored.key}",
    ]
    lines += [f"{count:>8}  {LAWS[law]}" for law, count in restored.violations.items() if count]
    missing = [name for name in ("secret-key", "signing-key") if name not in restored.secrets]
    if missing:
        lines.append(
            f"Put {' and '.join(missing)} into it: without them everybody signs in anew, and nothing is signed."
        )
    lines.append(f"To work with it: BIHUAN_HOME={restored.home} bihuan up")
    return "\n".join(lines)
