"""A list of units: any order, Chinese or English, every bad cell named, the same list twice changes nothing."""

import io
from uuid import uuid4

import pytest
import xlsxwriter
from django.db import connection

from bihuan.kernel import access, clock
from bihuan.kernel.access.models import Unit
from bihuan.kernel.access.register import ListRefused, UnitList, read_units
from bihuan.kernel.ledger import Actor, history

HEAD = "code,kind,name_zh,name_en,parent,sector,phone,address,population"


def sheet(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows]).encode()


def take_in(content: bytes) -> UnitList:
    found = read_units(content)
    access.actions.take_in_units(
        found.units_to_add, found.units_to_change, at=clock.now(), by=Actor.system("tests"), key=uuid4()
    )
    return found


def counts(found: UnitList) -> tuple[int, int, int, int]:
    told = found.as_json()
    return told["created"], told["updated"], told["duplicate"], told["rejected"]


@pytest.mark.django_db
class TestReadUnits:
    def test_takes_children_before_parents_and_any_order_of_columns(self):
        found = take_in(
            sheet(
                "社区,解放社区,410802001001,410802001,,0391-1",
                "区县以外,,,,,",
                "street,民生街道,410802001,410802,,",
                "县（市、区）,解放区,410802,410800,team,",
                "专班,隔离专班,team,410800,,",
                "市,焦作市指挥部,410800,,,",
                head="类别,名称,代码,上级单位,主管单位,联系电话",
            )
        )
        assert counts(found) == (5, 0, 0, 1)
        assert Unit.objects.get(code="410802001001").path == "/410800/410802/410802001/410802001001/"
        assert Unit.objects.get(code="410802", sector__code="team")
        assert Unit.objects.get(code="410802").name_en == "解放区"

    def test_reads_a_workbook(self):
        held = io.BytesIO()
        book = xlsxwriter.Workbook(held)
        page = book.add_worksheet()
        page.write_row(0, 0, ["Code", "Kind", "Name (zh)", "Population"])
        page.write_row(1, 0, [410800, "city", "焦作市指挥部", 3500000])
        book.close()
        assert counts(take_in(held.getvalue())) == (1, 0, 0, 0)
        assert Unit.objects.get(code="410800").population == 3_500_000

    def test_changes_nothing_the_second_time(self, city):
        content = sheet("410899,district,新区,New,410800,,,,5", "410802,district,解放区,,,,,,")
        assert counts(take_in(content)) == (1, 0, 1, 0)
        assert counts(take_in(content)) == (0, 0, 2, 0)

    def test_changes_what_a_row_says_and_leaves_what_it_does_not_say(self, city):
        unit = city.unit("410802001")
        found = take_in(sheet("410802001,,,Minsheng Street,,isolation_team,,,12000"))
        assert counts(found) == (0, 1, 0, 0)
        unit.refresh_from_db()
        assert (unit.name_zh, unit.name_en, unit.population) == ("民生街道", "Minsheng Street", 12_000)
        assert unit.sector_id == city.unit("isolation_team").id
        [fact] = history(f"unit:{unit.id}")
        assert fact.payload == {
            "name_en": "Minsheng Street",
            "population": 12_000,
            "sector_id": str(city.unit("isolation_team").id),
        }

    @pytest.mark.parametrize(
        ("row", "column", "value", "code"),
        [
            (",district,新区,,410800,,,,", "code", "", "code_missing"),
            ("41/08,district,新区,,410800,,,,", "code", "41/08", "code_form"),
            ("410899,palace,新区,,410800,,,,", "kind", "palace", "kind_unknown"),
            ("410802,street,解放区,,,,,,", "kind", "street", "kind_differs"),
            ("410899,district,,,410800,,,,", "name_zh", "", "name_missing"),
            ("410899,district,新区,,,,,,", "parent", "", "parent_missing"),
            ("410899,district,新区,,999999,,,,", "parent", "999999", "unit_unknown"),
            ("410899,district,新区,,410800,nobody,,,", "sector", "nobody", "unit_unknown"),
            ("410802001,street,民生街道,,410811,,,,", "parent", "410811", "parent_differs"),
            ("410899,district,新区,,410800,,,,many", "population", "many", "not_a_count"),
        ],
    )
    def test_names_a_bad_cell_and_keeps_the_good_rows(self, city, row: str, column: str, value: str, code: str):
        found = take_in(sheet(row, "410898,district,好区,,410800,,,,"))
        [problem] = found.problems
        assert (problem.row, problem.column, problem.value, problem.code) == (2, column, value, code)
        assert problem.reason.zh
        assert problem.remedy.en
        assert counts(found) == (1, 0, 0, 1)
        assert Unit.objects.filter(code="410898").exists()

    def test_rejects_what_hangs_on_a_rejected_row_or_in_the_air(self, city):
        found = take_in(
            sheet(
                "a,district,,,410800,,,,",
                "b,street,街,,a,,,,",
                "c,street,街,,d,,,,",
                "d,street,街,,c,,,,",
                "d,street,另街,,c,,,,",
            )
        )
        assert {problem.code for problem in found.problems} == {"name_missing", "unit_waits", "code_twice"}
        assert counts(found) == (0, 0, 0, 5)

    def test_names_a_cell_that_was_wrecked_before_it_came_here(self, city):
        found = take_in(sheet("410899,district,锟斤拷,,410800,,,,", "410898,district,好区,,410800,,,,"))
        [problem] = found.problems
        assert (problem.row, problem.column, problem.code) == (2, "name_zh", "text_wrecked")
        assert "乱码" in problem.reason.zh
        assert counts(found) == (1, 0, 0, 1)

    @pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", "何,物\n1,2\n".encode(), sheet()])
    def test_refuses_a_file_that_is_no_list_of_units(self, content: bytes):
        with pytest.raises(ListRefused):
            read_units(content)

    def test_takes_a_whole_city_in_a_handful_of_statements(self, city, django_assert_max_num_queries):
        rows = [f"4108990{number:05},community,社区{number},,410802001,,,," for number in range(1500)]
        with django_assert_max_num_queries(40):
            assert counts(take_in(sheet(*rows))) == (1500, 0, 0, 0)


@pytest.mark.django_db
class TestAdoptRoles:
    def test_takes_the_powers_of_a_role_that_the_profile_no_longer_names(self, city):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO access_role (code, name_zh, name_en, line, powers, first_zh, first_en, position)"
                " VALUES ('old', '旧岗', 'Old', 'territorial', '{people.read}', '', '', 99)"
            )
        for _ in range(2):
            access.actions.adopt_roles(at=clock.now(), by=Actor.system("migrate"), key=uuid4())
        with connection.cursor() as cursor:
            cursor.execute("SELECT powers FROM access_role WHERE code = 'old'")
            assert cursor.fetchone() == ([],)
        assert len(history("roles:city")) == 2
