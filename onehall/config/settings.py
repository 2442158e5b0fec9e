"""Django settings: read from the environment, the same in the demo and in production."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from onehall.config.env import Env, database_from_url, pay_demo_secrets, stored_secret

env = Env()
PACKAGE = Path(__file__).resolve().parent.parent
MODE = env.choice("ONEHALL_MODE", ("production", "demo", "development", "test"))
DATA_DIR = env.folder("ONEHALL_DATA")
DEBUG = MODE == "development"
BUILT = MODE in {"production", "demo"}
HTTPS = env.flag("ONEHALL_HTTPS", otherwise=MODE == "production")

# --- who answers ---------------------------------------------------------------------------------
SECRET_KEY = env.text("ONEHALL_SECRET_KEY") or (
    "only-for-tests" * 4 if MODE == "test" else stored_secret(DATA_DIR / "secrets", "signing-key")
)
SECRET_KEY_FALLBACKS = env.items("ONEHALL_SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.items("ONEHALL_HOSTS")
CSRF_TRUSTED_ORIGINS = env.items("ONEHALL_ORIGINS")
ROOT_URLCONF = "onehall.config.urls"
WSGI_APPLICATION = "onehall.config.wsgi.application"

# --- the rooms -----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "onehall.portal",
    "onehall.console",
    "onehall.api",
    "onehall.look",
    "onehall.setup",
    "onehall.insights",
    "onehall.service_requests",
    "onehall.billing",
    "onehall.casework",
    "onehall.catalog",
    "onehall.people",
    "onehall.messaging",
    "onehall.places",
    "onehall.kernel",
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "onehall.config.static.OwnStaticFilesConfig",
    "allauth",
    "allauth.account",
    "django_htmx",
]

MIDDLEWARE = [
    "onehall.config.logs.RequestIdMiddleware",
    "onehall.look.kept.KeptPagesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "onehall.look.doorway.CityMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"i18n": "onehall.look.templatetags.quick_i18n"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "onehall.look.context.page",
            ],
        },
    },
]

# The `i18n` tags are replaced on purpose, see above.
SILENCED_SYSTEM_CHECKS = ["templates.W003"]
FORM_RENDERER = "onehall.look.forms.LookRenderer"
CSRF_FAILURE_VIEW = "onehall.look.errors.csrf_failure"

# --- data ----------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL") or "postgresql://postgres@localhost/onehall"
DATABASES: dict[str, dict[str, Any]] = {"default": database_from_url(DATABASE_URL)}
# Gunicorn's threads live long, so each keeps a connection of its own: a pool would cost every request
# more than its queries do. A pool is for servers with more threads than connections.
if not DATABASES["default"]["HOST"].startswith("/"):
    # A server that is cut off says nothing: give up in time to keep a report that came.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
    } | DATABASES["default"]["OPTIONS"]
_pool = env.number("ONEHALL_DB_POOL")
if _pool and MODE != "test":
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": _pool, "timeout": 10}
elif MODE != "test":
    DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in limits must count over all processes, so the shared cache lives in the database.
_LOCAL_CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
_SHARED_CACHE = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "onehall_cache",
}
CACHES = {
    "default": _LOCAL_CACHE if MODE == "test" else _SHARED_CACHE,
    "local": {**_LOCAL_CACHE, "LOCATION": "local"},
    # Finished pages, some tens of kilobytes each.
    "pages": {**_LOCAL_CACHE, "LOCATION": "pages", "OPTIONS": {"MAX_ENTRIES": 400}},
}
# Tests look at once at what they wrote.
ONEHALL_KEEP_PAGES = MODE != "test"

STATIC_URL = "/static/"
STATIC_ROOT = env.folder("ONEHALL_STATIC") if env.text("ONEHALL_STATIC") else DATA_DIR / "static"
# The map library comes from a wheel whose Django app needs GDAL; only its files are taken.
_leaflet = find_spec("leaflet")
_leaflet_home = Path(_leaflet.origin).parent if _leaflet and _leaflet.origin else PACKAGE
STATICFILES_DIRS = [("leaflet", _leaflet_home / "static" / "leaflet")]
FILES_DIR = DATA_DIR / "files"
# Reports that came while the database was away, until they are recorded.
WAITING_DIR = DATA_DIR / "waiting"
WAITING_MOST = env.number("ONEHALL_WAITING_MOST")
MEDIA_ROOT = FILES_DIR
# Vector tiles that an operator puts there, one file for each city.
MAPS_DIR = DATA_DIR / "maps"
# Gazetteers, built from the database. Tests write rows by hand, which a kept file would not know of.
PLACES_DIR: Path | None = None if MODE == "test" else DATA_DIR / "places"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": FILES_DIR, "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "onehall.config.static.HashedFiles"
        if BUILT
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = not BUILT
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    "webp",
    "png",
    "jpg",
    "gif",
    "ico",
    "woff2",
    "br",
    "gz",
    "map",
)
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A service with thirty questions is one form of the set-up.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3_000
DATA_UPLOAD_MAX_NUMBER_FILES = 24
FILE_UPLOAD_PERMISSIONS = 0o600
LIVE_SOCKET = env.text("ONEHALL_LIVE_SOCKET") or str(DATA_DIR / "run" / "live.sock")

# --- people --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["onehall.config.accounts.SignIn"]
SESSION_ENGINE = "onehall.config.sessions"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
if MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "onehall.config.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "onehall.config.account_forms.SignInForm",
    "request_login_code": "onehall.config.account_forms.RequestCodeForm",
    "confirm_login_code": "onehall.config.account_forms.ConfirmCodeForm",
    "reset_password": "onehall.config.account_forms.ResetPasswordForm",
    "confirm_password_reset_code": "onehall.config.account_forms.ConfirmResetForm",
    "reset_password_from_key": "onehall.config.account_forms.NewPasswordForm",
    "change_password": "onehall.config.account_forms.ChangePasswordForm",
    "reauthenticate": "onehall.config.account_forms.AgainForm",
}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True

# --- words and times -----------------------------------------------------------------------------
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [PACKAGE / "locale"]

# --- what a browser may do -----------------------------------------------------------------------
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "blob:", "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "worker-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
# No other site learns the secret link of a report. Not stricter: with "no-referrer" browsers send the
# origin "null" with our own forms, and every one of them would be refused.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
TRUSTED_PROXIES = env.positive("ONEHALL_PROXIES") if env.flag("ONEHALL_TRUST_PROXY") else 0
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LIMIT_CONNECTIONS = env.flag("ONEHALL_LIMIT_CONNECTIONS")
PUBLIC_ADDRESS = env.text("ONEHALL_ADDRESS")
ONEHALL_MAP_FONT = env.text("ONEHALL_MAP_FONT")

# --- payments ------------------------------------------------------------------------------------
_pay_demo = pay_demo_secrets(env) if env.text("ONEHALL_PAY_DEMO_ADDRESS") else ("", "")
PAYMENTS = {
    "demo_address": env.text("ONEHALL_PAY_DEMO_ADDRESS"),
    "demo_pages": env.text("ONEHALL_PAY_DEMO_PAGES"),
    "demo_key": _pay_demo[0],
    "demo_secret": _pay_demo[1],
    "stripe_key": env.text("ONEHALL_STRIPE_KEY"),
    "stripe_secret": env.text("ONEHALL_STRIPE_SECRET"),
    "stripe_address": env.text("ONEHALL_STRIPE_ADDRESS"),
}

# --- mail ----------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("ONEHALL_MAIL_FROM")
_tls = env.choice("ONEHALL_MAIL_TLS", ("starttls", "tls", "none"))
_SMTP = {
    "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "OPTIONS": {
        "host": env.text("ONEHALL_MAIL_HOST"),
        "port": env.number("ONEHALL_MAIL_PORT"),
        "username": env.text("ONEHALL_MAIL_USER"),
        "password": env.text("ONEHALL_MAIL_PASSWORD"),
        "use_tls": _tls == "starttls",
        "use_ssl": _tls == "tls",
        "timeout": 20,
    },
}
_FILES = {
    "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
    "OPTIONS": {"file_path": str(DATA_DIR / "mail")},
}
MAILERS: dict[str, dict[str, Any]] = {"default": _SMTP if env.text("ONEHALL_MAIL_HOST") else _FILES}

# --- logs: one line per event, key=value, no personal data ---------------------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "onehall.config.logs.LineFormatter"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["out"], "level": env.text("ONEHALL_LOG_LEVEL")},
    "loggers": {
        "django": {"handlers": ["out"], "propagate": False, "level": env.text("ONEHALL_LOG_LEVEL")},
        "django.server": {"handlers": ["out"], "propagate": False, "level": "INFO"},
    },
}
