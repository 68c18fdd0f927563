"""What writing may vary without making another person, and what it may not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.science.linkage import Record, candidates, check_character, compare, is_resident_id, prepare, published

BORN = date(1990, 3, 12)
FIRST17 = "41080219900312001"
NUMBER = FIRST17 + check_character(FIRST17)
TWIN17 = "41080219900312003"
TWIN = TWIN17 + check_character(TWIN17)

records = st.builds(
    Record,
    name=st.text("张三丰張李四 abcZhang-'", max_size=8),
    birth_on=st.none() | st.dates(),
    sex=st.sampled_from(["male", "female", "unknown", ""]),
    number=st.text("0123456789X", max_size=18),
    phone=st.text("0123456789+", max_size=14),
    address=st.text("太行路1号2 ", max_size=12),
    kind=st.sampled_from(["", "passport"]),
)


def level(field: str, one: Record, other: Record) -> str | None:
    found: str | None = getattr(compare(prepare(one), prepare(other)), field)
    return found


class TestName:
    @pytest.mark.parametrize(
        ("one", "other", "found"),
        [
            ("张三丰", "张三丰", "same"),
            ("张三丰", "張三丰", "same"),
            ("张三丰", "三丰张", "same"),
            ("张三丰", " 张 三丰", "same"),
            ("John Smith", "SMITH, John", "same"),
            ("O'Bailey Ann", "OBailey Ann", "same"),
            ("José Pérez", "JOSE PEREZ", "same"),
            ("张三丰", "张三峰", "sound"),
            ("张子涵", "ZHANG ZIHAN", "sound"),
            ("欧阳修", "Ouyang Xiu", "sound"),
            ("陈静怡", "陈金怡", "near"),
            ("张三丰", "张三", "near"),
            ("Linda Nash", "Lynda Nash", "near"),
            ("张子涵", "张子轩", "one"),
            ("王芳", "王勇", "part"),
            ("Ann Smith", "Beatrice Smith", "part"),
            ("张三", "李四", "differ"),
            ("张三", "John Smith", "differ"),
            ("不详", "李四", None),
            ("Unknown Unknown", "李四", None),
            ("", "李四", None),
        ],
    )
    def test_level(self, one: str, other: str, found: str | None):
        assert level("name", Record(name=one), Record(name=other)) == found


class TestNumber:
    @pytest.mark.parametrize(
        ("other", "found"),
        [
            (NUMBER, "same"),
            (NUMBER.lower(), "same"),
            (NUMBER[:6] + NUMBER[8:17], "same"),
            (NUMBER[:10] + "9" + NUMBER[11:], "misread"),
            (NUMBER[-4:], "part"),
            (TWIN, "differ"),
            (NUMBER[-3:], "differ"),
            ("", None),
        ],
    )
    def test_level(self, other: str, found: str | None):
        assert level("number", Record(number=NUMBER), Record(number=other)) == found

    def test_of_another_document_says_nothing(self):
        assert level("number", Record(number=NUMBER), Record(number="E1", kind="passport")) is None

    @given(st.integers(0, 16), st.integers(1, 9))
    def test_one_wrong_digit_never_makes_another_number_that_can_be(self, place: int, more: int):
        wrong = NUMBER[:place] + str((int(NUMBER[place]) + more) % 10) + NUMBER[place + 1 :]
        assert not is_resident_id(wrong)


class TestOtherFields:
    @pytest.mark.parametrize(
        ("other", "found"),
        [
            (BORN, "same"),
            (date(1990, 12, 3), "near"),
            (date(1990, 3, 13), "near"),
            (date(1991, 4, 13), "differ"),
            (None, None),
        ],
    )
    def test_birth(self, other: date | None, found: str | None):
        assert level("birth", Record(birth_on=BORN), Record(birth_on=other)) == found

    @pytest.mark.parametrize(
        ("other", "found"),
        [("+86 138-0000-0001", "same"), ("13800000002", "near"), ("13911112222", "differ"), ("", None)],
    )
    def test_phone(self, other: str, found: str | None):
        assert level("phone", Record(phone="13800000001"), Record(phone=other)) == found

    @pytest.mark.parametrize(
        ("other", "found"),
        [
            ("太行路12号 阳光花园3号楼", "same"),
            ("焦作市太行路12号阳光花园3号楼", "near"),
            ("太行路12号阳光花园5号楼", "area"),
            ("人民西街88号", "differ"),
            ("", None),
        ],
    )
    def test_address(self, other: str, found: str | None):
        assert level("address", Record(address="太行路12号阳光花园3号楼"), Record(address=other)) == found

    def test_unknown_sex_says_nothing(self):
        assert level("sex", Record(sex="male"), Record(sex="unknown")) is None


class TestAnyPair:
    @given(records, records)
    def test_the_order_of_two_records_does_not_count(self, one: Record, other: Record):
        first, second = prepare(one), prepare(other)
        weights = published()
        assert compare(first, second) == compare(second, first)
        assert weights.judge(first, second) == weights.judge(second, first)

    @given(records)
    def test_what_is_missing_weighs_nothing(self, one: Record):
        assert published().judge(prepare(one), prepare(Record())).score == 0

    @given(records)
    def test_a_record_conflicts_with_itself_in_nothing(self, one: Record):
        assert all(level in ("same", None) for level in compare(prepare(one), prepare(one)))


class TestCandidates:
    def test_share_a_number_a_phone_a_birthday_with_an_initial_or_a_sound(self):
        asked = [
            Record(name="张三丰", birth_on=BORN, number=NUMBER, phone="13800000001"),
            Record(number=NUMBER),
            Record(phone="13800000001"),
            Record(name="章五", birth_on=BORN),
            Record(name="张三峰"),
            Record(name="李四", birth_on=BORN, phone="13900000001"),
        ]
        found = candidates([prepare(one) for one in asked])
        assert {pair for pair in found if 0 in pair} == {(0, 1), (0, 2), (0, 3), (0, 4)}

    def test_a_key_that_very_many_share_is_passed_over(self):
        assert candidates([prepare(Record(name="王芳"))] * 21) == set()
