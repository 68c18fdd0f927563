import json
import uuid
from pathlib import Path

import click

from bihuan.site import city


@click.group()
def command() -> None:
    """Look after diseases and policies, which are data."""


@command.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(directory: Path, as_json: bool) -> None:
    """Read a profile folder as the start would, and name every fault with file, line and remedy. Exit code 1 if there
    is any.

    \b
    bihuan profile check bihuan/profiles/covid19-cn
    bihuan profile check ~/our-city/profiles/flu --json
    """
    city.make_ready()
    from bihuan.kernel.loop import profile
    from bihuan.kernel.loop.source import ProfileError
    from bihuan.site.words import unknown_words

    directory = directory.resolve()
    try:
        base = profile.base_of(directory)
        found = profile.load_profile(directory, profile.named(base) if base else None)
        if unknown := list(unknown_words(found)):
            raise ProfileError(unknown)
    except ProfileError as error:
        if as_json:
            problems = [
                {"file": one.file, "line": one.line, "message": one.message, "remedy": one.remedy}
                for one in error.problems
            ]
            click.echo(json.dumps({"profile": directory.name, "problems": problems}, ensure_ascii=False))
        else:
            for problem in error.problems:
                click.echo(str(problem), err=True)
        raise SystemExit(1) from error
    counts = {
        "policies": len(found.policies) - 1,  # the one before the first is no policy of the profile
        "values": len(found.parameters),
        "tables": len(found.tables),
        "pathways": len(found.pathways),
    }
    if as_json:
        click.echo(json.dumps({"profile": found.code, "problems": [], **counts}, ensure_ascii=False))
    else:
        click.echo(f"{found.code} is sound: " + ", ".join(f"{count} {noun}" for noun, count in counts.items()) + ".")


@command.command()
@click.argument("code")
def use(code: str) -> None:
    """Meet newcomers with the profile CODE from now on. Loops that run keep theirs.

    \b
    bihuan profile use mpox
    """
    with city.opened():
        from bihuan.kernel import clock
        from bihuan.kernel.ledger import Actor
        from bihuan.kernel.loop import profile
        from bihuan.kernel.loop.actions import choose_profile

        if profile.active().code != code:
            choose_profile(code, at=clock.now(), by=Actor.system("console"), key=uuid.uuid4())
    click.echo(f"Newcomers are met with {code}.")
