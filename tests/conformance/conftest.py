"""One desk and one account on it for all tests of this folder that do not need their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.scene import Scene, set_up
from tests.running import running

SETTINGS = """
[keys.stock]
rsa_2048 = 2
rsa_4096 = 0
p_256 = 4
[dns]
resolvers = ["127.0.0.1:9"]
dnssec = "off"
[http]
hosts = ["desk.example.org"]
wrong_per_minute = 0
pages_per_second = 0
unsigned_per_second = 0
[proof]
interval = 3600
[free]
limit = 1000000
per_domain = 1000000
"""
"""Few keys are needed, and a machine that runs tests has better things to do than fill stocks.

Nobody answers at that resolver, so no name is proved; and a name is looked for once.
Good requests for free certificates are many.
"""


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Run a desk with an account that has a company and a manager."""
    folder = tmp_path_factory.mktemp("conformance") / "desk"
    with running(folder, settings=SETTINGS) as desk:
        yield set_up(desk)
