import pytest

from bihuan.modules.places import queries


@pytest.mark.django_db
@pytest.mark.parametrize(("written", "code"), [("上海市浦东新区", "310115"), ("辽宁省丹东市宽甸满族自治县", "210624")])
def test_an_area_is_found_by_its_name_in_full(written, code):
    assert [area.code for area in queries.find(written)] == [code]
    assert queries.find("不存在的地方" + written) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "code"), [("Xi'an", "610100"), ("xian", "610100"), ("Lvliang", "141100"), ("Lüliang", "141100")]
)
def test_an_area_is_found_by_its_name_as_a_keyboard_has_it(written, code):
    assert code in [area.code for area in queries.find(written)]
    assert queries.names()[0][written.lower()] == code
