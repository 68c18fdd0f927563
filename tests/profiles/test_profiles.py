"""The profiles we ship: sound, complete, and saying what PROTOCOL says, value by value with its mark."""

import ast
from datetime import date
from pathlib import Path

import pytest

from bihuan.kernel.loop import profile
from bihuan.kernel.loop.decisions import UnknownFact

COVID = profile.named("covid19-cn")
ED7, ED8, ED9 = date(2020, 10, 1), date(2022, 6, 27), date(2022, 6, 28)
M20, M10, CLASS_B = date(2022, 11, 11), date(2022, 12, 7), date(2023, 2, 1)
LENGTH = ("inbound.central_days", "inbound.home_days")


class TestPolicies:
    @pytest.mark.parametrize(
        ("day", "code"),
        [
            (date(2020, 1, 1), "none"), (ED7, "ed7"), (date(2021, 5, 15), "ed8"), (ED8, "ed8"), (ED9, "ed9"),
            (date(2022, 11, 10), "ed9"), (M20, "m20"), (M10, "m10"), (CLASS_B, "class_b"),
        ],
    )  # fmt: skip
    def test_are_in_force_from_their_day(self, day: date, code: str) -> None:
        assert COVID.policy_on(day).code == code

    def test_shorten_a_running_order_and_never_lengthen_it(self) -> None:
        assert COVID.governing(date(2022, 6, 25), date(2022, 6, 27), LENGTH).code == "ed8"
        assert COVID.governing(date(2022, 6, 25), ED9, LENGTH).code == "ed9"
        contact = ("close_contact.central_days", "close_contact.home_days")
        assert COVID.governing(date(2021, 5, 10), date(2021, 5, 20), contact).code == "ed7"

    def test_a_new_exposure_begins_anew_under_the_policy_of_its_day(self) -> None:
        contact = ("close_contact.central_days", "close_contact.home_days")
        exposed = COVID.governing(date(2021, 5, 10), date(2021, 5, 20), contact, exposures=[date(2021, 5, 16)])
        assert exposed.code == "ed8"


class TestValues:
    @pytest.mark.parametrize(
        ("name", "day", "value", "mark"),
        [
            ("close_contact.central_days", ED7, 14, "M"),
            ("close_contact.central_days", ED8, 14, "V"),
            ("close_contact.home_days", ED8, 7, "V"),
            ("close_contact.central_tests", ED8, (1, 4, 7, 14), "V"),
            ("close_contact.home_tests", ED8, (2, 7), "V"),
            ("close_contact.central_days", ED9, 7, "V"),
            ("close_contact.home_days", ED9, 3, "V"),
            ("close_contact.central_tests", ED9, (1, 2, 3, 5, 7), "V"),
            ("close_contact.home_tests", ED9, (3,), "V"),
            ("close_contact.central_days", M20, 5, "V"),
            ("close_contact.home_days", M20, 3, "V"),
            ("close_contact.central_tests", M20, (1, 2, 3, 5), "V"),
            ("close_contact.home_tests", M20, (1, 3), "V"),
            ("close_contact.central_days", M10, 0, "M"),
            ("close_contact.home_days", M10, 5, "V"),
            ("close_contact.home_tests", M10, (5,), "V"),
            ("secondary_contact.central_days", ED8, 7, "V"),
            ("secondary_contact.home_days", ED9, 7, "V"),
            ("secondary_contact.home_tests", ED9, (1, 4, 7), "V"),
            ("secondary_contact.home_days", M20, 0, "V"),
            ("secondary_contact.home_days", M10, 0, "M"),
            ("secondary_contact.central_days", ED9, 0, "M"),
            ("inbound.central_days", ED8, 14, "V"),
            ("inbound.home_days", ED8, 7, "V"),
            ("inbound.central_days", ED9, 7, "V"),
            ("inbound.home_days", ED9, 3, "V"),
            ("inbound.central_days", M20, 5, "V"),
            ("inbound.central_days", M10, 5, "M"),
            ("inbound.home_days", M20, 3, "V"),
            ("inbound.home_days", M10, 3, "M"),
            ("high_area.central_tests", ED9, (1, 2, 3, 5, 7), "V"),
            ("high_area.home_tests", M20, (1, 3, 5, 7), "V"),
            ("medium_area.home_tests", ED9, (1, 4, 7), "V"),
            ("release_laboratories", ED8, 2, "V"),
            ("release_laboratories", ED9, 1, "V"),
            ("throat_swab", ED9, 1, "V"),
            ("contact_look_back_days", ED8, 4, "V"),
            ("contact_look_back_days", ED9, 2, "S"),
            ("move_hours_max", ED8, 12, "M"),
            ("high_zone.quiet_days", ED9, 7, "V"),
            ("high_zone.quiet_days", M20, 5, "V"),
            ("positive_ct_below", M20, 35, "V"),
            ("positive_ct_below", M10, 35, "M"),
            ("positive_ct_below", ED9, 40, "M"),
            ("move_hours_max", ED7, 24, "M"),
        ],
    )
    def test_stand_as_protocol_has_them(self, name: str, day: date, value: object, mark: str) -> None:
        found = COVID.value(name, on=day)
        assert (found.value, found.mark) == (value, mark)
        assert found.source
        assert found.order.zh

    def test_are_surer_of_a_text_than_of_its_day(self) -> None:
        """Editions of which we read the text, but not on which day they came into force."""
        marks = {policy.code: (policy.mark, policy.since_mark) for policy in COVID.policies if policy.source}
        assert marks == {
            "ed7": ("V", "S"), "ed8": ("V", "S"), "ed9": ("V", "S"),
            "m20": ("V", "V"), "m10": ("V", "V"), "class_b": ("M", "M"),
        }  # fmt: skip

    def test_silence_means_free(self) -> None:
        for day in (date(2020, 1, 1), CLASS_B):
            for name, parameter in COVID.parameters.items():
                if parameter.unit in ("days", "day numbers"):
                    assert not COVID.value(name, on=day).value, name

    def test_every_value_says_how_sure_it_is(self) -> None:
        for each in profile.current().values():
            for parameter in each.parameters.values():
                held = [parameter.otherwise] if parameter.otherwise.value else []
                for entry in (*parameter.entries, *held):
                    assert entry.mark in ("V", "S", "M")
                    assert entry.source, parameter.name

    def test_what_a_profile_does_not_say_comes_from_the_one_it_is_based_on(self) -> None:
        assert COVID.value("clock_approve", on=ED9) == profile.named("city").value("clock_approve", on=ED9)


class TestDecisions:
    def test_of_restrictions_say_that_they_end_by_themselves_and_on_what_they_do_not_wait(self) -> None:
        rules = [one for one in COVID.tables["arrival"].rules if one.answer.get("measure") in ("central", "home")]
        assert rules
        for rule in rules:
            assert "自动解除，无需另行审批" in rule.words["release"].zh
            assert "不延长管控期限" in rule.words["release"].zh
            assert "均为阴性即解除" not in rule.words["release"].zh
            assert "by itself" in rule.words["release"].en

    @pytest.mark.parametrize(
        ("facts", "day", "rule", "measure", "days"),
        [
            ({"origin_kind": "overseas"}, ED8, "inbound", "central", 21),
            ({"origin_kind": "overseas"}, ED9, "inbound", "central", 10),
            ({"origin_kind": "overseas"}, M20, "inbound", "central", 8),
            ({"origin_kind": "overseas"}, M10, "inbound", "central", 8),
            ({"origin_kind": "overseas"}, CLASS_B, "free", "none", 0),
            ({"origin_kind": "overseas"}, ED7, "inbound_ed7", "central", 14),
            ({"area_level": "overseas"}, ED9, "inbound_by_area", "central", 10),
            ({"area_level": "high"}, ED8, "high_area_ed8", "central", 21),
            ({"area_level": "high"}, ED9, "high_area_central", "central", 7),
            ({"area_level": "high"}, M20, "high_area_home", "home", 7),
            ({"area_level": "high"}, M10, "free", "none", 0),
            ({"area_level": "medium"}, ED9, "medium_area_home", "home", 7),
            ({"area_level": "medium"}, M20, "free", "none", 0),
            ({"area_level": "low"}, ED9, "low_area_tests", "tests", 3),
            ({"area_level": "low"}, M20, "free", "none", 0),
            ({"contact_kind": "close"}, ED8, "close_contact_central", "central", 21),
            ({"contact_kind": "close"}, M10, "close_contact_home", "home", 5),
            ({"contact_kind": "secondary"}, ED8, "secondary_contact_central", "central", 7),
            ({"contact_kind": "secondary"}, ED9, "secondary_contact_home", "home", 7),
            ({"contact_kind": "secondary"}, M20, "free", "none", 0),
            ({"contact_kind": "close", "origin_kind": "overseas"}, ED9, "close_contact_central", "central", 10),
            ({"symptoms": True}, ED9, "free_with_symptoms", "none", 0),
            ({}, ED9, "free", "none", 0),
        ],
    )
    def test_of_an_arrival(self, facts: dict[str, object], day: date, rule: str, measure: str, days: int) -> None:
        found = COVID.decide("arrival", facts, on=day)
        assert (found.rule, found.answer["measure"], found.answer["days"]) == (rule, measure, days)

    def test_days_that_have_passed_count(self) -> None:
        nearly = COVID.decide("arrival", {"area_level": "high", "days_since_exposure": 6}, on=ED9)
        over = COVID.decide("arrival", {"area_level": "high", "days_since_exposure": 7}, on=ED9)
        assert (nearly.answer["measure"], over.answer["measure"]) == ("central", "none")

    def test_say_why_in_both_languages(self) -> None:
        found = COVID.decide(
            "arrival", {"area_level": "high", "area": "上海市黄浦区", "left_on": date(2022, 6, 26)}, on=ED9
        )
        assert "2022-06-26" in found.reason.zh
        assert "上海市黄浦区" in found.reason.zh
        assert "7 days" in found.follows.en
        assert "{" not in found.reason.zh + found.follows.zh + found.legal_basis.zh + found.release.zh
        assert found.as_json()["policy"] == "ed9"
        assert found.used == {"area_level": "high", "days_since_exposure": 0}

    @pytest.mark.parametrize("facts", [{"colour": "red"}, {"area_level": "purple"}])
    def test_refuse_a_fact_they_do_not_know(self, facts: dict[str, object]) -> None:
        with pytest.raises(UnknownFact):
            COVID.decide("arrival", facts, on=ED9)

    def test_every_profile_answers_with_the_same_keys(self) -> None:
        keys = set(COVID.decide("arrival", {}, on=ED9).answer)
        for each in profile.current().values():
            if "arrival" in each.tables:
                assert set(each.decide("arrival", {}, on=ED9).answer) == keys

    def test_every_rule_can_be_told(self) -> None:
        """Every text of every rule can be filled in, in both languages, under every policy it holds in."""
        for each in profile.current().values():
            for table in each.tables.values():
                for rule in table.rules:
                    for code in rule.policies or each.policies.by_code:
                        facts = {test.fact: test.any_of[0] for test in rule.tests if test.any_of}
                        each.decide(table.name, facts, policy=code)


class TestMpox:
    MPOX = profile.named("mpox")

    def test_monitors_a_contact_for_21_days_without_restricting_anybody(self) -> None:
        found = self.MPOX.decide("arrival", {"contact_kind": "close"}, on=ED9)
        assert (found.answer["measure"], found.answer["days"], found.answer["central_days"]) == ("monitor", 21, 0)

    def test_has_no_order(self) -> None:
        assert [pathway.code for pathway in self.MPOX.pathways] == ["arrival"]
        answers = [rule.answer.get("measure", "none") for rule in self.MPOX.tables["arrival"].rules]
        assert set(answers) <= {"none", "monitor"}


def test_every_fact_a_pathway_waits_for_is_recorded_by_some_room() -> None:
    """A pathway that waited for a fact nobody records would wait for ever."""
    kinds = set()
    for path in Path("bihuan").glob("*/*/events*"):
        for file in [path] if path.is_file() else path.glob("*.py"):
            kinds |= {node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)}
    for each in profile.current().values():
        for pathway in each.pathways:
            unknown = set(pathway.kinds()) - kinds
            assert not unknown, f"{pathway.file}: {unknown}"
