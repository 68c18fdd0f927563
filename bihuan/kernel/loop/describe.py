"""Writes docs/reference/pathways.md: every pathway with its steps, every fact with its payload, every dated value.

python -m bihuan.kernel.loop.describe            prints the page
python -m bihuan.kernel.loop.describe FILE       writes it
python -m bihuan.kernel.loop.describe --check FILE   exits 1 if FILE is not what would be written
"""

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from bihuan.kernel.loop.pathway import Clock, Limits, Moment, Pathway, Repeat, Slot, Step, Wanted
from bihuan.kernel.loop.profile import Profile, current
from bihuan.kernel.loop.values import ALWAYS, Value

HEAD = """# Pathways, facts and dated values

Written by `python -m bihuan.kernel.loop.describe`; do not edit by hand. The language of pathways is described in
[pathway-language.md](pathway-language.md). Marks: V read in an official text, S one place or a secondary source,
M unverified, a default that a city sets itself.
"""
FACT = re.compile(r"[a-z_]+\.[a-z_]+")
NOQA = re.compile(r"noqa(: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)*)?( - )?")  # said to the linter, not to the reader


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for profile in current().values():
        parts += list(profile_part(profile))
    parts += ["## Facts", "", *facts_part()]
    return "\n".join(parts) + "\n"


# Pathways


def profile_part(profile: Profile) -> Iterator[str]:
    yield f"## Profile `{profile.code}`: {profile.name.en} ({profile.name.zh})\n"
    policies = [policy for policy in profile.policies if policy.source]
    if policies:
        yield "| policy | in force from | until | mark | order | source |\n|---|---|---|---|---|---|"
        for policy in policies:
            until = policy.until.isoformat() if policy.until else ""
            yield (
                f"| `{policy.code}` {policy.name.en} | {policy.since} ({policy.since_mark}) | {until} | {policy.mark} "
                f"| {policy.order.zh} | {policy.source} |"
            )
        yield ""
    for pathway in profile.pathways:
        yield from pathway_part(pathway)
    if profile.parameters:
        yield f"### Dated values of `{profile.code}`\n"
        yield "| value | unit | holds | mark | source |\n|---|---|---|---|---|"
        for name, parameter in sorted(profile.parameters.items()):
            entries = [*sorted(parameter.entries, key=lambda entry: entry.since), parameter.otherwise]
            title = f"`{name}` {parameter.title.en}"
            yield from (
                f"| {title} | {parameter.unit} | {held(entry)} | {entry.mark} | {entry.source} |" for entry in entries
            )
        yield ""


def held(entry: Value) -> str:
    """The value with the time in which it holds."""
    if entry.policy:
        return f"{entry.policy}: {said(entry.value)}"
    return said(entry.value) if entry.since == ALWAYS else f"from {entry.since}: {said(entry.value)}"


def said(value: Any) -> str:
    if isinstance(value, Limits):
        return f"target {length(value.target)}, warn {length(value.warn)}, breach {length(value.breach)}"
    if isinstance(value, tuple) and value and isinstance(value[0], Slot):
        return "; ".join(
            f"{slot.name} {hour(slot.opens)}-{hour(slot.ends)}, breach {hour(slot.breach)}" for slot in value
        )
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def length(span: timedelta) -> str:
    minutes = abs(int(span.total_seconds())) // 60
    hours, rest = divmod(minutes, 60)
    text = " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part) or "0 min"
    return f"-{text}" if span < timedelta() else text


def hour(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def pathway_part(pathway: Pathway) -> Iterator[str]:
    name = f"{pathway.profile}/{Path(pathway.file).stem}"
    yield f"### Pathway `{name}`: {pathway.name.en} ({pathway.name.zh}), version {pathway.version}\n"
    yield f"Runs on `{pathway.subject}:…`. Opens on {kinds(pathway.opens)}; closes on {kinds(pathway.closes)}."
    if pathway.transition is not None:
        measured = ", ".join(f"`{name}`" for name in pathway.transition.measured_by)
        yield f"A new policy takes over if {measured} together do not grow; a new exposure names its own policy."
    yield ""
    yield "| step | owner | after, when | clock | evidence | told on a breach |\n|---|---|---|---|---|---|"
    for step in pathway.steps:
        yield (
            f"| `{step.name}` {step.title.en} | {step.owner} | {conditions(step)} | {rhythm(step)} "
            f"| {kinds(step.evidence)}{done_by(step)} | {step.escalate.territorial}; {step.escalate.sector} |"
        )
    yield ""


def kinds(wanted: tuple[Wanted, ...]) -> str:
    def one(item: Wanted) -> str:
        where = ", ".join(f"{name} {' or '.join(map(str, values))}" for name, values in item.where)
        return f"`{item.kind}`" + (f" ({where})" if where else "")

    return ", ".join(map(one, wanted))


def conditions(step: Step) -> str:
    parts = [f"after {', '.join(step.after)}"] if step.after else []
    for condition in step.when:
        what = f"above {condition.above}" if condition.above is not None else " or ".join(map(str, condition.any_of))
        parts.append(f"{condition.answer}: {what}")
    if step.needs:
        parts.append(f"once {kinds(step.needs)}")
    for unless in step.unless:
        freed = f" until {kinds(unless.lifted_by)}" if unless.lifted_by else ""
        parts.append(f"held by {kinds((unless.wanted,))}{freed}")
    if step.undone_by:
        parts.append(f"undone by {kinds(step.undone_by)}")
    return "; ".join(parts)


def rhythm(step: Step) -> str:
    if step.repeat is not None:
        return repeated(step.repeat)
    assert step.clock is not None
    return f"{clock_limits(step.clock)} from {moment(step.clock.since)}"


def clock_limits(clock: Clock) -> str:
    return f"`{clock.limits}`" if isinstance(clock.limits, str) else said(clock.limits)


def moment(found: Moment) -> str:
    if found.is_opening:
        return "the opening"
    if not found.facts:
        return "readiness"
    return kinds(found.facts) + (f", field {found.field}" if found.field else "")


def repeated(repeat: Repeat) -> str:
    parts = [f"`{repeat.days}` at `{repeat.slots}`" if repeat.days else f"every day at `{repeat.slots}`"]
    if repeat.counted_from:
        parts.append(f"counted from {repeat.counted_from}")
    if repeat.day_zero_after:
        parts.append(f"plus `{repeat.day_zero_after}`")
    if repeat.for_days:
        parts.append(f"for `{repeat.for_days}` days")
    if repeat.starts:
        parts.append(f"from {kinds(repeat.starts)}")
    if repeat.stops:
        parts.append(f"until {kinds(repeat.stops)}")
    return ", ".join(parts)


def done_by(step: Step) -> str:
    return f"; done by the system: `{step.does}`" if step.does else ""


# Facts


def facts_part() -> Iterator[str]:
    """Every fact of every room, as its events file describes it."""
    for app in settings.INSTALLED_APPS:
        if not app.startswith("bihuan."):
            continue
        spec = importlib.util.find_spec(f"{app}.events")
        facts = list(facts_of(Path(spec.origin).read_text(encoding="utf-8"))) if spec and spec.origin else []
        if facts:
            yield f"### Facts of `{app.rpartition('.')[2]}`\n"
            yield "| fact | what it says |\n|---|---|"
            yield from (f"| `{kind}` | {text} |" for kind, text in facts)
            yield ""


def facts_of(source: str) -> Iterator[tuple[str, str]]:
    """Each constant that names a fact, with the string beneath it or the comment above or beside it."""
    tree = ast.parse(source)
    lines = source.splitlines()
    for position, node in enumerate(tree.body):
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)):
            continue
        kind = node.value.value
        if isinstance(kind, str) and FACT.fullmatch(kind):
            text = string_under(tree.body[position + 1 : position + 2]) or comment_at(lines, node.lineno)
            yield kind, " ".join(text.replace("|", "\\|").split())


def string_under(following: list[ast.stmt]) -> str:
    for node in following:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return node.value.value
    return ""


def comment_at(lines: list[str], number: int) -> str:
    beside = NOQA.sub("", lines[number - 1].partition("  # ")[2])
    if beside:
        return beside
    above: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.startswith("#"):
            break
        above.insert(0, line.removeprefix("#").strip())
    return " ".join(above)


def main(arguments: list[str]) -> int:
    django.setup()
    is_check = "--check" in arguments
    files = [Path(name) for name in arguments if not name.startswith("-")]
    if not files:
        sys.stdout.write(page())
        return 0
    text = page()
    if not is_check:
        files[0].write_text(text, encoding="utf-8")
        return 0
    if files[0].exists() and files[0].read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{files[0]} is out of date. Run: python -m bihuan.kernel.loop.describe {files[0]}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
