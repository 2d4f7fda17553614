"""Reading a private key: a permission of its own, and a row of the audit log for each time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.database import change, rows
from tests.actions.downloading import Place, download, fetch, link
from tests.actions.submitting import refusal
from tests.running import Client

NOTES = "SELECT user_id, action, detail FROM audit WHERE subject = ? ORDER BY entry_id"
UNWRITABLE = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
NO_KEY = "The download would contain the private key, and no policy allows ssl:ReadPrivateKey."


def notes(place: Place, certificate_id: str) -> list[tuple[Any, ...]]:
    """Give who did what to a certificate, with the detail, oldest first."""
    return rows(place.desk.folder, NOTES, certificate_id)


def key_shown(client: Client, certificate_id: str) -> bool:
    """Whether DescribeCertificateDetail shows a private key."""
    return client.detail(certificate_id)["CertificatePrivateKey"] is not None


def test_each_reading_of_a_key_leaves_one_row(place: Place) -> None:
    """Whichever action hands it over, and as often as it does."""
    before = len(notes(place, place.online))
    for _ in range(2):
        assert key_shown(place.client, place.online)
    download(place.client, place.online)
    url, _ = link(place.client, place.online, "apache")
    for _ in range(2):
        assert fetch(url)[0] == 200
    assert notes(place, place.online)[before:] == [
        (None, "DescribeCertificateDetail", "private key"),
        (None, "DescribeCertificateDetail", "private key"),
        (None, "DownloadCertificate", "private key"),
        (None, "DescribeDownloadCertificateUrl", "apache, private key"),
        (None, "DescribeDownloadCertificateUrl", "apache, private key"),
    ]


def test_what_holds_no_key_is_noted_as_such(place: Place) -> None:
    """A look without a key is not noted at all."""
    looker = place.allowed("ssl:Describe*")
    before = [len(notes(place, each)) for each in (place.parsed, place.online)]
    assert not key_shown(place.client, place.parsed)
    assert not key_shown(looker, place.online)
    download(place.client, place.parsed)
    fetch(link(place.client, place.online, "root")[0])
    assert notes(place, place.parsed)[before[0] :] == [(None, "DownloadCertificate", "")]
    assert notes(place, place.online)[before[1] :] == [
        (None, "DescribeDownloadCertificateUrl", "root")
    ]


def test_the_operate_log_tells_that_a_key_was_shown(place: Place) -> None:
    """As a download, with the user who saw it."""
    reader = place.allowed("ssl:Describe*", "ssl:ReadPrivateKey")
    before = len(place.noted(place.passed))
    assert key_shown(reader, place.passed)
    (newest,) = place.noted(place.passed)[: -before or None]
    user = newest["SubAccountUin"]
    assert user != newest["Uin"] == place.keys.uin
    assert newest["Action"] == (
        f"User [uin: {user}] reads the private key of certificate [id: {place.passed}]"
    )


READING, DOWNLOADING, DESCRIBING = "ssl:ReadPrivateKey", "ssl:DownloadCertificate", "ssl:Describe*"


@pytest.mark.parametrize(
    ("allowed", "shown", "zipped", "linked"),
    [
        (("ssl:*",), True, True, True),
        ((DESCRIBING,), False, False, False),
        ((DESCRIBING, DOWNLOADING), False, False, False),
        ((DESCRIBING, READING), True, False, True),
        ((DESCRIBING, DOWNLOADING, READING), True, True, True),
        ((READING,), False, False, False),
        ((DOWNLOADING, READING), False, True, False),
    ],
)
def test_a_key_is_for_who_may_read_it_and_do_what_shows_it(
    place: Place, allowed: tuple[str, ...], *, shown: bool, zipped: bool, linked: bool
) -> None:
    """Neither is enough by itself."""
    user = place.allowed(*allowed)
    assert given(lambda: key_shown(user, place.online)) == shown
    assert given(lambda: download(user, place.online)) == zipped
    assert given(lambda: link(user, place.online, "nginx")) == linked


def given(ask: Any) -> bool:  # noqa: ANN401 -- any of three ways
    """Whether what is asked for is given, and not refused."""
    try:
        return bool(ask())
    except Exception:  # noqa: BLE001 -- the SDK's own, whose code the next test looks at
        return False


def test_a_zip_without_the_permission_is_refused_only_where_a_key_is_in_it(place: Place) -> None:
    """Whoever wrote the CSR has the key elsewhere."""
    user = place.allowed(DOWNLOADING)
    assert download(user, place.parsed)
    assert refusal(lambda: download(user, place.online)) == (
        "FailedOperation.AuthError",
        f"You do not have permission to perform this operation. {NO_KEY}",
    )


def test_a_denial_hides_keys_of_single_certificates(place: Place) -> None:
    """From a user who may do everything else."""
    user = place.desk.user(place.keys, "ssl:*")
    place.desk.bind(user, "deny", READING, certificates=[place.online])
    client = place.desk.client(user.keys)
    assert not key_shown(client, place.online)
    assert key_shown(client, place.passed)
    assert refusal(lambda: download(client, place.online))[0] == "FailedOperation.AuthError"


@pytest.fixture
def full(place: Place) -> Iterator[Place]:
    """A desk whose audit log takes nothing."""
    change(place.desk.folder, UNWRITABLE)
    yield place
    change(place.desk.folder, "DROP TRIGGER full")


def test_no_key_is_handed_over_that_cannot_be_noted(full: Place) -> None:
    """What holds no key can still be looked at."""
    url, _ = link(full.client, full.online)
    before = notes(full, full.online)
    assert refusal(lambda: full.client.detail(full.online))[0] == "InternalError"
    assert refusal(lambda: download(full.client, full.online))[0] == "InternalError"
    status, _, body = fetch(url)
    assert (status, b"PK" in body) == (500, False)
    assert notes(full, full.online) == before
    assert not key_shown(full.client, full.parsed)
