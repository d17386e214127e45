"""The suite's environment: set before Django reads its settings, so that no .env file can leak in."""

import os
import tempfile
from pathlib import Path

import pytest

os.environ["ENV_FILE"] = os.devnull
os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="paperboy-tests-"))
os.environ.setdefault("CACHE_URL", "locmemcache://")
os.environ.setdefault("EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
os.environ.setdefault("CELERY_BROKER_URL", "memory://")
os.environ.setdefault("POSTAL_ADDRESS", "1 Test Street, Testville")

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The reference data beside the project: used in place, never copied into it."""
    if SHARED_DATA.is_dir():
        return SHARED_DATA
    reason = f"reference data is absent: {SHARED_DATA}"
    if os.environ.get("PAPERBOY_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
