from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Never

import pytest

from tests.journeys.city import Journey, furnish, in_june
from tests.world import world


def no_screens(*_args: Any, **_options: Any) -> Never:
    raise AssertionError("nobody here looks at pages")


@pytest.fixture
def lived_in(transactional: None) -> Iterator[Journey]:
    """The city of the journeys without its screens, with real commits: 26 June 2022, 10:00."""
    with ExitStack() as stack:
        city = Journey(world(), no_screens, stack)
        city.at(in_june(26))
        furnish(city)
        yield city
