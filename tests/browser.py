"""A real browser on a real server: pages as people see them, on a desktop and a phone, light and dark."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from bihuan.kernel import clock
from bihuan.kernel.access.models import User
from bihuan.site.edge import set_city_time
from tests.signing_in import sign_in

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / ".screenshots"
AXE = ROOT / "islands" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

TARGETS = "main .btn, .bar a, .bar button, .tool, main select, main input:not([type=hidden], .form-check-input)"

type CityPage = Callable[..., Page]


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what matters is asserted."""


@contextmanager
def serving() -> Iterator[str]:
    """The whole site on a port of its own, on the test's database, as the application's role."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = True
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


@pytest.fixture
def server(transactional: None) -> Iterator[str]:
    """Its address. The city lives at the test's time and its clock runs."""
    set_city_time(clock.now())
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Playwright keeps an event loop in this thread while it runs, so Django is told that queries here are meant.
    Modules whose workers want a loop of their own have the thread to themselves again.
    """
    if not (Path(CHROMIUM).exists() and AXE.exists()) and os.environ.get("CI") != "true":
        pytest.skip("no Chromium or no axe here: run scripts/setup and install chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def city_page(server: str, chromium: Browser) -> Iterator[CityPage]:
    """`city_page(user, phone=True, language="en")` opens a browser of its own, signed in as `user` if one is named."""
    contexts = []

    def open_page(
        user: User | None = None,
        *,
        phone: bool = False,
        dark: bool = False,
        language: str = "zh-hans",
        scripts: bool = True,
    ) -> Page:
        context = chromium.new_context(
            base_url=server,
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            locale="en-GB" if language == "en" else "zh-CN",
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        cookies = {settings.LANGUAGE_COOKIE_NAME: language}
        if user is not None:
            cookies[settings.SESSION_COOKIE_NAME] = sign_in(Client(), user).session.session_key
        context.add_cookies([{"name": name, "value": value, "url": server} for name, value in cookies.items()])
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


def look(page: Page, name: str) -> None:
    """Keep pictures of the page on a desktop and a phone, light and dark, in .screenshots/, and leave it as it was."""
    SCREENSHOTS.mkdir(exist_ok=True)
    before = page.viewport_size or DESKTOP
    theme = page.evaluate("document.documentElement.dataset.bsTheme ?? 'light'")
    for size_name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(size)
        for shade in ("light", "dark"):
            page.evaluate("shade => document.documentElement.dataset.bsTheme = shade", shade)
            page.screenshot(path=SCREENSHOTS / f"{name}-{size_name}-{shade}.png", full_page=True)
    page.evaluate("shade => document.documentElement.dataset.bsTheme = shade", theme)
    page.set_viewport_size(before)


def axe_violations(page: Page, shades: tuple[str, ...] = ("light", "dark")) -> list[str]:
    """What axe finds wrong, one line a rule and element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = []
    theme = page.evaluate("document.documentElement.dataset.bsTheme ?? 'light'")
    for shade in shades:
        page.evaluate("shade => document.documentElement.dataset.bsTheme = shade", shade)
        answer = page.evaluate("rules => axe.run(document, {runOnly: rules})", AXE_RULES)
        found += [
            f"{shade} {rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in answer["violations"]
            for node in rule["nodes"]
        ]
    page.evaluate("shade => document.documentElement.dataset.bsTheme = shade", theme)
    return found


def check_axe(page: Page, shades: tuple[str, ...] = ("light", "dark")) -> None:
    found = axe_violations(page, shades)
    assert not found, "\n".join(found)


def check_fits(page: Page) -> None:
    """No sideways scrolling, and on a phone nothing to tap that is too small for a thumb."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
        "the page scrolls sideways"
    )
    if (page.viewport_size or DESKTOP)["width"] > 480:
        return
    small = page.evaluate(
        """targets => [...document.querySelectorAll(targets)]
        .filter(element => element.offsetParent && element.getBoundingClientRect().height < 44)
        .map(element => element.outerHTML.slice(0, 120))""",
        TARGETS,
    )
    assert not small, f"smaller than 44 px: {small}"
