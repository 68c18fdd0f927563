"""An invented Chinese register in which it is known who is who, for measuring a matcher: one seed, one set of people.

Households share a telephone and an address; there are twins, namesakes and people who were born on one day. A share of
the people stands in it twice, the second time as clerks, other offices and travellers write: homophones, traditional
characters, pinyin, another order, wrong keys, a number misread or left out, a new telephone, a new flat. Rates are
stated beneath; they are a judgement, drawn from what intake meets, and nobody's count.
"""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pypinyin import lazy_pinyin

from bihuan.science.linkage import Record, check_character

FAMILIES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红梅建国文志海燕春兰凤云飞鹏辉波斌宇浩凯健俊帆雪琳玲"
    "婷慧莹颖欣怡佳嘉梓涵轩晨子雨思诗梦瑶琪萱月晓小新永庆福德仁义礼智信安康宁远达成功荣光耀祖兴旺发财源广茂林"
    "森树木清源江河湖山峰岩石金银铁钢铭锋锐鑫钧书画诗琴良善美真诚正直忠孝和顺乐天地春夏秋冬东南西北中亚非欧州"
    "洲博学思远景行知微瑞祥吉泰恒毅坚韧柏松竹菊荷莲薇蓉茜芸芝芬芷若兮然之"
)
SIMPLIFIED = (
    "张陈刘杨黄赵吴孙马罗郑谢许韩冯邓蒋叶苏吕卢贾谭陆钟范龙万钱汤顾严华国伟强军杰涛晓艳兰凤静红贵宝泽庆荣学义"
    "礼颖瑶莹梦云飞鹏东阳辉铭锋锐钢铁维纯广达远轩书乐树欢源洁满温灵顺韵"
)
AS_BEFORE = (
    "張陳劉楊黃趙吳孫馬羅鄭謝許韓馮鄧蔣葉蘇呂盧賈譚陸鍾範龍萬錢湯顧嚴華國偉強軍傑濤曉艷蘭鳳靜紅貴寶澤慶榮學義"
    "禮穎瑤瑩夢雲飛鵬東陽輝銘鋒銳鋼鐵維純廣達遠軒書樂樹歡源潔滿溫靈順韻"
)
TRADITIONAL = {new: old for new, old in zip(SIMPLIFIED, AS_BEFORE, strict=True) if new != old}
STREETS = [
    "太行路",
    "解放中路",
    "人民路",
    "塔南路",
    "民主路",
    "丰收路",
    "焦东路",
    "山阳路",
    "建设路",
    "和平街",
    "新华街",
    "站前路",
]
ESTATES = [
    "锦江小区",
    "阳光花园",
    "建业森林",
    "丹尼斯家属院",
    "矿务局家属院",
    "东方红小区",
    "龙源世家",
    "万基名家",
    "月季公寓",
    "景文小区",
]
AREAS = [
    "410802",
    "410803",
    "410804",
    "410811",
    "410821",
    "410822",
    "410823",
    "410825",
    "410882",
    "410883",
    "410105",
    "610102",
]

TWICE = 0.30  # share of people who stand in the register a second time
RATES = {  # of second records, each by itself
    "homophone": 0.08,
    "traditional": 0.05,
    "pinyin": 0.04,
    "wrong_character": 0.02,
    "order": 0.02,
    "birth_swapped": 0.02,
    "birth_key": 0.03,
    "birth_missing": 0.05,
    "sex_missing": 0.08,
    "sex_wrong": 0.005,
    "number_missing": 0.25,
    "number_misread": 0.05,
    "number_tail": 0.03,
    "number_old": 0.01,
    "number_renewed": 0.015,  # a passport issued anew, or the number of whoever stood beside them
    "other_document": 0.03,
    "phone_missing": 0.10,
    "phone_new": 0.20,
    "phone_key": 0.03,
    "address_missing": 0.15,
    "moved": 0.15,
    "address_otherwise": 0.25,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One record, and who it really is."""

    person: int
    household: int
    record: Record


def register(people: int, seed: int = 20260725) -> list[Told]:
    """About `people` human beings, household by household; a second record follows its first."""
    chance = random.Random(seed)  # noqa: S311 - people are invented, nothing is kept secret
    sounds = _sounds()
    found: list[Told] = []
    person = household = 0
    while person < people:
        household += 1
        for first in _household(chance):
            person += 1
            found.append(Told(person, household, first))
            if chance.random() < TWICE:
                found.append(Told(person, household, _again(first, chance, sounds)))
    return found


def halves(told: list[Told]) -> tuple[list[Told], list[Told]]:
    """The half on which weights are estimated, and the one that is held out: no household stands in both."""
    return [one for one in told if one.household % 2], [one for one in told if not one.household % 2]


def _sounds() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for sign in sorted(set(GIVEN + FAMILIES)):
        found.setdefault(lazy_pinyin(sign)[0], []).append(sign)
    return found


def _household(chance: random.Random) -> list[Record]:
    street, estate = chance.choice(STREETS), chance.choice(ESTATES)
    address = (
        f"焦作市{street}{chance.randrange(1, 400)}号{estate}{chance.randrange(1, 30)}号楼"
        f"{chance.randrange(1, 5)}单元{chance.randrange(1, 12)}0{chance.randrange(1, 5)}"
    )
    born = date(1935, 1, 1) + timedelta(days=chance.randrange(62 * 365))
    family, mother = _family(chance), _family(chance)
    phones = [_phone(chance), _phone(chance)]
    shares = chance.random() < 0.4  # one telephone for all
    home = [_person(family, born, "male", phones[0], address, chance)]
    if chance.random() < 0.75:
        wed = born + timedelta(days=chance.randrange(-2000, 2000))
        home.append(_person(mother, wed, "female", phones[0] if shares else phones[1], address, chance))
        middle = chance.choice(GIVEN)
        birth = born + timedelta(days=chance.randrange(22, 36) * 365)
        for _child in range(chance.choice((0, 1, 1, 1, 2, 2))):
            child = _person(family, birth, chance.choice(("male", "female")), phones[0], address, chance, middle)
            home.append(child)
            if chance.random() < 0.03:
                home.append(_twin(child, family, middle, chance))
            birth += timedelta(days=chance.randrange(400, 2500))
    return home


def _twin(child: Record, family: str, middle: str, chance: random.Random) -> Record:
    """Born on the same day behind the same door, on the same telephone; the name differs in its last character."""
    assert child.birth_on
    given = chance.choice([sign for sign in GIVEN if not child.name.endswith(sign)])
    sex = child.sex if chance.random() < 0.7 else chance.choice(("male", "female"))
    return replace(child, name=family + middle + given, sex=sex, number=_number(child.birth_on, sex, chance))


def _person(
    family: str, born: date, sex: str, phone: str, address: str, chance: random.Random, middle: str = ""
) -> Record:
    given = middle + chance.choice(GIVEN)
    if not middle and chance.random() < 0.65:
        given += chance.choice(GIVEN)
    number = "" if chance.random() < 0.06 else _number(born, sex, chance)
    return Record(family + given, born, sex, number, phone, address)


def _family(chance: random.Random) -> str:
    return FAMILIES[min(int(chance.expovariate(1 / 22)), len(FAMILIES) - 1)]


def _number(born: date, sex: str, chance: random.Random) -> str:
    order = chance.randrange(0, 998, 2) + (sex == "male")
    first17 = f"{chance.choice(AREAS)}{born:%Y%m%d}{order:03d}"
    return first17 + check_character(first17)


def _phone(chance: random.Random) -> str:
    return f"1{chance.choice('3578')}{chance.randrange(10**9):09d}"


def _again(first: Record, chance: random.Random, sounds: dict[str, list[str]]) -> Record:
    """The same person as another office wrote them down."""

    def happens(what: str) -> bool:
        return chance.random() < RATES[what]

    number, kind = _number_again(first, chance, happens)
    sex = first.sex
    if happens("sex_missing"):
        sex = ""
    elif happens("sex_wrong"):
        sex = "male" if sex == "female" else "female"
    return Record(
        name=_name_again(first.name, chance, happens, sounds),
        birth_on=_birth_again(first.birth_on, chance, happens),
        sex=sex,
        number=number,
        phone=_phone_again(first.phone, chance, happens),
        address=_address(first.address, chance, happens),
        kind=kind,
    )


def _name_again(name: str, chance: random.Random, happens, sounds: dict[str, list[str]]) -> str:
    if happens("homophone"):
        name = _changed(name, chance, lambda sign: [other for other in sounds[lazy_pinyin(sign)[0]] if other != sign])
    if happens("wrong_character"):
        name = _changed(name, chance, lambda sign: [other for other in GIVEN if other != sign])
    if happens("traditional"):
        return "".join(TRADITIONAL.get(sign, sign) for sign in name)
    if happens("pinyin"):
        return f"{lazy_pinyin(name[0])[0]} {''.join(lazy_pinyin(name[1:]))}".upper()
    return name[1:] + name[0] if happens("order") else name


def _birth_again(born: date | None, chance: random.Random, happens) -> date | None:
    assert born
    if happens("birth_missing"):
        return None
    if happens("birth_swapped") and born.day <= 12:
        return born.replace(month=born.day, day=born.month)
    if happens("birth_key") and (born.month, born.day) != (2, 29):
        return born.replace(year=born.year + chance.choice((-10, -1, 1, 10)))
    return born


def _number_again(first: Record, chance: random.Random, happens) -> tuple[str, str]:
    """The number, and the kind of its document."""
    number = first.number
    if not number or happens("number_missing"):
        return "", first.kind
    if happens("other_document"):
        return f"E{chance.randrange(10**8):08d}", "passport"
    if happens("number_misread"):
        return _wrong_key(number, chance), first.kind
    if happens("number_tail"):
        return number[-6:], first.kind
    if happens("number_old"):
        return number[:6] + number[8:17], first.kind
    if happens("number_renewed"):
        assert first.birth_on
        return _number(first.birth_on, first.sex, chance), first.kind
    return number, first.kind


def _phone_again(phone: str, chance: random.Random, happens) -> str:
    if happens("phone_missing"):
        return ""
    if happens("phone_new"):
        return _phone(chance)
    return _wrong_key(phone, chance) if happens("phone_key") else phone


def _changed(name: str, chance: random.Random, others) -> str:
    place = chance.randrange(1, len(name))
    choices = others(name[place])
    return name[:place] + chance.choice(choices) + name[place + 1 :] if choices else name


def _wrong_key(digits: str, chance: random.Random) -> str:
    place = chance.randrange(len(digits) - 1)
    key = chance.choice([sign for sign in "0123456789" if sign != digits[place]])
    return digits[:place] + key + digits[place + 1 :]


def _address(address: str, chance: random.Random, happens) -> str:
    if happens("address_missing"):
        return ""
    if happens("moved"):
        return _household(chance)[0].address
    if happens("address_otherwise"):
        return chance.choice(
            (
                address.removeprefix("焦作市"),
                "河南省" + address,
                address.replace("单元", "-").replace("号楼", "-"),
                address.replace("号楼", "栋"),
            )
        )
    return address
