"""A pathway that is not sound is refused with the file, the line and the remedy."""

from pathlib import Path

import pytest

from bihuan.kernel.loop import load_profile
from bihuan.kernel.loop.profile import load_profiles
from bihuan.kernel.loop.source import ProfileError

PROFILE = """
code = "lamps"
name = { zh = "灯", en = "Lamps" }
before = { zh = "无", en = "None" }
[[policy]]
code = "p1"
name = { zh = "一", en = "One" }
since = 2022-01-01
mark = "V"
source = "a book"
"""
PARAMETERS = """
[clock_lit]
name = { zh = "灯", en = "Lit" }
unit = "clock"
mark = "S"
otherwise = { target = "1 h", warn = "2 h", breach = "3 h" }
source = "a house"
[hours]
name = { zh = "时", en = "Hours" }
unit = "times of day"
otherwise = [{ name = "noon", opens = "12:00", target = "13:00", warn = "14:00", breach = "15:00", ends = "16:00" }]
mark = "M"
source = "a house"
[red.days]
name = { zh = "日", en = "Days" }
unit = "day numbers"
otherwise = [1]
mark = "M"
source = "a house"
"""
PATHWAY = """code = "lamp"
version = 1
subject = "lamp"
name = { zh = "灯", en = "Lamp" }
opens = "lamp.bought"
closes = "lamp.broken"

[answers.colour]
facts = "lamp.bought"
among = ["red"]

[[step]]
name = "light"
title = { zh = "点灯", en = "Light it" }
owner = "keeper"
clock = { from = "opening", limits = "clock_lit" }
evidence = "lamp.lit"
escalate = { territorial = "warden", sector = "guild" }

[[step]]
name = "trim"
title = { zh = "剪芯", en = "Trim it" }
owner = "keeper"
after = "light"
evidence = "lamp.trimmed"
escalate = { territorial = "warden", sector = "guild" }
[step.repeat]
at = "hours"
on_days = "{colour}.days"
counted_from = "colour"
"""
DECISIONS = """
[lamp]
about = { zh = "灯", en = "Lamp" }
[lamp.facts]
colour = { name = { zh = "色", en = "Colour" }, among = ["red", "blue"], otherwise = "blue" }
[lamp.answer]
days = 0
[[lamp.rule]]
code = "red"
policies = ["p1"]
when = { colour = "red" }
answer = { days = 3 }
reason = { zh = "红{days}", en = "red {days}" }
legal_basis = { zh = "法", en = "law" }
follows = { zh = "续", en = "next" }
release = { zh = "终", en = "end" }
[[lamp.rule]]
code = "else"
answer = {}
reason = { zh = "无", en = "none" }
legal_basis = { zh = "法", en = "law" }
follows = { zh = "续", en = "next" }
release = { zh = "终", en = "end" }
"""


def folder(
    tmp_path: Path, pathway: str = PATHWAY, profile: str = PROFILE, parameters: str = PARAMETERS, rules: str = DECISIONS
) -> Path:
    home = tmp_path / "lamps"
    (home / "pathways").mkdir(parents=True)
    (home / "profile.toml").write_text(profile, encoding="utf-8")
    (home / "parameters.toml").write_text(parameters, encoding="utf-8")
    (home / "decisions.toml").write_text(rules, encoding="utf-8")
    (home / "pathways" / "lamp.toml").write_text(pathway, encoding="utf-8")
    return home


def problems(home: Path) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        load_profile(home)
    return [str(problem) for problem in caught.value.problems]


def test_reads_a_sound_profile(tmp_path: Path) -> None:
    profile = load_profile(folder(tmp_path))
    assert [step.name for step in profile.pathways[0].steps] == ["light", "trim"]


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "remedy"),
    [
        ('name = "trim"', 'name = "light"', 21, "named twice; first on line 12", "a name of its own"),
        ('after = "light"', 'after = "trim"', 24, "comes later or is itself", "Put `trim` above"),
        ('after = "light"', 'after = "paint"', 24, "which is no step", "Steps above: light"),
        ('owner = "keeper"\nclock', "clock", 12, "`owner` is missing", "owner ="),
        ('clock = { from = "opening", limits = "clock_lit" }\n', "", 12, "has no clock", "limits = "),
        ('evidence = "lamp.lit"\n', "", 12, "`evidence` is missing", "Name the facts"),
        ('evidence = "lamp.lit"', 'evidence = "lit"', 17, "no kind of fact", "noun and verb"),
        ('escalate = { territorial = "warden", sector = "guild" }\n\n', "\n", 12, "Nobody is told", "both lines"),
        (', sector = "guild" }', " }", 18, "`sector` is missing", "sector ="),
        ('limits = "clock_lit"', 'limits = "clock_lost"', 16, "No dated value is called `clock_lost`", "clock_lit"),
        ('limits = "clock_lit"', 'limits = "hours"', 16, "has the unit `times of day`", "`clock` is needed"),
        (
            'limits = "clock_lit"',
            'limits = { target = "2 h", warn = "1 h", breach = "3 h" }',
            16,
            "backwards",
            "target",
        ),
        (
            'limits = "clock_lit"',
            'limits = { target = "soon", warn = "1 h", breach = "3 h" }',
            16,
            "no duration",
            "2 h",
        ),
        ('title = { zh = "点灯", en = "Light it" }', 'title = "Light it"', 14, "both languages", "zh ="),
        ('among = ["red"]', 'among = ["red", "green"]', 29, "`green.days`", "parameters.toml"),
        ('among = ["red"]', "among = []", 10, "`among` is []", "leave the line out"),
        ('among = ["red"]\n', "", 28, "no list of what it may be", "among"),
        ('counted_from = "colour"', "", 27, "not from where", "counted_from"),
        (
            'owner = "keeper"\nafter',
            'ownr = "keeper"\nafter',
            23,
            "not a word of this language",
            "Did you mean `owner`",
        ),
        ('evidence = "lamp.lit"', 'evidence = "lamp.lit"\nwhen = { size = 3 }', 18, "no answer", "[answers.size]"),
        ('evidence = "lamp.lit"', 'evidence = "lamp.lit"\nwhen = { colour = "blue" }', 18, "never 'blue'", "red"),
        ('evidence = "lamp.lit"', 'evidence = "lamp.lit"\ndoes = "light"', 18, "names no action", "module.verb"),
        ('evidence = "lamp.lit"', 'evidence = "lamp.lit"\non_new_policy = true', 18, "no transition", "[transition]"),
    ],
)
def test_names_file_line_and_remedy(tmp_path: Path, old: str, new: str, line: int, message: str, remedy: str) -> None:
    assert old in PATHWAY
    found = problems(folder(tmp_path, pathway=PATHWAY.replace(old, new, 1)))
    assert any(
        one.startswith(f"lamps/pathways/lamp.toml:{line}:") and message in one and remedy in one for one in found
    ), found


@pytest.mark.parametrize(
    ("where", "old", "new", "place", "message"),
    [
        ("profile", 'mark = "V"', 'mark = "X"', "profile.toml:9", "no mark"),
        ("profile", "since = 2022-01-01\n", "", "profile.toml:5", "no day from which"),
        ("parameters", 'unit = "clock"', 'unit = "parsec"', "parameters.toml:4", "no unit"),
        ("parameters", "otherwise = [1]", "otherwise = [3, 1]", "parameters.toml:17", "no list of days"),
        ("parameters", "otherwise = [1]", 'otherwise = [1]\nvalues = [{ policy = "p9", value = [1], mark = "V" }]',
         "parameters.toml:18", "no policy"),
        ("parameters", "otherwise = [1]", 'otherwise = [1]\nvalues = [{ value = [1], mark = "V" }]',
         "parameters.toml:18", "has no time"),
        ("parameters", 'otherwise = [1]\nmark = "M"\n', "otherwise = [1]\n", "parameters.toml:17", "on what ground"),
        ("parameters", '"3 h" }\nsource = "a house"\n', '"3 h" }\n', "parameters.toml:6", "on what ground"),
        ("profile", 'mark = "V"', 'mark = "V"\nsince_mark = "X"', "profile.toml:10", "no mark"),
        ("parameters", 'opens = "12:00"', 'opens = "noon"', "parameters.toml:11", "no time of day"),
        ("parameters", 'opens = "12:00"', 'opens = "13:30"', "parameters.toml:11", "run backwards"),
        ("rules", 'when = { colour = "red" }', 'when = { colour = "green" }', "decisions.toml:11", "never 'green'"),
        ("rules", 'when = { colour = "red" }', "when = { size = 1 }", "decisions.toml:11", "no fact of this table"),
        ("rules", "answer = { days = 3 }", "answer = { nights = 3 }", "decisions.toml:12", "no answer of this table"),
        ("rules", 'en = "red {days}"', 'en = "red {weeks}"', "decisions.toml:13", "neither a fact nor an answer"),
        ("rules", 'policies = ["p1"]', 'policies = ["p2"]', "decisions.toml:10", "no policy"),
        ("rules", 'code = "else"', 'code = "else"\nwhen = { colour = "red" }', "decisions.toml:8", "get no answer"),
    ],
)  # fmt: skip
def test_names_what_is_wrong_beside_pathways(
    tmp_path: Path, where: str, old: str, new: str, place: str, message: str
) -> None:
    texts = {"profile": PROFILE, "parameters": PARAMETERS, "rules": DECISIONS}
    assert old in texts[where]
    texts[where] = texts[where].replace(old, new, 1)
    found = problems(folder(tmp_path, **texts))
    assert any(one.startswith(f"lamps/{place}:") and message in one for one in found), found


def test_names_all_problems_at_once(tmp_path: Path) -> None:
    broken = PATHWAY.replace('owner = "keeper"', "").replace('evidence = "lamp.lit"', "")
    assert len(problems(folder(tmp_path, pathway=broken))) >= 3


def test_a_profile_based_on_one_that_is_not_there(tmp_path: Path) -> None:
    folder(tmp_path, profile=PROFILE.replace('code = "lamps"', 'code = "lamps"\nbased_on = "light"'))
    with pytest.raises(ProfileError, match="based on `light`, which is not there"):
        load_profiles([tmp_path])


def test_a_citys_own_folder_takes_the_place_of_one_of_the_same_name(tmp_path: Path) -> None:
    folder(tmp_path / "ours")
    folder(tmp_path / "theirs", profile=PROFILE.replace("Lamps", "Their lamps"))
    assert load_profiles([tmp_path / "ours", tmp_path / "theirs"])["lamps"].name.en == "Their lamps"
