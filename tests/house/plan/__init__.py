"""The plan of the house: what import-linter cannot see. Each rule reads a tree and yields its breaches; each breach
names its remedy.

A rule is a function `rule(house) -> Iterator[Breach]`, so that it can be shown to catch a seeded breach on a tree of
five files.
"""

from tests.house.plan.actions import actions_leave_facts
from tests.house.plan.documents import catalogue_is_complete, documents_know_everything, tests_mirror_the_house
from tests.house.plan.doors import foreign_keys_point_down, other_rooms_by_their_doors, templates_stay_home
from tests.house.plan.house import Breach, House
from tests.house.plan.tables import raw_sql_names_own_tables, views_hold_no_managers
from tests.house.plan.words import (
    chinese_lives_in_catalogue_and_profiles,
    clock_is_given,
    files_have_nouns,
    kernel_knows_no_epidemic_word,
    models_hold_no_workflow,
)

RULES = (
    other_rooms_by_their_doors,
    foreign_keys_point_down,
    templates_stay_home,
    views_hold_no_managers,
    raw_sql_names_own_tables,
    actions_leave_facts,
    models_hold_no_workflow,
    chinese_lives_in_catalogue_and_profiles,
    clock_is_given,
    files_have_nouns,
    kernel_knows_no_epidemic_word,
    documents_know_everything,
    tests_mirror_the_house,
    catalogue_is_complete,
)

__all__ = ["RULES", "Breach", "House"]
