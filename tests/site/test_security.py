"""What an attacker tries on every page, and what the log says of it: asvs.toml names these tests.

Every list and form of the city is opened by somebody who may, with an address full of what would harm a careless page.
"""

import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hasher, identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.kernel import access, clock
from bihuan.kernel.access import codes, entering, sessions
from bihuan.kernel.access.models import Role, Unit, User
from bihuan.kernel.access.vocabulary import own_words
from bihuan.kernel.ledger.models import Fact
from bihuan.modules.arrivals.forms import FILE_BYTES_MAX, FileForm
from bihuan.modules.arrivals.models import Batch
from bihuan.modules.arrivals.views.batches import take_in_file
from bihuan.modules.testing.forms import ReportForm
from bihuan.site import logs
from bihuan.site import settings as composed
from bihuan.site.edge import MessageCookie
from tests.conftest import START
from tests.matrix.test_matrix import routes, shut
from tests.modules.arrivals.test_actions import row, sheet
from tests.signing_in import sign_in
from tests.world import STAFF, World, world

HARM = "\"'><script>alert(1)</script>{{7*7}}' OR 1=1--"
TWICE = "%253Cb%253E"  # the encoding of an encoding: undone once it is %3Cb%3E, twice it would be <b>
HUGE = "9" * 25
ADDRESS = re.compile(r"""(?:href|src|action|formaction|hx-get|hx-post|data-events)="([^"]*)\"""")
READINGS = ("person.opened", "people.listed", "reading.neared", "reading.spent")
PASSWORD = "three-green-umbrellas"


@dataclass(frozen=True)
class Opened:
    route: str
    answer: HttpResponse
    facts: int

    @property
    def words(self) -> str:
        return self.answer.content.decode()


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Opened]]:
    """Every page that needs no row, by the first of the staff who holds its power, and the public ones by a visitor."""
    logging.disable(logging.WARNING)
    with django_db_blocker.unblock(), clock.given(START), transaction.atomic():
        city = world()
        Unit.objects.filter(code="410800").update(name_zh=HARM, name_en=HARM)
        holders = {power: name for name, role, _unit, _name in reversed(STAFF) for power in powers_of(role)}
        clients: dict[str, Client] = {"": Client()}
        for name in {*holders.values(), "commander"}:
            clients[name] = sign_in(Client(), city.user(name))
        told = []
        for route in routes():
            if route.asks or route.name in ("access:sign_out", "web:exports"):
                continue
            client = clients["" if route.name.startswith("public:") else holders.get(route.power, "commander")]
            before = Fact.objects.exclude(kind__in=READINGS).count()
            harm = quote(HARM)
            answer = shut(
                client.get(f"{reverse(route.name)}?q={harm}&page={HUGE}&sort={harm}&on={harm}&next={harm}&step={TWICE}")
            )
            after = Fact.objects.exclude(kind__in=READINGS).count()
            told.append(Opened(route.name, answer, after - before))
        yield told
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)


def code_of(user: User) -> str:
    device = TOTPDevice.objects.get(user_id=user.id, confirmed=True)
    return f"{totp(device.bin_key, t0=0):06d}"


def powers_of(role: str) -> list[str]:
    return list(Role.objects.get(code=role).powers)


class TestEveryPage:
    def test_bears_any_address(self, opened: list[Opened]) -> None:
        """Neither quotes, nor numbers beyond any column, nor what is no sort order makes a page fall over."""
        assert len(opened) > 40
        assert {one.route: one.answer.status_code for one in opened if one.answer.status_code >= 500} == {}
        assert sum(one.answer.status_code == 200 for one in opened) > 30

    def test_writes_out_nothing_as_it_came(self, opened: list[Opened]) -> None:
        echoing = 0
        for one in opened:
            if one.answer.headers.get("Content-Type", "").startswith("text/html"):
                assert "<script>alert" not in one.words, one.route
                assert "'><" not in one.words.replace("&#x27;", ""), one.route
                assert "49&#x27; OR" not in one.words, f"{one.route} took what was entered for a template"
                echoing += "&lt;script&gt;alert" in one.words
        assert echoing > 10, "the words came back on many pages: the test would see them"

    def test_undoes_an_encoding_once(self, opened: list[Opened]) -> None:
        for one in opened:
            assert "&lt;b&gt;" not in one.words, one.route

    def test_leads_nowhere_else(self, opened: list[Opened]) -> None:
        """Links, forms and redirects stay here; no address runs a script or holds a document."""
        for one in opened:
            addresses = [*ADDRESS.findall(one.words), *filter(None, [one.answer.headers.get("Location")])]
            away = [to for to in addresses if not re.match(r"/(?!/)|[?#]|tel:|$", to)]
            assert not away, (one.route, away)

    def test_says_what_it_is_and_in_which_characters(self, opened: list[Opened]) -> None:
        for one in opened:
            if one.answer.content:
                kind = one.answer.headers["Content-Type"]
                assert "charset=utf-8" in kind or not kind.startswith("text/"), (one.route, kind)

    def test_is_opened_to_no_other_site(self, opened: list[Opened]) -> None:
        for one in opened:
            said = one.answer.headers
            assert not [name for name in said if name.lower().startswith("access-control-")], one.route
            assert "object-src 'none'" in said["Content-Security-Policy"], one.route
            assert "base-uri 'none'" in said["Content-Security-Policy"], one.route
            assert "default-src 'self'" in said["Content-Security-Policy"], one.route

    def test_changes_nothing_by_being_opened(self, opened: list[Opened]) -> None:
        assert {one.route: one.facts for one in opened if one.facts} == {}

    def test_lets_whoever_is_signed_in_sign_out(self, opened: list[Opened]) -> None:
        shown = [one for one in opened if one.answer.status_code == 200 and 'class="app"' in one.words]
        assert len(shown) > 25
        assert not [one.route for one in shown if f'action="{settings.LOGOUT_URL}"' not in one.words]


class TestEveryAddress:
    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
    def test_answers_no_other_method(self, city: World, method: str) -> None:
        for address in ("/", "/public/", "/sign-in", "/people/", "/static/web/logo.svg", "/nothing"):
            answer = Client().generic(method, address)
            assert answer.status_code == 405, address
            assert b"HTTP_" not in b"".join(answer)
            shut(answer)

    def test_of_a_file_gives_static_files_only(self, city: World) -> None:
        for address in (
            "/.git/config", "/static/", "/static/web/", "/static/../settings.py", "/static/%2e%2e/settings.py",
            "/media/", "/bihuan/site/settings.py", "/secret-key", "/admin/", "/docs", "/metrics", "/debug", "/health",
        ):  # fmt: skip
            assert Client().get(address).status_code == 404, address
        assert "Access-Control-Allow-Origin" not in shut(Client().get("/static/web/logo.svg")).headers

    def test_that_is_broken_shows_nothing_of_the_inside(self, city: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def fault(*_args: object) -> None:
            raise RuntimeError("password=hunter2 at /srv/bihuan")

        monkeypatch.setattr("bihuan.modules.public.queries.command", fault)
        answer = Client(raise_request_exception=False).get("/public/")
        assert answer.status_code == 500
        for word in (b"hunter2", b"RuntimeError", b"Traceback", b"/srv/", b"bihuan.modules", b"Django"):
            assert word not in answer.content
        assert settings.DEBUG is False

    def test_takes_the_last_of_a_name_given_twice_and_nothing_from_the_address_of_a_form(self, city: World) -> None:
        client = sign_in(Client(), city.user("gate_officer"))
        client.post("/language?language=zh-hans", {"language": ["zh-hans", "en"], "key": str(uuid4())})
        assert User.objects.get(username="gate_officer").language == "en"
        client.post("/language?language=zh-hans", {"key": str(uuid4())})
        assert User.objects.get(username="gate_officer").language == "en"

    def test_sets_no_field_that_its_form_does_not_have(self, city: World) -> None:
        client = sign_in(Client(), city.user("system_admin"))
        more = {"is_active": "", "password_hash": "x", "id": str(uuid4()), "role": "city_command", "language": "en"}
        given = {"username": "newcomer", "name": "新人", "phone": "", "password": PASSWORD, "key": str(uuid4())}
        assert client.post("/accounts/new", given | more).status_code == 302
        made = User.objects.get(username="newcomer")
        assert made.is_active
        assert str(made.id) != more["id"]
        assert made.language == "zh-hans"
        assert not made.appointments.exists()
        assert identify_hasher(made.password).algorithm == "argon2"


class TestCookies:
    @pytest.fixture
    def over_tls(self, settings: Any) -> None:
        settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
        settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
        settings.LANGUAGE_COOKIE_NAME = "__Host-language"

    def test_are_bound_to_this_host_and_to_tls_without_exception(self, city: World, over_tls: None) -> None:
        client = Client()
        client.get("/sign-in", secure=True)
        client.post("/theme", {"theme": "dark"}, secure=True)
        client.post("/language", {"language": "en"}, secure=True)
        city.user("gate_officer").set_password(PASSWORD)
        user = city.user("gate_officer")
        user.save()
        client.post("/sign-in", {"username": user.username, "password": PASSWORD}, secure=True)
        set_ = {name: one for name, one in client.cookies.items() if one.value}
        assert set(set_) == {"__Host-csrf", "__Host-theme", "__Host-language", "__Host-session"}
        for name, one in set_.items():
            assert one["secure"], name
            assert one["path"] == "/", name
            assert not one["domain"], name
            assert one["samesite"] in ("Lax", "Strict"), name
        assert MessageCookie(SimpleNamespace(COOKIES={})).cookie_name == "__Host-messages"  # type: ignore[arg-type]

    def test_that_prove_something_are_hidden_from_scripts(self, city: World) -> None:
        client = Client()
        client.get("/sign-in")
        user = city.user("gate_officer")
        user.set_password(PASSWORD)
        user.save()
        client.post("/sign-in", {"username": user.username, "password": PASSWORD})
        for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
            assert client.cookies[name]["httponly"], name
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        assert re.fullmatch(r"[a-z0-9]{32}", key), "32 of 36 signs by chance: 165 bits"
        assert key not in client.get("/sign-in/code").content.decode()

    def test_of_a_session_that_is_over_open_nothing(self, city: World) -> None:
        client = sign_in(Client(), city.user("gate_officer"))
        before = client.cookies[settings.SESSION_COOKIE_NAME].value
        assert client.get("/me").status_code == 200
        answer = client.post("/sign-out")
        assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
        client.cookies[settings.SESSION_COOKIE_NAME] = before
        assert client.get("/me").status_code == 302

    def test_of_an_invented_session_open_nothing(self, city: World) -> None:
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
        assert client.get("/me").status_code == 302


class TestWhatTheNextPageSays:
    def test_waits_on_the_server_for_whoever_is_signed_in(self, city: World) -> None:
        client = sign_in(Client(), city.user("system_admin"))
        given = {"username": "newcomer", "name": "新人", "password": PASSWORD, "key": str(uuid4())}
        answer = client.post("/accounts/new", given)
        assert answer.status_code == 302
        assert "messages" not in answer.cookies
        assert "messages" not in client.cookies
        told = [client.get(answer["Location"]).content.decode() for _time in range(2)]
        assert ["账号已开通" in one for one in told] == [True, False]

    def test_waits_in_a_cookie_for_everybody_else(self, city: World) -> None:
        user = city.user("gate_officer")
        user.set_password(PASSWORD)
        user.save()
        client = sign_in(Client(headers={"accept-language": "en"}), user)
        given = {"present": PASSWORD, "code": code_of(user), "password": "four-red-umbrellas", "key": str(uuid4())}
        answer = client.post("/me/password", given)
        assert answer.cookies["messages"]["httponly"]
        assert client.get("/me").status_code == 302
        assert "Your password is changed" in client.get("/sign-in").content.decode()
        assert "Your password is changed" not in client.get("/sign-in").content.decode()


class TestPasswords:
    def test_of_any_length_a_person_uses_are_taken_as_they_are(self, city: World) -> None:
        user = city.user("gate_officer")
        for given in ("  Grün 雨伞 three  ", "x" * 40 + "Yz" * 50):
            validate_password(given, user)
            user.set_password(given)
            user.save()
            for other in (given.strip() if given.strip() != given else given[:64], given.swapcase()):
                assert Client().post("/sign-in", {"username": user.username, "password": other}).status_code == 422
            assert Client().post("/sign-in", {"username": user.username, "password": given}).status_code == 302

    def test_are_not_worn_out_by_time(self, city: World) -> None:
        user = city.user("gate_officer")
        user.set_password(PASSWORD)
        user.save()
        with clock.given(START + timedelta(days=3 * 365)):
            assert Client().post("/sign-in", {"username": user.username, "password": PASSWORD}).status_code == 302

    def test_are_more_than_a_word_that_everybody_here_knows(self, english: None) -> None:
        assert "bihuan" in own_words()
        assert len(own_words()) == len(set(own_words())) >= 40
        for given in ("bihuan2022!!!", "Fangkong-2022.06", "hesuan.yiqing1", "指挥部20220620!", "security_admin99"):
            with pytest.raises(ValidationError):
                validate_password(given)
        for given in ("bihuan und regenschirm", PASSWORD, "1234 kilometres on foot", "9274-8365-1946 xy"):
            validate_password(given)

    def test_are_short_or_common_in_vain(self, english: None) -> None:
        for given in ("Abc-123", "123456789a", "qwertyuiop", "password123"):
            with pytest.raises(ValidationError):
                validate_password(given)

    def test_are_kept_as_argon2id_at_the_strength_advised(self) -> None:
        hasher: Any = get_hasher()
        kept = make_password(PASSWORD)
        assert kept.startswith("argon2$argon2id$")
        assert hasher.memory_cost >= 19 * 1024
        assert hasher.time_cost >= 2
        assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]

    def test_are_typed_hidden_and_may_be_pasted_by_a_manager(self, city: World) -> None:
        client = sign_in(Client(), city.user("system_admin"))
        seen = 0
        for visitor, address in ((Client(), "/sign-in"), (client, "/me/password"), (client, "/accounts/new")):
            fields = re.findall(r'<input[^>]*name="(?:password|present)"[^>]*>', visitor.get(address).content.decode())
            for field in fields:
                seen += 1
                assert 'type="password"' in field
                assert re.search(r'autocomplete="(current|new)-password"', field)
                assert "maxlength" not in field
        assert seen == 4

    def test_change_by_both_factors_only_and_end_every_session(self, city: World) -> None:
        user = city.user("gate_officer")
        user.set_password(PASSWORD)
        user.save()
        here, elsewhere = (sign_in(Client(), user) for _ in range(2))
        given = {"present": PASSWORD, "code": code_of(user), "password": "four-red-umbrellas", "key": str(uuid4())}
        for wrong in ({"present": "wrong"}, {"code": ""}, {"code": "000000"}):
            assert here.post("/me/password", given | wrong).status_code == 422
        TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        with clock.given(START + timedelta(minutes=1)):
            assert here.post("/me/password", given).status_code == 302
        with clock.given(START + timedelta(minutes=2)):
            assert here.get("/me").status_code == elsewhere.get("/me").status_code == 302
            assert Client().post("/sign-in", {"username": user.username, "password": PASSWORD}).status_code == 422

    def test_in_use_cannot_be_guessed_from_an_open_session(self, city: World) -> None:
        client = sign_in(Client(), city.user("gate_officer"))
        given = {"present": "wrong", "code": "000000", "password": "four-red-umbrellas", "key": str(uuid4())}
        told = [client.post("/me/password", given).content.decode() for _try in range(6)]
        assert ["错误次数过多" in one for one in told] == [False] * 5 + [True]

    def test_set_anew_by_the_administrator_leave_the_code_device(self, city: World) -> None:
        user = city.user("gate_officer")
        device = TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
        helper = sign_in(Client(), city.user("system_admin"))
        given = {"password": "four-red-umbrellas", "key": str(uuid4())}
        assert helper.post(f"/accounts/{user.id}/password", given).status_code == 302
        assert TOTPDevice.objects.get(user=user).key == device.key
        visitor = Client()
        visitor.post("/sign-in", {"username": user.username, "password": given["password"]})
        assert visitor.get("/me").status_code == 302, "a password alone opens nothing"


class TestAccounts:
    def test_are_none_before_somebody_opens_one(self, db: None) -> None:
        assert not User.objects.exists()

    def test_enrol_devices_with_seeds_nobody_can_guess(self, city: World) -> None:
        seeds = {codes.enrolment(city.user(name)).secret for name in ("gate_officer", "driver", "commander")}
        assert len(seeds) == 3
        assert all(len(seed.replace(" ", "")) >= 32 for seed in seeds), "160 bits"

    def test_have_two_factors_behind_every_session(self, city: World) -> None:
        """The one way to begin a session asks for the device; a demo's one click is refused outside a demo city."""
        request: Any = SimpleNamespace(session={})
        with pytest.raises(AssertionError):
            sessions.begin(request, city.user("gate_officer"), None)
        assert composed.DEMO is False
        assert timedelta(minutes=10) > entering.PENDING_MAX


class TestFiles:
    def test_larger_than_their_limit_are_refused(self) -> None:
        for form_class in (FileForm, ReportForm):
            file = SimpleUploadedFile("list.csv", b"x")
            file.size = FILE_BYTES_MAX + 1
            form = form_class({"kind": "manifest"}, {"file": file})
            assert "64 MB" in str(form.errors["file"]) or "64" in str(form.errors["file"])

    def test_are_never_found_by_the_name_they_came_with(self, city: World) -> None:
        """The name is kept to be shown; no path is made of it, and what is handed out is called by our own."""
        client = sign_in(Client(), city.user("commander"))
        file = SimpleUploadedFile("list.csv", sheet(row(1)), "text/csv")
        file.__dict__["_name"] = '../../../tmp/"; filename=evil.html'
        answer = client.post("/batches/new", {"file": file, "kind": "manifest", "key": str(uuid4())})
        batch = Batch.objects.get()
        assert answer["Location"] == f"/batches/{batch.id}/preview"
        by = city.actor("commander")
        take_in_file(
            lambda *_counts: None,
            batch_id=str(batch.id),
            actor=by.id,
            unit=str(by.unit),
            name=by.name,
            key=str(uuid4()),
        )
        for address in ("outcome.csv", "annotated.xlsx"):
            out = shut(client.get(f"/batches/{batch.id}/{address}"))
            kind, _semicolon, name = out.headers["Content-Disposition"].partition("; ")
            assert kind == "attachment"
            assert name == f'filename="{address.replace(".", f"-{batch.id}.")}"'
        assert not getattr(settings, "MEDIA_ROOT", "")


class TestTheLog:
    @pytest.fixture
    def heard(self) -> Iterator[list[str]]:
        lines: list[str] = []
        handler = logging.Handler()
        handler.setFormatter(logs.Formatter(composed.LOGGING["formatters"]["plain"]["format"]))  # type: ignore[index]
        handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
        root = logging.getLogger()
        root.addHandler(handler)
        yield lines
        root.removeHandler(handler)

    def test_begins_each_line_with_the_moment_in_utc(self) -> None:
        record = logging.LogRecord("a", logging.WARNING, __file__, 1, "words", None, None)
        record.created = datetime(2022, 6, 20, 2, 0, 0, 500_000, tzinfo=UTC).timestamp()
        record.msecs = 500.0
        written = logs.Formatter(composed.LOGGING["formatters"]["plain"]["format"]).format(record)  # type: ignore[index]
        assert written == "2022-06-20T02:00:00.500Z WARNING a: words"

    def test_says_who_was_refused_what_from_where(self, city: World, heard: list[str]) -> None:
        user = city.user("gate_officer")
        client = sign_in(Client(REMOTE_ADDR="192.0.2.7"), user)
        assert client.get("/audit/").status_code == 404
        refused = [line for line in heard if "No power access.audit for /audit/" in line]
        assert len(refused) == 1
        assert refused[0].endswith(f" status=404 method=GET by={user.subject} from=192.0.2.7")
        assert client.get(f"/units/{uuid4()}").status_code == 404
        assert [line for line in heard if "Not Found: /units/" in line and f"by={user.subject}" in line]

    def test_says_of_a_form_that_was_not_ours(self, city: World, heard: list[str]) -> None:
        Client(enforce_csrf_checks=True, REMOTE_ADDR="192.0.2.8").post("/sign-in", {})
        assert [one for one in heard if "django.security.csrf" in one and one.endswith("by=nobody from=192.0.2.8")]

    def test_cannot_be_made_to_say_another_line(self, city: World, heard: list[str]) -> None:
        visitor = Client(REMOTE_ADDR="192.0.2.9\n2022-06-20T02:00:00.000Z INFO all is well")
        visitor.get("/nothing%0A2022 ERROR x%E2%80%A8y")
        logging.getLogger("a").warning("one\r\n2022-06-20T02:00:00.000Z INFO forged \x1b[31m %s", "two\nthree")
        assert len(heard) >= 2
        assert not [line for line in heard if len(line.splitlines()) > 1 or "\x1b" in line]

    def test_keeps_secret_addresses_and_what_was_searched_for_to_itself(self, city: World, heard: list[str]) -> None:
        Client().get("/p/T0KEN-that-opens-somebodys-page/appeal?q=410811199001011234")
        assert heard
        assert not [line for line in heard if "T0KEN" in line or "410811199001011234" in line]

    def test_names_every_fault_with_its_place_and_not_its_words(self, heard: list[str]) -> None:
        entered = "张三 410811199001011234"
        try:
            raise ValueError(entered)
        except ValueError:
            logging.getLogger("a").error("Job failed", exc_info=sys.exc_info())
        assert "builtins.ValueError" in heard[0]
        assert all(line.startswith("  ") for line in heard[0].splitlines()[1:])
        assert "test_security.py" in heard[0]
        assert "张三" not in heard[0]

    def test_goes_nowhere_but_to_the_standard_error(self) -> None:
        handlers = composed.LOGGING["handlers"]
        assert list(handlers) == ["stderr"]  # type: ignore[call-overload]
        assert handlers["stderr"]["class"] == "logging.StreamHandler"  # type: ignore[index]
        assert settings.ADMINS in ([], ())


class TestTheDatabaseConnection:
    def test_is_made_over_tls_as_its_address_says(self) -> None:
        url = "postgresql://bihuan@db.city.example/bihuan?sslmode=verify-full&sslrootcert=/etc/ca.pem"
        options: Any = composed.database(url, "bihuan_app")["OPTIONS"]
        assert options["sslmode"] == "verify-full"
        assert options["sslrootcert"] == "/etc/ca.pem"
        assert "role=bihuan_app" in options["options"]


class TestAFieldOfAForm:
    def test_that_binds_is_read_by_the_server_whatever_the_browser_let_pass(self, city: World) -> None:
        client = sign_in(Client(), city.user("system_admin"))
        given = {"username": "x", "name": "长" * 81, "phone": "1" * 41, "password": "short", "key": str(uuid4())}
        answer = client.post("/accounts/new", given)
        assert answer.status_code == 422
        assert {"name", "phone"} <= set(answer.context["form"].errors)
        assert not User.objects.filter(username="x").exists()
        assert access.queries.today() == START.date()
