"""The composition root's settings. Everything that differs between installations comes from BIHUAN_* variables."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from bihuan.site import postgres

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = postgres.default_home()
DEMO = os.environ.get("BIHUAN_DEMO") == "1"
DEMO_SIGNATURE = "246810"  # signs in a demo city only, and is shown there on the page
DEBUG = False


def kept_secret(home: Path) -> str:
    """The key that `bihuan migrate` made for this installation; empty before, and then nothing is served."""
    kept = home / "secret-key"
    return kept.read_text().strip() if kept.exists() else ""


SECRET_KEY = os.environ.get("BIHUAN_SECRET_KEY") or kept_secret(HOME)
ALLOWED_HOSTS = os.environ.get("BIHUAN_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("BIHUAN_ORIGINS", "").split(",") if origin]

# A proxy in front ends TLS and says so in a header, which it takes away from what visitors send.
HTTPS = os.environ.get("BIHUAN_HTTPS") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
# The prefix binds a cookie to this very host; browsers take it only over TLS.
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "django_language"
CSRF_COOKIE_HTTPONLY = True  # forms carry the token; no script asks for it
MESSAGE_STORAGE = "bihuan.site.edge.Messages"

APP_ROLE = postgres.APP_ROLE


def database(url: str, role: str | None) -> dict[str, object]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or query.get("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", parts.hostname or ""),
        "PORT": str(parts.port or query.get("port", "")),
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": 60,
        # What the address says of TLS (sslmode, sslrootcert, sslcert, sslkey) reaches the driver as it stands.
        # Compiling a query costs more than any of ours takes, hence no jit.
        # What the owner does, commits wait for no backup: whoever receives it may not run yet.
        "OPTIONS": {
            **{name: value for name, value in query.items() if name.startswith("ssl")},
            "options": f"-c role={role} -c jit=off" if role else "-c synchronous_commit=local",
        },
    }


# Without a server of one's own the embedded one serves; naming its place starts nothing.
DATABASE_URL = os.environ.get("BIHUAN_DATABASE_URL") or postgres.url(HOME)
# The serving processes act as the application's own role, which owns nothing; only `bihuan migrate` acts as the owner.
DATABASES = {"default": database(DATABASE_URL, None if os.environ.get("BIHUAN_AS_OWNER") == "1" else APP_ROLE)}

# Policies and pathways as data; a city's own folders come after ours and may take the place of one by its name.
PROFILES = [BASE_DIR / "profiles", *[Path(name) for name in os.environ.get("BIHUAN_PROFILES", "").split(":") if name]]
ACTIVE_PROFILE = "covid19-cn"  # until the city has chosen another
CITY_PROFILE = Path(os.environ.get("BIHUAN_CITY_PROFILE", BASE_DIR / "profiles" / "city"))

KERNEL = ["clock", "ledger", "custody", "loop", "access", "web"]
MODULES = [
    "command",
    "public",
    "isolation",
    "transfers",
    "arrivals",
    "testing",
    "measures",
    "people",
    "places",
    "units",
]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_htmx",
    "procrastinate.contrib.django",
    *[f"bihuan.kernel.{name}" for name in KERNEL],
    *[f"bihuan.modules.{name}" for name in MODULES],
]
PROCRASTINATE_IMPORT_PATHS = ["bihuan.kernel.web.jobs", "bihuan.kernel.web.exporting"]  # what a worker must know to run
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful"}
AUTH_USER_MODEL = "access.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "bihuan.kernel.access.passwords.OwnWordsValidator"},
]
MIDDLEWARE = [
    *(["bihuan.site.edge.ProxyMiddleware"] if HTTPS else []),
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bihuan.site.edge.MethodMiddleware",
    "bihuan.site.edge.ClockMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "bihuan.kernel.access.middleware.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "bihuan.kernel.web.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "bihuan.site.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "Chinese"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other site has a use for our scripts and pictures
WHITENOISE_USE_FINDERS = True  # files are served from the package itself: nothing has to be collected
WHITENOISE_IMMUTABLE_FILE_TEST = r"/web/dist/assets/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_URL = "/sign-out"
ACCOUNT_URL = "/me"
PUBLIC_URL = "/public/"
SESSION_COOKIE_AGE = 12 * 60 * 60  # the outer wall; idle and absolute ends are judged by bihuan.kernel.access.sessions
SESSION_COOKIE_SAMESITE = "Lax"

CSRF_FAILURE_VIEW = "bihuan.kernel.web.views.form_expired"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CSP = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}
CITY_NOW = "bihuan.site.edge.city_now"  # how a background job learns the city's time
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "bihuan.site.logs.Formatter", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
}
BEFORE_ACTION = "bihuan.site.space.refuse_when_full"  # what may refuse every action: it is told who acts
DISK_PERCENT_MAX = int(os.environ.get("BIHUAN_DISK_PERCENT_MAX", "94"))
NAV_SECTIONS = [
    ("today", _("Today")),
    ("gates", _("Gates")),
    ("transfers", _("Transfers")),
    ("isolation", _("Isolation")),
    ("measures", _("Measures")),
    ("command", _("Command")),
    ("settings", _("Settings")),
]
