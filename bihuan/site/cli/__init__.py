"""The `bihuan` command. One file a subcommand; each is read only when it is asked for, so that --help is instant."""

from importlib import import_module

import click

from bihuan.kernel.refusals import Refused

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

    def invoke(self, ctx: click.Context) -> object:
        """What an action refuses is one line and exit code 1, not a trace."""
        try:
            return super().invoke(ctx)
        except Refused as refusal:
            raise click.ClickException(said(refusal)) from refusal


def said(refusal: Refused) -> str:
    """A refusal in the language of the terminal; one from before Django was set up is in English anyway."""
    from django.apps import apps
    from django.utils import translation

    from bihuan.site import city

    if not apps.ready:
        return str(refusal)
    with translation.override(city.language()):
        return str(refusal)


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
