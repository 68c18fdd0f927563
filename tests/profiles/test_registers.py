"""The register of areas names every place in English as a traveller and an official would both write it."""

import csv
import re
from pathlib import Path

import pytest
from pypinyin import lazy_pinyin

import bihuan

REGISTER = Path(bihuan.__file__).parent / "profiles" / "registers" / "areas.csv"
with REGISTER.open(encoding="utf-8", newline="") as lines:
    AREAS = {row["code"]: row for row in csv.DictReader(lines)}
HELD = {
    code: row for code, row in AREAS.items() if not code.endswith("0000") and len(row["name_zh"]) > 1
}  # in a province

STATUS = {
    "自治州": "Autonomous Prefecture", "自治县": "Autonomous County", "自治旗": "Autonomous Banner", "盟": "League",
    "地区": "Prefecture", "旗": "Banner", "县": "County",
}  # fmt: skip
PEOPLES = {
    "满族": "Manchu", "蒙古族": "Mongolian", "回族": "Hui", "藏族": "Tibetan", "苗族": "Miao", "彝族": "Yi",
    "壮族": "Zhuang", "布依族": "Bouyei", "朝鲜族": "Korean", "侗族": "Dong", "瑶族": "Yao", "白族": "Bai",
    "土家族": "Tujia", "哈尼族": "Hani", "哈萨克": "Kazakh", "傣族": "Dai", "黎族": "Li", "傈僳族": "Lisu",
    "佤族": "Wa", "畲族": "She", "拉祜族": "Lahu", "水族": "Sui", "东乡族": "Dongxiang", "纳西族": "Naxi",
    "景颇族": "Jingpo", "柯尔克孜": "Kyrgyz", "达斡尔族": "Daur", "仫佬族": "Mulao", "羌族": "Qiang", "布朗族": "Blang",
    "撒拉族": "Salar", "毛南族": "Maonan", "仡佬族": "Gelao", "锡伯": "Xibe", "普米族": "Pumi", "塔吉克": "Tajik",
    "怒族": "Nu", "鄂温克族": "Ewenki", "保安族": "Bonan", "裕固族": "Yugur", "独龙族": "Derung", "鄂伦春": "Oroqen",
    "蒙古": "Mongolian", "土族": "Tu", "各族": "Multi-ethnic",
}  # fmt: skip
NAMES = {
    "210624": "Kuandian Manchu Autonomous County",
    "130828": "Weichang Manchu and Mongolian Autonomous County",
    "622927": "Jishishan Bonan, Dongxiang and Salar Autonomous County",
    "150723": "Oroqen Autonomous Banner",
    "222400": "Yanbian Korean Autonomous Prefecture",
    "451031": "Longlin Multi-ethnic Autonomous County",
    "410104": "Guancheng Hui District",
    "152500": "Xilin Gol League",
    "150521": "Horqin Left Wing Middle Banner",
    "652900": "Aksu Prefecture",
    "130107": "Jingxing Mining District",
    "310115": "Pudong New Area",
    "429021": "Shennongjia Forestry District",
    "410822": "Bo'ai County",
    "410825": "Wenxian County",
    "130726": "Yuxian County",
    "131025": "Daicheng County",
    "141024": "Hongtong County",
    "222404": "Hunchun",
    "341500": "Lu'an",
    "140400": "Changzhi",
    "510100": "Chengdu",
    "650100": "Urumqi",
    "540200": "Xigaze",
}


class TestEnglishNames:
    @pytest.mark.parametrize(("code", "name"), NAMES.items())
    def test_are_those_in_use(self, code: str, name: str) -> None:
        assert AREAS[code]["name_en"] == name

    def test_end_in_the_status_that_the_chinese_name_ends_in(self) -> None:
        for row in HELD.values():
            status = next((said for end, said in STATUS.items() if row["name_zh"].endswith(end)), "")
            assert row["name_en"].endswith(status), row

    def test_name_every_people(self) -> None:
        for row in HELD.values():
            if re.search("族|自治[州县旗]$", row["name_zh"]):
                written = re.findall("|".join(sorted(PEOPLES, key=len, reverse=True)), row["name_zh"])
                assert written, row
                assert [name for name in re.findall(r"[A-Z][\w-]+", row["name_en"]) if name in PEOPLES.values()] == [
                    PEOPLES[people] for people in written
                ], row
                assert "zizhi" not in row["name_en"].lower(), row

    def test_are_letters_a_traveller_can_read(self) -> None:
        assert [row for row in AREAS.values() if not re.fullmatch(r"[A-Za-zü',\- ]+", row["name_en"])] == []

    def test_mark_where_a_syllable_begins_with_a_vowel(self) -> None:
        checked = 0
        for row in HELD.values():
            syllables = lazy_pinyin(row["name_zh"][:-1], v_to_u=True)
            place = row["name_en"].partition(" ")[0]
            if "".join(syllables) == place.replace("'", "").lower():
                checked += 1
                marked = "".join(("'" if n and one[0] in "aoe" else "") + one for n, one in enumerate(syllables))
                assert marked == place.lower(), row
        assert checked > 2000

    def test_are_not_shared_by_two_areas_of_one_parent(self) -> None:
        inside = [(row["parent"], row["name_en"]) for row in HELD.values() if row["name_zh"] != "市辖区"]
        twice = {pair for pair in inside if inside.count(pair) > 1}
        assert twice == set()
