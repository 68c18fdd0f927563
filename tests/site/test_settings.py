"""What an installation sets from outside, as a visitor and an operator meet it."""

import os
import runpy
import subprocess
from pathlib import Path

import pytest
from django.test import Client

import bihuan
from bihuan.site.supervisor import python

SETTINGS = Path(bihuan.__file__).parent / "site" / "settings.py"
PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
NAMES = (
    "CSRF_COOKIE_HTTPONLY",
    "CSRF_COOKIE_NAME",
    "CSRF_COOKIE_SECURE",
    "CSRF_TRUSTED_ORIGINS",
    "LANGUAGE_COOKIE_NAME",
    "LANGUAGE_COOKIE_SECURE",
    "MIDDLEWARE",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_SECONDS",
    "SECURE_PROXY_SSL_HEADER",
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_SECURE",
)


@pytest.fixture
def behind_tls(settings, monkeypatch):
    """The settings of a city behind a proxy that ends TLS."""
    monkeypatch.setenv("BIHUAN_HTTPS", "1")
    monkeypatch.setenv("BIHUAN_ORIGINS", "https://bihuan.city.example")
    read = runpy.run_path(str(SETTINGS))
    for name in NAMES:
        setattr(settings, name, read[name])


class TestBehindATlsProxy:
    def test_binds_cookies_to_the_host_and_tells_browsers_to_stay(self, city, behind_tls):
        answer = Client().get("/sign-in", headers=PROXY)
        cookie = answer.cookies["__Host-csrf"]
        assert cookie["secure"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"

    @pytest.mark.parametrize(
        ("origin", "status"), [("https://bihuan.city.example", 422), ("https://elsewhere.example", 403)]
    )
    def test_takes_forms_from_the_citys_own_address_only(self, city, behind_tls, origin: str, status: int):
        visitor = Client(enforce_csrf_checks=True)
        visitor.get("/sign-in", headers=PROXY)
        form = {"csrfmiddlewaretoken": visitor.cookies["__Host-csrf"].value, "username": "nobody", "password": "none"}
        answer = visitor.post("/sign-in", form, headers={**PROXY, "Origin": origin})
        assert answer.status_code == status

    def test_counts_tries_by_the_address_that_the_proxy_saw(self, city, behind_tls):
        from bihuan.kernel.access.models import SignInThrottle

        Client().post("/sign-in", {"username": "nobody", "password": "none"}, headers=PROXY)
        assert list(SignInThrottle.objects.values_list("network", flat=True)) == ["198.51.100.7"]


class TestWithoutAProxy:
    def test_believes_no_header_and_promises_nothing(self, city):
        answer = Client().get("/sign-in", headers=PROXY)
        assert not answer.wsgi_request.is_secure()
        assert not answer.cookies["csrftoken"]["secure"]
        assert "Strict-Transport-Security" not in answer.headers


class TestSecretKey:
    @pytest.fixture
    def keyless(self, tmp_path):
        kept = {name: value for name, value in os.environ.items() if name != "BIHUAN_SECRET_KEY"}
        return {**kept, "BIHUAN_HOME": str(tmp_path), "BIHUAN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}

    def test_is_needed_to_serve(self, keyless):
        done = subprocess.run(
            python("bihuan.site.cli", "up", "--no-migrate"), env=keyless, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert "Run `bihuan migrate`" in done.stderr

    def test_is_needed_by_any_other_server_too(self, keyless):
        done = subprocess.run(python("bihuan.site.wsgi"), env=keyless, capture_output=True, text=True)
        assert "The SECRET_KEY setting must not be empty" in done.stderr
