"""All settings, read from the environment; defaults run on a laptop. docs/settings.md explains each one.

Any variable NAME may be given as NAME_FILE instead, the path of a file with the value: made for secrets.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from config import palette
from config.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.read_file(os.environ.get("ENV_FILE", BASE_DIR / ".env"))

# The site

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SITE_NAME = env.str("SITE_NAME", default="Paperboy")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
# By this machine's own names health checks ask, whatever else is allowed.
ALLOWED_HOSTS = [*env.list("ALLOWED_HOSTS", default=[SITE_HOST]), "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL] if SITE_URL.startswith("https://") else [])
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)

# Papers

FETCH_TIMEOUT_SECONDS = env.float("FETCH_TIMEOUT_SECONDS", default=30.0)
FETCH_MAX_BYTES = env.int("FETCH_MAX_BYTES", default=20 * 1024 * 1024)
FETCH_PAUSE_SECONDS = env.float("FETCH_PAUSE_SECONDS", default=1.0)
GITHUB_TOKEN = env.str("GITHUB_TOKEN", default="")
FETCH_ALLOW_PRIVATE = env.list("FETCH_ALLOW_PRIVATE", default=[])  # hosts
FETCH_CONTACT = env.str("FETCH_CONTACT", default="")

# Editions: hours are in TIME_ZONE, the weekday is 0 for Monday

DAILY_PUBLISH_HOUR = env.int("DAILY_PUBLISH_HOUR", default=6)
WEEKLY_PUBLISH_HOUR = env.int("WEEKLY_PUBLISH_HOUR", default=6)
WEEKLY_PUBLISH_WEEKDAY = env.int("WEEKLY_PUBLISH_WEEKDAY", default=0)
CURATION_HOURS = env.int("CURATION_HOURS", default=4)
POOL_DAYS = env.int("POOL_DAYS", default=7)
POOL_SIZE = env.int("POOL_SIZE", default=400)

# Delivery

DELIVERY_CHUNK = env.int("DELIVERY_CHUNK", default=2000)
DELIVERY_WINDOW = env.int("DELIVERY_WINDOW", default=200)
PAUSE_SECONDS = env.int("PAUSE_SECONDS", default=60)
LATE_DELIVERY_HOURS = env.int("LATE_DELIVERY_HOURS", default=12)
UNKNOWN_DELIVERIES = env.str("UNKNOWN_DELIVERIES", default="skip")
MEMORY_DAYS = env.int("MEMORY_DAYS", default=0)  # for ever
RECORDS_DAYS = env.int("RECORDS_DAYS", default=90)
SOFT_BOUNCE_LIMIT = env.int("SOFT_BOUNCE_LIMIT", default=3)
SOFT_BOUNCE_WINDOW = env.int("SOFT_BOUNCE_WINDOW", default=5)
SOFT_BOUNCE_DAYS = env.int("SOFT_BOUNCE_DAYS", default=7)

# Limits: empty for none

SENDING_LIMITS = env.str("SENDING_LIMITS", default="")
DESTINATION_LIMITS = env.str("DESTINATION_LIMITS", default="")
WARM_UP = env.str("WARM_UP", default="")
SENDING_CONNECTIONS = env.int("SENDING_CONNECTIONS", default=0)

# Readers

SUPPRESSION_KEY = env.str("SUPPRESSION_KEY", default=SECRET_KEY)
SUPPRESSION_KEY_FORMER = env.list("SUPPRESSION_KEY_FORMER", default=[])  # the newest first
CONFIRMATION_DAYS = env.int("CONFIRMATION_DAYS", default=7)
SIGNUP_MAILS = env.int("SIGNUP_MAILS", default=3)
SIGNUPS_PER_IP_PER_HOUR = env.int("SIGNUPS_PER_IP_PER_HOUR", default=20)
SIGNUPS_PER_HOUR = env.int("SIGNUPS_PER_HOUR", default=500)
CONSENT_RECORDS_IP = env.bool("CONSENT_RECORDS_IP", default=True)
CONSENT_IP_DAYS = env.int("CONSENT_IP_DAYS", default=365)

# Mail

EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND",
    default="digest.delivery.outbox.EmailBackend" if DEBUG else "django.core.mail.backends.smtp.EmailBackend",
)
# Over SMTP, digests have a transport of our own; whatever else, they go through the mail backend.
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
DELIVERY_TRANSPORT = env.str("DELIVERY_TRANSPORT", default="smtp" if EMAIL_BACKEND == SMTP_BACKEND else "anymail")
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=30)
SMTP_CONNECTIONS = env.int("SMTP_CONNECTIONS", default=4)
SMTP_MESSAGES_PER_CONNECTION = env.int("SMTP_MESSAGES_PER_CONNECTION", default=500)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Paperboy <digest@paperboy.localhost>")
SERVER_EMAIL = env.str("SERVER_EMAIL", default=DEFAULT_FROM_EMAIL)
ALERT_ADDRESSES = env.list("ALERT_ADDRESSES", default=[])
ALERT_EMAIL_BACKEND = env.str("ALERT_EMAIL_BACKEND", default="")
REPLY_TO = env.str("REPLY_TO", default="")
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="")
BOUNCE_IMAP_URL = env.str("BOUNCE_IMAP_URL", default="")
UNSUBSCRIBE_ADDRESS = env.str("UNSUBSCRIBE_ADDRESS", default="")
LIST_ID = env.str("LIST_ID", default="")
DKIM_SELECTORS = env.list("DKIM_SELECTORS", default=[])
POSTAL_ADDRESS = env.str("POSTAL_ADDRESS", default="")
OUTBOX_DIR = DATA_DIR / "outbox"
PROVIDER_CONNECTIONS = env.int("PROVIDER_CONNECTIONS", default=16)
PROVIDER_BATCH = env.int("PROVIDER_BATCH", default=1)
PROVIDER_CALLS_PER_SECOND = env.float("PROVIDER_CALLS_PER_SECOND", default=0.0)  # what is known of the provider
PROVIDER_TIMEOUT = env.int("PROVIDER_TIMEOUT", default=20)
# Every ANYMAIL_<NAME> variable (or ANYMAIL_<NAME>_FILE) becomes ANYMAIL["<NAME>"], whatever the provider.
ANYMAIL = {**env.prefixed("ANYMAIL_"), "REQUESTS_TIMEOUT": PROVIDER_TIMEOUT}

# Database, cache and queue

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'paperboy.sqlite3'}")}
DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
DATABASES["default"].setdefault("CONN_HEALTH_CHECKS", True)
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Readers never wait for the writer (WAL), and a transaction takes its write lock at once instead of failing
    # half-way when another process got there first (IMMEDIATE). The system keeps the file in memory, too: more than
    # these 8 MB of its own make no process faster.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        timeout=20,
        transaction_mode="IMMEDIATE",
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8192;",
    )
CACHES = {"default": env.cache_url("CACHE_URL", default="dbcache://paperboy_cache")}
if CACHES["default"]["BACKEND"].endswith(("DatabaseCache", "LocMemCache")):
    # At Django's own limit, 300, a third of all sign-up counts would be thrown away time and again.
    CACHES["default"].setdefault("OPTIONS", {}).setdefault("MAX_ENTRIES", 100_000)

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://")
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # one log format for all processes
CELERY_TASK_IGNORE_RESULT = True
# Four queues, so that nobody waits for what takes long: a worker may serve all of them, or some (-Q urgent,control).
CELERY_TASK_DEFAULT_QUEUE = "control"
QUEUES = ("control", "urgent", "bulk", "ingestion")
CELERY_TASK_QUEUES = {name: {"exchange": name, "routing_key": name} for name in QUEUES}
CELERY_TASK_ROUTES = {
    "subscriptions.tasks.*": {"queue": "urgent"},
    "config.tasks.*": {"queue": "urgent"},
    "digest.tasks.send_digests": {"queue": "bulk"},
    "digest.tasks.refresh_*": {"queue": "ingestion"},
    "digest.tasks.read_mailbox": {"queue": "ingestion"},
    "digest.tasks.index_papers": {"queue": "ingestion"},
    "digest.tasks.renew_interests": {"queue": "ingestion"},
    "digest.tasks.fit_model": {"queue": "ingestion"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
TICK_SECONDS = env.float("TICK_SECONDS", default=60.0)
CELERY_BEAT_SCHEDULE = {
    # A tick that no worker took before the next one is worthless: the next one does the same work.
    "tick": {"task": "digest.tasks.tick", "schedule": TICK_SECONDS, "options": {"expires": TICK_SECONDS}},
}
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, str | int | bool] = {
        "data_folder_in": str(DATA_DIR / "broker"),
        "data_folder_out": str(DATA_DIR / "broker"),
        "control_folder": str(DATA_DIR / "broker-control"),
    }
    for folder in ("broker", "broker-control"):
        (DATA_DIR / folder).mkdir(parents=True, exist_ok=True)
else:
    # The visibility timeout stays far above the hard time limit: a task that is merely slow is never handed out again.
    CELERY_VISIBILITY_TIMEOUT = 1800
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 1800,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": 30,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }
DATA_DIR.mkdir(parents=True, exist_ok=True)

# Django

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",  # config.urls loads the pages, where pages are served
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "anymail",
    "axes",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "subscriptions",
    "digest",
    "config",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.headers.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "config.door.second_factor.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "config.context.site",
            ],
        },
    },
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Who guesses passwords is kept out by place, never by name alone: that would be a way to keep an editor out.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=False)
OTP_TOTP_ISSUER = SITE_NAME
PASSWORD_RESET_TIMEOUT = 4 * 3600  # seconds
SESSION_COOKIE_AGE = env.int("DESK_SESSION_HOURS", default=72) * 3600
AXES_CLIENT_IP_CALLABLE = "subscriptions.visitors.place"
AXES_FAILURE_LIMIT = 10
AXES_LOCKOUT_PARAMETERS = [
    ["username", "ip_address"],
    "ip_address",
]  # door.lockout counts the second more mildly
AXES_HANDLER = "config.door.lockout.LockoutHandler"
AXES_COOLOFF_TIME = 1  # hours
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # trying while locked out does not prolong it
AXES_LOCKOUT_CALLABLE = "config.door.lockout.refuse"
AXES_ENABLE_ADMIN = False  # `manage.py axes_reset` does what its pages would
UNFOLD = {
    "SITE_TITLE": SITE_NAME,
    "SITE_HEADER": SITE_NAME,
    "SITE_SUBHEADER": "Editors’ desk",
    "SITE_SYMBOL": "newspaper",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "digest.admin.navigation.favicon"}],
    "SITE_URL": "/",
    "BORDER_RADIUS": "4px",
    "DASHBOARD_CALLBACK": "digest.admin.dashboard.context",
    "SIDEBAR": {"navigation": "digest.admin.navigation.sidebar"},
    "STYLES": ["digest.admin.navigation.stylesheet"],
    "COLORS": palette.COLORS,
}

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "config.formats"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
APPEND_SLASH = False  # a redirect would turn a one-click unsubscribe POST into a GET

# Security

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31536000 if HTTPS else 0)
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # what other subdomains do is not this site's to decide
    "security.W008",  # the proxy redirects; here a redirect would break a one-click unsubscribe POST
    "security.W021",  # the same holds for preload lists
]
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],  # the admin theme needs inline scripts; only staff sees it
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    },
}

# Logging

LOGGING_CONFIG = "config.masking.configure"  # personal links do not belong in logs
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        # Says "received" of every task, which "succeeded" says again; and warns that files have no host name.
        "celery.worker.strategy": {"level": "WARNING"},
        "kombu.connection": {"level": "ERROR"},
    },
}
