"""Every rule of the house catches what it is there to catch, and lets pass what is right."""
# ruff: noqa: E501 - a seed is one line, however long

import pytest

from tests.house import plan
from tests.house.plan import House

PYPROJECT = """
[[tool.importlinter.contracts]]
name = "modules"
type = "layers"
containers = ["bihuan.modules"]
layers = ["buses", "people"]
[[tool.importlinter.contracts]]
name = "kernel"
type = "layers"
containers = ["bihuan.kernel"]
layers = ["web", "ledger"]
"""
RECORDS = "from bihuan.kernel.ledger import record\n"
ACTION = "from bihuan.kernel.loop import action\n" + RECORDS


@pytest.fixture
def built(tmp_path):
    """Build a small house from {path: text}; rooms are made on the way."""

    def build(**files: str) -> House:
        return from_paths(files)

    def from_paths(files: dict[str, str]) -> House:
        (tmp_path / "pyproject.toml").write_text(PYPROJECT)
        rooms = {
            f"bihuan/{room}/__init__.py": ""
            for room in ("kernel/web", "kernel/ledger", "modules/people", "modules/buses")
        }
        for path, text in {**rooms, **files}.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return House(tmp_path)

    build.paths = from_paths
    return build


BUSES = "bihuan/modules/buses"
PEOPLE = "bihuan/modules/people"
GOOD_MODEL = 'import x\nf = models.ForeignKey("people.Person", on_delete=models.PROTECT)\n'
SEEDED = [
    # rule, path, text, words of the breach
    (
        plan.other_rooms_by_their_doors,
        f"{BUSES}/queries.py",
        "from bihuan.modules.people.models import Person\n",
        "wrong door",
    ),
    (plan.other_rooms_by_their_doors, f"{BUSES}/queries.py", "from bihuan.modules.people import rules\n", "wrong door"),
    (plan.other_rooms_by_their_doors, f"{BUSES}/queries.py", "import bihuan.modules.people.models\n", "wrong door"),
    (
        plan.other_rooms_by_their_doors,
        f"{BUSES}/queries.py",
        'import_string("bihuan.modules.people.models.Person")\n',
        "wrong door",
    ),
    (plan.other_rooms_by_their_doors, f"{BUSES}/queries.py", 'apps.get_model("people", "Person")\n', "by its name"),
    (
        plan.foreign_keys_point_down,
        f"{PEOPLE}/models.py",
        'b = models.ForeignKey("buses.Bus", on_delete=models.PROTECT)\n',
        "points up",
    ),
    (
        plan.foreign_keys_point_down,
        f"{BUSES}/models.py",
        "b = models.ForeignKey(Person, on_delete=models.PROTECT)\n",
        "not written as a string",
    ),
    (
        plan.foreign_keys_point_down,
        f"{BUSES}/models.py",
        "b = models.ForeignKey(on_delete=models.PROTECT)\n",
        "not written as a string",
    ),
    (
        plan.foreign_keys_point_down,
        f"{BUSES}/models/bus.py",
        'b = models.ForeignKey("people.Person", models.CASCADE)\n',
        "does not protect",
    ),
    (
        plan.foreign_keys_point_down,
        "bihuan/kernel/ledger/models.py",
        'b = models.OneToOneField("people.Person", models.PROTECT)\n',
        "points up",
    ),
    (
        plan.templates_stay_home,
        f"{BUSES}/templates/buses/list.html",
        '{% include "people/card.html" %}',
        "of another room",
    ),
    (plan.templates_stay_home, f"{BUSES}/templates/list.html", "", "wrong folder"),
    (
        plan.templates_stay_home,
        f"{BUSES}/views.py",
        'page(request, "people/card.html#rows", {})\n',
        "renders people/card.html",
    ),
    (plan.views_hold_no_managers, f"{BUSES}/views.py", "Bus.objects.all()\n", "raw manager"),
    (plan.views_hold_no_managers, f"{BUSES}/forms/bus.py", "Bus._default_manager.all()\n", "raw manager"),
    (plan.views_hold_no_managers, f"{BUSES}/views/list.py", "connection.cursor()\n", "cursor"),
    (
        plan.raw_sql_names_own_tables,
        f"{BUSES}/queries.py",
        'Q = "SELECT 1 FROM people_person"\n',
        "people_person of people",
    ),
    (
        plan.raw_sql_names_own_tables,
        f"{BUSES}/queries/sql/waiting.sql",
        "SELECT 1 FROM buses_bus JOIN people_person USING (id)",
        "people_person",
    ),
    (
        plan.raw_sql_names_own_tables,
        f"{PEOPLE}/migrations/0002_up.sql",
        "CREATE TRIGGER t AFTER INSERT ON buses_bus",
        "buses_bus of buses",
    ),
    (
        plan.actions_leave_facts,
        f"{BUSES}/actions.py",
        ACTION + "@action\ndef go(x, at, by, key):\n    record(x)\n",
        "lacks keyword-only at, by, key",
    ),
    (
        plan.actions_leave_facts,
        f"{BUSES}/actions.py",
        RECORDS + "def go(*, at, by, key):\n    record()\n",
        "is no @action",
    ),
    (
        plan.actions_leave_facts,
        f"{BUSES}/actions.py",
        ACTION + "@action\ndef go(*, at, by, key):\n    x()\n",
        "leaves no fact",
    ),
    (
        plan.models_hold_no_workflow,
        f"{BUSES}/models.py",
        "class Bus:\n    def save(self):\n        pass\n",
        "overrides save()",
    ),
    (plan.chinese_lives_in_catalogue_and_profiles, f"{BUSES}/views.py", 'x = "车"\n', "Chinese literal"),
    (plan.chinese_lives_in_catalogue_and_profiles, f"{BUSES}/views.py", 'x = f"{y} 车"\n', "Chinese literal"),
    (
        plan.chinese_lives_in_catalogue_and_profiles,
        f"{BUSES}/templates/buses/list.html",
        "<p>车</p>",
        "Chinese literal",
    ),
    (plan.clock_is_given, f"{BUSES}/queries.py", "x = datetime.now(UTC)\n", "reads a clock"),
    (plan.clock_is_given, f"{BUSES}/queries.py", "from django.utils.timezone import now\n", "reads a clock"),
    (plan.clock_is_given, f"{BUSES}/models.py", "t = models.DateTimeField(auto_now_add=True)\n", "auto_now_add"),
    (plan.clock_is_given, f"{BUSES}/queries.py", 'Q = "SELECT 1 FROM buses_bus WHERE at < now()"\n', "server's clock"),
    (plan.clock_is_given, f"{BUSES}/queries/sql/late.sql", "SELECT current_date", "server's clock"),
    (plan.files_have_nouns, f"{BUSES}/services.py", "", "names no thing"),
    (plan.files_have_nouns, "bihuan/site/utils.py", "", "names no thing"),
    (plan.kernel_knows_no_epidemic_word, "bihuan/kernel/ledger/models.py", "# the patient waits\n", "'patient'"),
    (
        plan.kernel_knows_no_epidemic_word,
        "bihuan/kernel/web/templates/web/base.html",
        "<p>Quarantine</p>",
        "'Quarantine'",
    ),
    (plan.documents_know_everything, f"{BUSES}/events.py", 'LEFT = "bus.left"\n', "the fact bus.left"),
    (plan.documents_know_everything, "bihuan/profiles/flu/pathways/order.toml", "", "the pathway flu/order"),
    (plan.documents_know_everything, f"{BUSES}/__init__.py", "", "the room buses"),
    (plan.tests_mirror_the_house, f"{BUSES}/rules.py", "", "buses/rules has no test"),
    (plan.tests_mirror_the_house, f"{BUSES}/actions/go.py", "", "buses/actions has no test"),
    (plan.tests_mirror_the_house, "bihuan/kernel/ledger/facts.py", "", "the kernel's ledger has no tests"),
]
ALLOWED = [
    (
        plan.other_rooms_by_their_doors,
        f"{BUSES}/queries.py",
        "from bihuan.modules.people import actions, queries\nfrom bihuan.modules.buses.models import Bus\n",
    ),
    (plan.foreign_keys_point_down, f"{BUSES}/models.py", GOOD_MODEL),
    (
        plan.foreign_keys_point_down,
        f"{BUSES}/models.py",
        "class Bus:\n    pass\nb = models.ForeignKey(Bus, models.PROTECT)\n",
    ),
    (
        plan.templates_stay_home,
        f"{BUSES}/templates/buses/list.html",
        '{% extends "web/base.html" %}{% include "buses/row.html" %}',
    ),
    (plan.views_hold_no_managers, f"{BUSES}/queries.py", "Bus.objects.all()\n"),
    (plan.raw_sql_names_own_tables, f"{BUSES}/queries.py", 'Q = "SELECT 1 FROM buses_bus"\n'),
    (plan.raw_sql_names_own_tables, f"{BUSES}/queries/laws.py", 'Q = "SELECT 1 FROM ledger_fact"\n'),
    (
        plan.raw_sql_names_own_tables,
        f"{BUSES}/migrations/0002_law.sql",
        "CREATE FUNCTION f() AS $$ SELECT 1 FROM people_person $$",
    ),
    (
        plan.actions_leave_facts,
        f"{BUSES}/actions.py",
        ACTION + "@action\ndef go(*, at, by, key):\n    _leave()\n\ndef _leave():\n    record()\n",
    ),
    (plan.models_hold_no_workflow, f"{BUSES}/models.py", "class Bus:\n    def subject(self):\n        pass\n"),
    (plan.chinese_lives_in_catalogue_and_profiles, f"{BUSES}/rules.py", '"""闭环."""\n# 车\nX = "[\\u4e00-\\u9fff]"\n'),
    (plan.chinese_lives_in_catalogue_and_profiles, "bihuan/profiles/flu/names.py", 'x = "流感"\n'),
    (plan.clock_is_given, "bihuan/site/edge.py", "x = datetime.now(UTC)\n"),
    (plan.clock_is_given, f"{BUSES}/queries.py", "from bihuan.kernel import clock\nx = clock.now()\n"),
    (plan.clock_is_given, f"{BUSES}/views.py", "x = timezone.localtime(row.at)\n"),
    (plan.kernel_knows_no_epidemic_word, f"{BUSES}/rules.py", "# the patient waits\n"),
]


class TestARule:
    @pytest.mark.parametrize(
        ("rule", "path", "text", "words"), SEEDED, ids=lambda value: getattr(value, "__name__", None)
    )
    def test_catches_the_seeded_breach_and_says_what_to_do(self, built, rule, path, text, words):
        breaches = [breach for breach in rule(built.paths({path: text})) if words in breach.what]
        assert breaches, f"{rule.__name__} let it pass"
        assert breaches[0].place.startswith("bihuan/")
        assert len(breaches[0].remedy) > 10

    @pytest.mark.parametrize(("rule", "path", "text"), ALLOWED, ids=lambda value: getattr(value, "__name__", None))
    def test_lets_pass_what_is_right(self, built, rule, path, text):
        assert [str(breach) for breach in rule(built.paths({path: text}))] == []


class TestActionsLeaveFacts:
    def test_follows_another_modules_action(self, built):
        house = built.paths(
            {
                f"{PEOPLE}/actions.py": ACTION + "@action\ndef register(*, at, by, key):\n    record()\n",
                f"{BUSES}/actions.py": ACTION
                + "from bihuan.modules.people import actions as people\n@action\ndef go(*, at, by, key):\n    people.register(at=at, by=by, key=key)\n",
            }
        )
        assert list(plan.actions_leave_facts(house)) == []

    def test_follows_a_package_through_its_door(self, built):
        house = built.paths(
            {
                f"{BUSES}/actions/__init__.py": "from bihuan.modules.buses.actions.going import go\n",
                f"{BUSES}/actions/going.py": ACTION
                + "from bihuan.modules.buses.actions.telling import tell\n@action\ndef go(*, at, by, key):\n    tell()\n",
                f"{BUSES}/actions/telling.py": RECORDS + "def tell():\n    record()\n",
            }
        )
        assert list(plan.actions_leave_facts(house)) == []

    def test_follows_a_relative_import(self, built):
        house = built.paths(
            {
                f"{BUSES}/actions/__init__.py": "from .going import go\n",
                f"{BUSES}/actions/going.py": ACTION
                + "from .telling import tell\n@action\ndef go(*, at, by, key):\n    tell()\n",
                f"{BUSES}/actions/telling.py": RECORDS + "def tell():\n    record()\n",
            }
        )
        assert list(plan.actions_leave_facts(house)) == []

    def test_is_not_fooled_by_a_neighbour_of_the_same_name(self, built):
        house = built.paths(
            {
                f"{PEOPLE}/actions.py": ACTION + "@action\ndef go(*, at, by, key):\n    record()\n",
                f"{BUSES}/actions.py": ACTION + "@action\ndef ride(*, at, by, key):\n    go()\n",
            }
        )
        assert [breach.what for breach in plan.actions_leave_facts(house)] == ["ride leaves no fact."]

    def test_leaves_the_parts_of_an_action_alone(self, built):
        house = built.paths(
            {
                f"{BUSES}/actions.py": ACTION
                + "@action\ndef go(*, at, by, key):\n    record(named())\n\ndef named():\n    return 1\n"
            }
        )
        assert list(plan.actions_leave_facts(house)) == []

    def test_sees_a_part_that_a_page_calls(self, built):
        house = built.paths(
            {
                f"{BUSES}/actions.py": ACTION
                + "@action\ndef go(*, at, by, key):\n    record(named())\n\ndef named():\n    return 1\n",
                f"{BUSES}/views.py": "from bihuan.modules.buses import actions\nactions.named()\n",
            }
        )
        assert "named is no @action." in [breach.what for breach in plan.actions_leave_facts(house)]


class TestDocumentsKnowEverything:
    def test_when_a_reference_page_names_them_in_backticks(self, built):
        house = built.paths(
            {
                f"{BUSES}/events.py": 'LEFT = "bus.left"\n',
                "docs/reference/facts.md": "`bus.left` `buses` `people` `web` `ledger`",
            }
        )
        assert list(plan.documents_know_everything(house)) == []


class TestTheCatalogue:
    PO = "bihuan/locale/zh_Hans/LC_MESSAGES/django.po"
    VIEW = 'from django.utils.translation import gettext as _\nx = _("Gate today")\n'

    def test_lacks_what_nobody_translated(self, built):
        house = built.paths({f"{BUSES}/views.py": self.VIEW, self.PO: ""})
        (breach,) = plan.catalogue_is_complete(house)
        assert "Gate today" in breach.what

    def test_is_complete_when_everything_has_its_chinese(self, built):
        house = built.paths({f"{BUSES}/views.py": self.VIEW, self.PO: 'msgid "Gate today"\nmsgstr "今日口岸"\n'})
        assert list(plan.catalogue_is_complete(house)) == []
