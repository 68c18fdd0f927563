from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.browser import chromium, city_page, server
from tests.kernel.web import gallery

__all__ = ["chromium", "city_page", "server"]


@pytest.fixture
def gallery_site() -> Iterator[None]:
    templates = [{**settings.TEMPLATES[0], "DIRS": ["tests/kernel/web/templates"]}]
    with override_settings(ROOT_URLCONF="tests.kernel.web.gallery", TEMPLATES=templates, MIDDLEWARE=gallery.MIDDLEWARE):
        gallery.DONE.clear()
        yield


@pytest.fixture
def visitor(db: None, gallery_site: None) -> Client:
    return Client(headers={"accept-language": "en"})
