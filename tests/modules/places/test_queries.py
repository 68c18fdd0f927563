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
    assert queries.gazetteer().find(written).code == code


WRITTEN = {
    "310104": "上海市徐汇区 上海徐汇 上海市/徐汇区 徐汇区 310104013000 中国上海徐汇区",
    "310000": "上海 中国上海市 上海市",
    "410105": "河南省郑州市金水区 郑州市金水区 郑州金水区",
    "220100": "吉林长春 吉林省长春市",
    "220200": "吉林市 吉林省吉林市",
    "220000": "吉林",
    "110105": "北京朝阳 北京市朝阳区",
    "440305": "广东深圳南山",
    "650100": "新疆乌鲁木齐 新疆维吾尔自治区乌鲁木齐市",
    "222400": "延边 延边州 吉林延边",
    "522601": "黔东南州凯里 贵州省黔东南苗族侗族自治州凯里市",
    "500103": "重庆市渝中区",
    "120116": "天津滨海新区",
    "610100": "西安",
    "211300": "辽宁朝阳 朝阳市",
    "320612": "江苏南通通州区",
    "HK": "香港 中国香港 香港特别行政区",
    "TW": "台湾 台湾省",
    "KR": "韩国",
}
IN_ENGLISH = {
    "Xuhui District, Shanghai": "310104",
    "Shanghai, China": "310000",
    "Wuhan, Hubei, P.R. China": "420100",
    "Wuhan Hubei": "420100",
    "Chaoyang, Beijing": "110105",
    "Hong Kong": "HK",
    "usa": "US",
}
PARTLY = {
    "上海市徐汇区龙华街道": "310104",
    "上海南京东路": "310000",
    "郑州大学": "410100",
    "泰国曼谷": "TH",
    "New York, USA": "US",
}


@pytest.mark.django_db
def test_an_area_is_read_as_people_write_it():
    find = queries.gazetteer().find
    wanted = {text: code for code, texts in WRITTEN.items() for text in texts.split()} | IN_ENGLISH
    assert {text: (found.code if (found := find(text)) else None) for text in wanted} == wanted
    assert all(find(text).is_whole for text in wanted)
    assert {text: (find(text).code, find(text).is_whole) for text in PARTLY} == {
        text: (code, False) for text, code in PARTLY.items()
    }


@pytest.mark.django_db
def test_an_area_is_never_guessed():
    find = queries.gazetteer().find
    unclear = "朝阳区 朝阳 通州区 鼓楼区 南京东路100号 北京路 老家 外地 境外 市辖区 县 不知道"
    assert [text for text in [*unclear.split(), "Chaoyang", "Shanghainese", "Nowhere at all"] if find(text)] == []
