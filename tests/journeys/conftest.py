from tests.browser import chromium, city_page, server
from tests.journeys.city import journey
from tests.journeys.ordered import before_the_change

__all__ = ["before_the_change", "chromium", "city_page", "journey", "server"]
