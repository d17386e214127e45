import pytest

from tests.sources.loopback import running


@pytest.fixture
def loopback():
    with running() as server:
        yield server
