"""The project's own settings in an environment of the suite's: read before Django reads them, so no .env leaks in.

TEST_DATABASE=postgres runs the whole suite on PostgreSQL (TEST_POSTGRES_URL, else 127.0.0.1).
"""

import os
import tempfile

from tests.services import POSTGRES_URL, with_database

os.environ["ENV_FILE"] = os.devnull
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="paperboy-tests-")
os.environ["CACHE_URL"] = "locmemcache://"
os.environ["EMAIL_BACKEND"] = "django.core.mail.backends.locmem.EmailBackend"
os.environ["CELERY_BROKER_URL"] = "memory://"
os.environ["FETCH_PAUSE_SECONDS"] = "0"
os.environ["POSTAL_ADDRESS"] = "1 Test Street, Testville"
if os.environ.get("TEST_DATABASE") == "postgres":
    os.environ["DATABASE_URL"] = with_database(POSTGRES_URL, f"paperboy_suite_{os.getpid()}")
else:
    os.environ.pop("DATABASE_URL", None)

from config.settings import *  # noqa: F403

# The real hasher takes 0.3 s a password, on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Pages are tested as they are written: nobody has collected the static files.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
WHITENOISE_AUTOREFRESH = True  # it warns of the missing folder otherwise
