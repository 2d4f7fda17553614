"""What the vendor's API has."""

from __future__ import annotations

from tencentcloud.ssl.v20191205.ssl_client import SslClient

from certdesk.wire.vendor import ACTIONS


def test_every_action_of_the_official_client_is_known() -> None:
    """The client of the international edition has one method an action."""
    methods = {name for name in vars(SslClient) if name[0].isupper()}

    assert methods <= ACTIONS
    assert len(ACTIONS) == 73
