"""Frames, navigation, forms that cannot be sent twice, refusals, and the pages for what is not there."""

import re
from uuid import UUID

import pytest
from django.test import Client

from tests.kernel.web import gallery

WHOLE = {"name": "张三丰", "temperature": "36.5", "gate": "rail", "confirmed": "on"}


def key_in(html: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f-]{36})"', html[html.index('class="card form"') :])
    assert found
    return found[1]


class TestPage:
    def test_shows_only_doors_its_reader_may_open(self, visitor: Client) -> None:
        html = visitor.get("/list").content.decode()
        assert "站口今日" in html
        assert "指挥看板" not in html

    def test_marks_the_door_that_leads_here(self, visitor: Client) -> None:
        html = visitor.get("/list").content.decode()
        assert re.search(r'href="/list" aria-current="page"', html)
        assert not re.search(r'href="/detail" aria-current="page"', html)

    def test_says_its_title_in_the_tab_and_in_its_heading(self, visitor: Client) -> None:
        html = visitor.get("/list").content.decode()
        assert "<title>今日到达 · Bihuan</title>" in html
        assert "<h1>今日到达</h1>" in html

    def test_has_no_inline_script_or_style(self, visitor: Client) -> None:
        for url in ("/list", "/form", "/detail", "/paper", "/missing"):
            html = visitor.get(url).content.decode()
            assert not re.search(r"<script(?![^>]*\bsrc=)", html)
            assert not re.search(r'\son\w+="|\sstyle="|<style', html)

    def test_comes_with_a_policy_that_forbids_foreign_and_inline_content(self, visitor: Client) -> None:
        response = visitor.get("/list")
        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_is_kept_nowhere_when_somebody_is_signed_in(self, visitor: Client) -> None:
        assert visitor.get("/list")["Cache-Control"] == "no-store"


class TestForm:
    def test_gives_every_form_a_key_of_its_own(self, visitor: Client) -> None:
        keys = re.findall(r'name="key" value="([^"]+)"', visitor.get("/form").content.decode())
        assert len(keys) == len(set(keys)) >= 3

    def test_hands_the_key_of_the_form_to_the_action(self, visitor: Client) -> None:
        key = key_in(visitor.get("/form").content.decode())
        for _time in range(2):
            assert visitor.post("/form", WHOLE | {"key": key}).status_code == 302
        assert [UUID(key), UUID(key)] == gallery.DONE

    @pytest.mark.parametrize("key", ["", "not-a-key"])
    def test_does_nothing_without_a_key(self, visitor: Client, key: str) -> None:
        response = visitor.post("/form", WHOLE | {"key": key})
        assert response.status_code == 422
        assert gallery.DONE == []
        assert "nothing was done" in response.content.decode()

    def test_links_each_error_to_its_field(self, visitor: Client) -> None:
        response = visitor.post("/form", {"temperature": "99"})
        html = response.content.decode()
        assert response.status_code == 422
        assert '<a href="#id_name">姓名</a>' in html
        assert re.search(r'<input type="number"[^>]*aria-describedby="id_temperature_error"', html)
        assert 'id="id_temperature_error"' in html

    def test_keeps_what_was_typed_when_the_action_refuses(self, visitor: Client) -> None:
        response = visitor.post("/form", WHOLE | {"temperature": "39", "key": "018f0000-0000-7000-8000-000000000000"})
        html = response.content.decode()
        assert response.status_code == 422
        assert "体温过高，未登记。请先联系发热门诊。" in html
        assert 'value="张三丰"' in html


class TestRefusals:
    def test_become_a_calm_page_with_what_to_do_next(self, visitor: Client) -> None:
        response = visitor.get("/refused", headers={"referer": "http://testserver/list"})
        html = response.content.decode()
        assert response.status_code == 409
        assert "Open the page again" in html
        assert 'href="http://testserver/list"' in html

    def test_never_lead_back_to_another_site(self, visitor: Client) -> None:
        assert (
            "evil.example"
            not in visitor.get("/refused", headers={"referer": "https://evil.example/x"}).content.decode()
        )

    def test_are_an_alert_for_htmx(self, visitor: Client) -> None:
        response = visitor.get("/refused", headers={"hx-request": "true"})
        assert response["HX-Retarget"] == "#messages"
        assert "<html" not in response.content.decode()

    def test_look_the_same_whether_a_page_is_hidden_or_absent(self, visitor: Client) -> None:
        hidden, absent = visitor.get("/missing"), visitor.get("/no/such/page")
        assert hidden.status_code == absent.status_code == 404

        def body(html: str) -> str:
            return re.sub(r'value="[^"]*"', "", html[html.index("<main") :])

        assert body(hidden.content.decode()) == body(absent.content.decode())

    def test_show_no_trace_of_a_fault(self, visitor: Client) -> None:
        visitor.raise_request_exception = False
        response = visitor.get("/broken")
        assert response.status_code == 500
        assert "secret" not in response.content.decode()
        assert "RuntimeError" not in response.content.decode()

    def test_call_a_form_from_elsewhere_expired(self, gallery_site: None, db: None) -> None:
        response = Client(enforce_csrf_checks=True, headers={"accept-language": "en"}).post("/form", WHOLE)
        assert response.status_code == 403
        assert "expired" in response.content.decode()
        assert gallery.DONE == []


class TestSwitches:
    def test_keep_language_and_colours_in_cookies(self, visitor: Client) -> None:
        assert visitor.post("/language", {"language": "zh-hans", "next": "/list"})["Location"] == "/list"
        visitor.post("/theme", {"theme": "dark"})
        html = visitor.get("/list").content.decode()
        assert '<html lang="zh-Hans" data-bs-theme="dark" data-theme-chosen>' in html

    def test_take_only_what_there_is(self, visitor: Client) -> None:
        response = visitor.post("/theme", {"theme": "<script>", "next": "https://evil.example/"})
        assert response["Location"] == "/"
        assert not response.cookies

    def test_are_no_links(self, visitor: Client) -> None:
        assert visitor.get("/language").status_code == 405
