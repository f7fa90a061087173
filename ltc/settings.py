"""Settings: everything that differs between machines comes from the environment (see .env.example)."""

import logging
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from ltc.mail import mail_settings
from ltc.observe import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

LTC_DATA = Path(env("LTC_DATA", default=str(BASE_DIR / ".local")))
DEBUG = env.bool("LTC_DEBUG", default=False)
SECRET_KEY = env("LTC_SECRET_KEY")
# The key of the log's HMAC chains. It must not live in the database it protects.
LTC_LOG_KEY = env("LTC_LOG_KEY")
LTC_ANCHOR_FILE = Path(env("LTC_ANCHOR_FILE", default=str(LTC_DATA / "log-anchors.jsonl")))
ALLOWED_HOSTS = env.list("LTC_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("LTC_TRUSTED_ORIGINS", default=[])
LTC_HTTPS = env.bool("LTC_HTTPS", default=False)
# How many proxies of ours stand in front: whose word on the client's address counts.
LTC_PROXIES = env.int("LTC_PROXIES", default=0)

# The stage apps stand in LTC order: lead to cash. A test compares this list with process.stages.
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "csp",
    "django_structlog",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "core",
    "accounts",
    "process",
    "approvals",
    "customers",
    "products",
    "finance",
    "purchasing",
    "leads",
    "projects",
    "guidance",
    "solutions",
    "contracts",
    "billing",
    "delivery",
    "operations",
    "closing",
    "desk",
    "dashboard",
    "maturity",
    "exchange",
    "ltc",
]

MIDDLEWARE = [
    "ltc.proxies.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ltc.observe.requests.RequestLogMiddleware",
    "ltc.observe.metrics.MetricsMiddleware",
    "process.middleware.PageMethodsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "process.middleware.PrivatePagesMiddleware",
    "accounts.middleware.UserLanguageMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SessionSeenMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "accounts.middleware.DutyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "process.middleware.AddressMiddleware",
    "process.middleware.DomainErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ltc.urls"
WSGI_APPLICATION = "ltc.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ltc.navigation.navigation",
            ],
        },
    },
]

FORM_RENDERER = "core.forms.Renderer"

# PgBouncer stands between: the role then carries the time limits (docs/operations.md, section 12).
LTC_POOLER = env.bool("LTC_POOLER", default=False)
_TIMEOUTS = "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL", engine="django.db.backends.postgresql"),
        "CONN_MAX_AGE": env.int("LTC_CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
        # The owner runs migrations, verify and imports: those may take longer than a page. A pooler knows no options
        # of a start, and may hand each transaction another connection, without the cursors of the last.
        "OPTIONS": {} if env.bool("LTC_OWNER", default=False) or LTC_POOLER else {"options": _TIMEOUTS},
        "DISABLE_SERVER_SIDE_CURSORS": LTC_POOLER,
    },
}
DATABASE_OWNER_URL = env("DATABASE_OWNER_URL", default="")
# The role whose rights `process.guards` narrows: append-only tables can only be read and inserted into.
LTC_APP_ROLE = env("LTC_APP_ROLE", default="ltc_app")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "core.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "ltc.back_room.DutyBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_RESET_TIMEOUT = 3600

# The door: user names sign in, nobody signs up, mail addresses are not managed by their owners.
ACCOUNT_ADAPTER = "accounts.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_TIMEOUT = 600
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_FORMS = {"login": "accounts.forms.SignInForm", "reauthenticate": "accounts.forms.ConfirmPasswordForm"}
# The lock-out counts in the database (AXES below); limits in the cache would end with Redis.
ACCOUNT_RATE_LIMITS = False
MFA_ADAPTER = "accounts.sign_in.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "LTC"
MFA_TOTP_TOLERANCE = 1
# Nobody's mail address is verified here, so an unverified one is no obstacle.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "accounts.forms.CodeForm",
    "reauthenticate": "accounts.forms.ConfirmCodeForm",
    "activate_totp": "accounts.forms.SetUpAppForm",
    "add_webauthn": "accounts.forms.AddKeyForm",
}
# The 7th wrong password or code locks: the account wherever it was typed, and the address whosever it was.
AXES_HANDLER = "accounts.lockout.LockOut"
AXES_FAILURE_LIMIT = 7
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "accounts.lockout.answer"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LTC_HTTPS
CSRF_FAILURE_VIEW = "core.views.csrf_failure"
SECURE_SSL_REDIRECT = LTC_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, without TLS
SECURE_HSTS_SECONDS = 31536000 if LTC_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = LTC_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if LTC_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env("LTC_TIME_ZONE", default="Asia/Shanghai")
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["ltc.formats"]
# Morning and afternoon of a working day in the company's time zone; SLA clocks run inside them.
LTC_WORKING_HOURS = [("09:00", "12:00"), ("13:00", "18:00")]

STATIC_URL = "static/"
STATIC_ROOT = Path(env("LTC_STATIC", default=str(LTC_DATA / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env("LTC_MEDIA", default=str(LTC_DATA / "media")))
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000
LTC_UPLOAD_MAX_BYTES = 20 * 1024 * 1024
STORAGES = {
    "default": {"BACKEND": "core.storage.WholeFileStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

REST_FRAMEWORK = {
    # The token first: whoever is not known then gets 401 and not 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    # Asked in this order; the first that refuses answers.
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.permissions.SecondFactor",
        "accounts.tokens.TokenReach",
        "accounts.permissions.DutyWall",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.throttling.PerUser", "core.api.throttling.PerAddress"],
    "DEFAULT_THROTTLE_RATES": {
        "user": env("LTC_API_RATE", default="1200/min"),
        "anon": env("LTC_API_RATE_ANONYMOUS", default="60/min"),
    },
    # ClientAddressMiddleware has put the client's address where a proxy's would stand.
    "NUM_PROXIES": 0,
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.Schema",
    "EXCEPTION_HANDLER": "core.api.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
}
# Parts of the house that a token can be limited to.
LTC_API_AREAS = (
    "leads",
    "projects",
    "guidance",
    "solutions",
    "contracts",
    "billing",
    "delivery",
    "operations",
    "closing",
    "finance",
    "purchasing",
    "customers",
    "products",
    "approvals",
    "process",
    "desk",
    "dashboard",
    "maturity",
)
KNOX_TOKEN_MODEL = "accounts.ApiToken"
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_PREFIX": "ltc_"}
# The table of knox is replaced by accounts.ApiToken.
MIGRATION_MODULES = {"knox": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "LTC",
    "DESCRIPTION": "Lead to cash: everything a page can do.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [],
    # It would read tables; tests/api/test_schema.py checks the schema.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "filter": True},
}

LTC_SMTP_URL = env("LTC_SMTP_URL", default="")
LTC_MAIL = bool(LTC_SMTP_URL)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("LTC_MAIL_FROM", default="ltc@localhost")
globals().update(mail_settings(LTC_SMTP_URL))
# What links in mails begin with; no page is asked for it, since jobs send them.
LTC_SITE_URL = env("LTC_SITE_URL", default="").rstrip("/")

# Lines without personal data, with the id of the request from the page into its jobs: ltc/observe/.
LOGGING = logs.configuration(env("LTC_LOG_LEVEL", default="INFO"), env("LTC_LOG_FORMAT", default="plain"))
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = DJANGO_STRUCTLOG_TRUST_UPSTREAM_CORRELATION_ID = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
# Without it, /metrics answers this machine alone.
LTC_METRICS_TOKEN = env("LTC_METRICS_TOKEN", default="")
