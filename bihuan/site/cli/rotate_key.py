import os

import click

from bihuan.site import city, postgres


@click.command()
def command() -> None:
    """Let a new signing key take over from the present one.

    Signs a checkpoint that names the new key, with both. From then on only the new one signs. The old key is kept in no
    file; where BIHUAN_SIGNING_KEY gives the key, put the new one there on every machine.

    \b
    bihuan rotate-key
    """
    with city.opened():
        from bihuan.kernel import ledger
        from bihuan.site import signing

        home = postgres.default_home()
        signing.sign_now(home)
        signed = ledger.latest()
        if signed is None:
            raise signing.NothingSigned
        new = signing.next_key(home, signed.key)
        ledger.rotate(signing.held_keys(home), new, signing.witnesses(home))
        signing.adopt_next_key(home)
        signing.sign_now(home)
    click.echo(f"The key is now {new.public}")
    if os.environ.get("BIHUAN_SIGNING_KEY"):
        click.echo(f"It lies in {home / signing.KEY}. Put it into BIHUAN_SIGNING_KEY on every machine.", err=True)
