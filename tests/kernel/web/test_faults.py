"""What a form says of a wrong field is said as an office says it, with the colons of the script it is written in."""

from pathlib import Path

import django
import polib  # type: ignore[import-untyped]
import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils.translation import override

from bihuan.kernel.text import labelled, listed
from bihuan.kernel.web import faults

DJANGOS = Path(django.__file__).parent / "conf" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


class Form(forms.Form):
    temperature = forms.DecimalField(label="体温", min_value=30, max_value=43, max_digits=4, decimal_places=1)
    name = forms.CharField(label="姓名", max_length=4, required=False)
    on = forms.DateField(label="日期", required=False)
    kind = forms.ChoiceField(label="类别", choices=[("a", "A")], required=False)


def said(language: str, **sent: str) -> str:
    with override(language):
        form = Form(sent)
        assert not form.is_valid()
        return render_to_string("web/errors.html", {"form": form})


class TestFaults:
    @pytest.mark.parametrize(
        ("sent", "words"),
        [
            ({}, "此项必须填写。"),
            ({"temperature": "44"}, "不得大于43。"),
            ({"temperature": "29"}, "不得小于30。"),
            ({"temperature": "x"}, "请填写数字。"),
            ({"temperature": "36.55"}, "小数不得超过1位。"),
            ({"temperature": "36", "name": "司马欧阳某"}, "不得超过4个字符，现为5个。"),
            ({"temperature": "36", "on": "昨天"}, "日期有误，请重新填写。"),
            ({"temperature": "36", "kind": "b"}, "“b”不在可选范围内，请重新选择。"),
        ],
    )
    def test_are_said_as_an_office_says_them(self, sent: dict[str, str], words: str) -> None:
        shown = said("zh-hans", **sent)
        assert f"</a>：{words}</li>" in shown

    def test_stay_djangos_own_in_english(self) -> None:
        assert "</a>: Ensure this value is less than or equal to 43.</li>" in said("en", temperature="44")

    def test_are_messages_that_django_has(self) -> None:
        """One that Django words otherwise one day would be shown in Django's Chinese again."""
        own = {entry.msgid for entry in polib.pofile(str(DJANGOS))}
        assert set(faults.FAULTS) <= own


class TestStops:
    def test_are_those_of_the_readers_script(self) -> None:
        for language, expected in (("zh-hans", "级别：高；天数：0"), ("en", "级别: 高; 天数: 0")):
            with override(language):
                assert listed([labelled("级别", "高"), labelled("天数", 0)]) == expected
