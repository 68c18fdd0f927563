"""The `bihuan` command. One file a subcommand; each is read only when it is asked for, so that --help is instant."""

import json
from contextlib import nullcontext
from importlib import import_module

import click

from bihuan.kernel.refusals import Refused

AS_JSON = "bihuan.as_json"
COMMANDS = {
    "up": "up",
    "demo": "demo",
    "migrate": "migrate",
    "import": "imports",
    "check": "check",
    "verify": "verify",
    "rotate-key": "rotate_key",
    "drift": "drift",
    "backup": "backup",
    "restore": "restore",
    "profile": "profile",
    "user": "user",
    "completion": "completion",
}


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"bihuan.site.cli.{COMMANDS[cmd_name]}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[AS_JSON] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """What an action refuses is one line and exit code 1, not a trace; a script that asked for JSON gets the same
        as its one object.
        """
        try:
            return super().invoke(ctx)
        except Refused as refusal:
            whole, parts = said(refusal)
            if ctx.meta[AS_JSON]:
                click.echo(json.dumps({"error": parts}, ensure_ascii=False))
            raise click.ClickException(whole) from refusal
        except click.ClickException as failure:
            if ctx.meta[AS_JSON]:
                parts = {"message": failure.format_message(), "remedy": "", "names": []}
                click.echo(json.dumps({"error": parts}, ensure_ascii=False))
            raise


def said(refusal: Refused) -> tuple[str, dict[str, object]]:
    """A refusal, whole and in its parts, in the language of the terminal; one from before Django was set up is in
    English anyway.
    """
    from django.apps import apps
    from django.utils import translation

    from bihuan.site import city

    with translation.override(city.language()) if apps.ready else nullcontext():
        names = [str(name) for name in refusal.names]
        parts: dict[str, object] = {"message": str(refusal.message), "remedy": str(refusal.remedy), "names": names}
        return str(refusal), parts


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="bihuan", prog_name="bihuan")
def main() -> None:
    """Bihuan runs a city's epidemic response as closed loops.

    \b
    bihuan demo                         a whole demo city, to click through
    bihuan up                           the real thing, on the database of BIHUAN_DATABASE_URL or an embedded one
    bihuan import arrivals FILE         take in a manifest or a pushed list
    bihuan check                        count the breaches of every law
    bihuan verify                       recompute all that was signed, against the witnesses
    bihuan backup                       copy the whole database into the place of backups
    bihuan restore --from DIR --to TIME a new home, as the city was at that second

    Exit codes: 0 done · 1 refused, failed, or a check found something · 2 the command was not understood.
    """
