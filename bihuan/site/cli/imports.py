import json
import uuid
from pathlib import Path

import click

from bihuan.site import city


@click.group()
def command() -> None:
    """Take in files."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preview", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def units(file: Path, preview: bool, as_json: bool) -> None:
    """Take in the list of the city's units, CSV or XLSX.

    Columns: code, kind, name_zh, name_en, parent, sector, phone, address, population, headed in Chinese or English;
    parent and sector are codes of other units, in the list or already entered, in any order. Good rows are kept, bad
    ones are named with row, column, reason and remedy. A row of a unit that stands changes what it says otherwise and
    leaves what it does not say, so that the list can be corrected and taken in again. Exit code 0 when the file was
    taken in, even with rejected rows; 1 when the file itself could not be read.

    \b
    bihuan import units units.xlsx
    bihuan import units units.csv --preview --json
    """
    with city.opened():
        from bihuan.kernel import access, clock
        from bihuan.kernel.access.register import read_units
        from bihuan.kernel.ledger import Actor

        found = read_units(file.read_bytes())
        if not preview:
            access.actions.take_in_units(
                found.units_to_add,
                found.units_to_change,
                at=clock.now(),
                by=Actor.system("import"),
                key=uuid.uuid4(),
            )
    result = found.as_json()
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for name in ("created", "updated", "duplicate", "rejected"):
        click.echo(f"{result[name]:>8}  {name}")
    for problem in found.problems:
        click.echo(str(problem))


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--outcome",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write every row with its outcome and reasons (CSV).",
)
@click.option(
    "--annotated",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the file back as a workbook: bad cells coloured, each with what is wrong and what to do.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADER=COLUMN",
    help="Which column of the form a header is; empty leaves it out. Remembered for the sender's next files.",
)
@click.option(
    "--kind",
    type=click.Choice(["manifest", "pushed_list"]),
    default="manifest",
    show_default=True,
    help="What the file is.",
)
@click.option("--issuer", default="", help="Who sent it.")
@click.option("--legal-basis", default="", help="On what legal basis.")
@click.option("--preview", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def arrivals(
    file: Path,
    outcome: Path | None,
    annotated: Path | None,
    columns: tuple[str, ...],
    kind: str,
    issuer: str,
    legal_basis: str,
    preview: bool,
    as_json: bool,
) -> None:
    """Take in a manifest or a pushed list, CSV or XLSX.

    Good rows are kept, bad ones are named with row, column, reason and remedy. The same file twice changes nothing the
    second time, and the outcome file can be corrected and fed back. Exit code 0 when the file was taken in, even with
    rejected rows; 1 when the file itself could not be read.

    \b
    bihuan import arrivals train-g1564.xlsx
    bihuan import arrivals pushed.csv --kind pushed_list --issuer "Zhengzhou" --outcome outcome.csv --json
    bihuan import arrivals list.csv --issuer "Zhengzhou" --column "Holder=name" --column "No.=document number"
    """
    with city.opened():
        from django.utils.translation import get_language

        from bihuan.kernel import clock
        from bihuan.kernel.ledger import Actor
        from bihuan.modules.arrivals import actions, queries

        content = file.read_bytes()
        result = actions.import_arrivals(
            content,
            file.name,
            at=clock.now(),
            by=Actor.system("import"),
            key=uuid.uuid4(),
            kind=kind,
            issuer=issuer,
            legal_basis=legal_basis,
            columns=dict(one.rpartition("=")[::2] for one in columns),
            preview=preview,
        )
        if outcome is not None and result.batch is not None:
            outcome.write_bytes(b"".join(queries.outcome_csv(result.batch)))
        if annotated is not None and result.batch is not None:
            with annotated.open("wb") as target:
                queries.annotated(result.batch, get_language() or "zh-hans", target)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False, default=str))
        return
    for name in ("created", "updated", "duplicate", "doubtful", "rejected"):
        click.echo(f"{getattr(result, name):>8}  {name}")
    for problem in (*result.told, *result.problems):
        click.echo(f"{problem.row or '-':>8}  {problem.column}  {queries.problem_words(problem.as_json())}")


@command.command()
@click.argument("batch", type=click.UUID)
@click.option("--reason", required=True, help="Why: it stands in the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def undo(batch: uuid.UUID, reason: str, as_json: bool) -> None:
    """Take back a file of travellers that should not have been taken in, within 24 hours.

    What it created and changed goes back to what it was; rows that somebody has worked on since stay and are named.
    Done twice it changes nothing the second time. Exit code 1 when it is too late: then cancel the arrivals one by one.

    \b
    bihuan import undo 019eb1c2-6d0e-7a6b-9f7e-0d9f5a6b7c8d --reason "Sent to the wrong city"
    """
    with city.opened():
        from bihuan.kernel import clock
        from bihuan.kernel.ledger import Actor
        from bihuan.modules.arrivals import actions, queries

        actions.undo_import(batch, reason=reason, at=clock.now(), by=Actor.system("import"), key=uuid.uuid4())
        kept = queries.kept_rows(batch)
    if as_json:
        click.echo(json.dumps({"batch": str(batch), "kept": {str(number): why for number, why in kept}}))
        return
    click.echo(f"{len(kept):>8}  kept")
    for number, why in kept:
        click.echo(f"{number:>8}  {why}")


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--laboratory", default="", help="Code of the laboratory's unit.")
@click.option(
    "--outcome",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write every row with its outcome and reasons (CSV).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def results(file: Path, laboratory: str, outcome: Path | None, as_json: bool) -> None:
    """Take in a laboratory's file of results, CSV or XLSX.

    Results find their samples by the code on the tube; names are not read. A tube that nobody knows, and a result other
    than the one that stands, wait for a decision at the laboratory's desk. The same file twice records nothing the
    second time. Exit code 1 when the file itself could not be read.

    \b
    bihuan import results 2022-06-20.csv --laboratory laboratory --outcome outcome.csv
    """
    with city.opened():
        from bihuan.kernel import access, clock
        from bihuan.kernel.ledger import Actor
        from bihuan.modules.testing import actions, queries

        unit = access.queries.unit_by_code(laboratory).id if laboratory else None
        report = actions.import_results(
            file.read_bytes(),
            file.name,
            laboratory_id=unit,
            at=clock.now(),
            by=Actor.system("import"),
            key=uuid.uuid4(),
        )
        counts = queries.report_counts(report)
        if outcome is not None:
            outcome.write_bytes(b"".join(queries.report_outcome(report)))
    if as_json:
        click.echo(json.dumps({"report": str(report), **counts}))
        return
    for name, count in counts.items():
        click.echo(f"{count:>8}  {name}")
