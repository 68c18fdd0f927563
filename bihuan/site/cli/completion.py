import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes `bihuan` in your shell.

    \b
    bihuan completion bash >> ~/.bashrc
    bihuan completion zsh >> ~/.zshrc
    bihuan completion fish > ~/.config/fish/completions/bihuan.fish
    """
    from bihuan.site.cli import main

    maker = get_completion_class(shell)
    assert maker is not None, "click knows these three shells"
    click.echo(maker(main, {}, "bihuan", "_BIHUAN_COMPLETE").source())
