import json
import sys
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bihuan.site import city, postgres

if TYPE_CHECKING:
    from bihuan.kernel.ledger import Broken, Proof, Verdict

WORDS = {
    "changed": "its columns are not what was sealed",
    "payload": "its payload is not what was sealed, or one of payload and key is there without the other",
    "missing": "it is gone",
    "passed over": "it was put in behind the facts that are numbered",
    "rewritten": "it is not what was signed at this place",
    "checkpoint": "the facts may be whole, but this checkpoint is not what the ledger's key signed",
    "checkpoint gone": "the facts may be whole, but the database lacks this checkpoint of the witness",
    "witness": "the facts may be whole, but this line of the witness is not what the ledger's key signed",
    "witness gone": "the facts may be whole, but this witness, which is set up, is not there",
    "another ledger": "this witness is of another ledger",
}


@click.command()
@click.option(
    "--witness",
    "paths",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A witness file, or any text file with kept checkpoints; instead of the ones that are set up.",
)
@click.option("--fact", "fact", type=click.UUID, help="Prove that the fact with this key is under a checkpoint.")
@click.option("--key", "only_key", is_flag=True, help="Print the public key that signs, for auditors, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(paths: tuple[Path, ...], fact: uuid.UUID | None, only_key: bool, as_json: bool) -> None:
    """Recompute everything that was signed and name the first fact that is not what it was.

    Leaves are worked out from the rows, roots from the leaves, and both are held against the checkpoints in the
    database and in the witnesses. Nothing is changed. Exit code 0 when all is whole, 1 when something is broken.

    \b
    bihuan verify
    bihuan verify --witness /mnt/auditor/witness.txt --json
    bihuan verify --fact 0197c3a2-6d1e-7c44-9f0a-3f6f0d1b2c33
    bihuan verify --key
    """
    if bool(paths) + bool(fact) + only_key > 1:
        raise click.UsageError("--witness, --fact and --key exclude each other.")
    with city.opened():
        if only_key:
            click.echo(_key())
            return
        if fact:
            _tell_proof(fact, as_json)
            return
        verdict = _verdict(paths)
    click.echo(json.dumps(_as_json(verdict)) if as_json else _in_words(verdict))
    if verdict.broken:
        raise SystemExit(1)


def _key() -> str:
    from bihuan.kernel import ledger
    from bihuan.site import signing

    signed = ledger.latest()
    if signed:
        return signed.key
    keys = signing.held_keys(postgres.default_home())
    if not keys:
        raise signing.NoKey
    return str(keys[0].public)


def _verdict(paths: tuple[Path, ...]) -> "Verdict":
    from bihuan.kernel.ledger import Witness, snapshot, verify
    from bihuan.site import signing

    # The witnesses first: what they know by now, the database knew before.
    seen = [Witness.seen(path) for path in paths or signing.witnesses(postgres.default_home())]
    with snapshot():
        return verify(seen, _tell if sys.stderr.isatty() else lambda facts: None)


def _tell(facts: int) -> None:
    click.echo(f"\r{facts:,} facts", err=True, nl=False)


def _as_json(verdict: "Verdict") -> dict[str, Any]:
    broken = verdict.broken
    return {
        "whole": broken is None,
        **asdict(verdict),
        "broken": asdict(broken) | {"key": broken.key and str(broken.key), "words": WORDS[broken.reason]}
        if broken
        else None,
    }


def _in_words(verdict: "Verdict") -> str:
    lines = [
        f"{verdict.facts:,} facts looked at, {verdict.checkpoints:,} checkpoints; "
        f"{verdict.unsigned:,} facts are newer than the last."
    ]
    lines += [
        f"Witness {one.witness}: {one.checkpoints:,} checkpoints, the last of {one.facts:,} facts."
        for one in verdict.witnesses
        if one.checkpoints
    ]
    if verdict.key and not any(one.checkpoints for one in verdict.witnesses):
        lines.append("No witness was asked: who owns the database and the signing key could have rewritten all of it.")
    lines += [f"Key {verdict.key}"] if verdict.key else []
    if verdict.broken:
        lines.append(_broken_in_words(verdict.broken))
    else:
        lines.append("Whole." if verdict.key else "Every fact agrees with its seal; nothing has been signed yet.")
    return "\n".join(lines)


def _broken_in_words(broken: "Broken") -> str:
    place = f"fact {broken.index:,}"
    if broken.last is not None and broken.last != broken.index:
        place = f"a fact from {broken.index:,} to {broken.last:,}"
    there = f" ({broken.kind}, {broken.subject}, key {broken.key})" if broken.key and broken.last is None else ""
    where = [
        f"checkpoint {broken.checkpoint}" if broken.checkpoint is not None else "",
        f"witness {broken.witness}" if broken.witness else "",
        f"line {broken.line}" if broken.line else "",
    ]
    lines = [f"BROKEN at {place}{there}: {WORDS[broken.reason]}."]
    if any(where):
        lines.append(f"Told by {', '.join(filter(None, where))}.")
    lines.append(f"The {broken.index:,} facts before it are what was signed." if broken.index else "")
    lines.append("Keep the database and the witnesses as they are.")
    return "\n".join(filter(None, lines))


def _tell_proof(key: uuid.UUID, as_json: bool) -> None:
    from bihuan.kernel.ledger import prove

    proof = prove(key)
    told = _proof_as_json(proof)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"The fact {proof.key} ({proof.kind}, {proof.subject}) is under checkpoint {proof.checkpoint}:")
    click.echo(f"leaf {proof.index} of {proof.size}  {told['leaf']}")
    for node in told["path"]:
        click.echo(f"beside it  {node}")
    click.echo(f"\n{proof.note}", nl=False)


def _proof_as_json(proof: "Proof") -> dict[str, Any]:
    return asdict(proof) | {
        "key": str(proof.key),
        "leaf": proof.leaf.hex(),
        "path": [node.hex() for node in proof.path],
    }
