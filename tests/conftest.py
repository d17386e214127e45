"""The suite's environment: set before Django reads its settings, so that no .env file can leak in."""

import os
import tempfile

os.environ["ENV_FILE"] = os.devnull
os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="paperboy-tests-"))
os.environ.setdefault("CACHE_URL", "locmemcache://")
os.environ.setdefault("EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
os.environ.setdefault("CELERY_BROKER_URL", "memory://")
os.environ.setdefault("POSTAL_ADDRESS", "1 Test Street, Testville")
