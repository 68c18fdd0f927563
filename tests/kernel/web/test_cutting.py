"""Pages of a list and one pass over it are the same rows."""

from uuid import uuid4

import pytest
from django.db.models import Q

from bihuan.kernel.access.models import Unit
from bihuan.kernel.db import cut, in_one_pass
from tests.world import World, world


@pytest.fixture
def city(db: None) -> World:
    return world()


def codes(offset: int, limit: int) -> list[str]:
    return cut(Unit.objects.order_by("code").values_list("code", flat=True), offset, limit)


class TestOnePass:
    def test_gives_the_pages_one_after_another_from_one_statement(
        self, city: World, django_assert_num_queries: pytest.fixture
    ) -> None:
        pages = [codes(offset, 4) for offset in range(0, len(city.units), 4)]
        with in_one_pass(), django_assert_num_queries(1):
            assert [codes(offset, 4) for offset in range(0, len(city.units), 4)] == pages

    def test_sees_nothing_that_is_written_while_it_runs(self, city: World) -> None:
        with in_one_pass():
            first = codes(0, 3)
            Unit.objects.create(id=uuid4(), code="0", kind="grid", name_zh="零", name_en="Zero", path="/0/")
            assert [*first, *codes(3, 100)] == sorted(city.units)

    def test_begins_again_for_a_page_out_of_turn_and_keeps_lists_apart(self, city: World) -> None:
        with in_one_pass():
            assert codes(0, 3) == codes(0, 3) == sorted(city.units)[:3]
            few = Unit.objects.filter(kind="district").order_by("code").values_list("code", flat=True)
            assert cut(few, 0, 5) == ["410802", "410811"]
            assert codes(3, 2) == sorted(city.units)[3:5]
            assert codes(9, 2) == sorted(city.units)[9:11]

    def test_knows_a_list_that_can_have_no_rows(self, city: World) -> None:
        with in_one_pass():
            assert cut(Unit.objects.filter(Q(pk__in=[])), 0, 5) == []
