"""A passkey counts for its person, its site and one challenge, and with the person verified."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

import pytest

from certdesk.operator.people.webauthn import (
    MadePasskey,
    PasskeyRefused,
    Site,
    claimed,
    creation_options,
    is_copied,
    made_passkey,
    request_options,
    used_passkey,
)
from tests.passkeys import PRESENT, VERIFIED, Authenticator

SITE = Site("https://ssl.example.com")
CHALLENGE = secrets.token_bytes(32)
MAKE = creation_options(SITE, CHALLENGE, 7, "anna", [])
USE = request_options(SITE, CHALLENGE, [])


def authenticator() -> Authenticator:
    """A device of a person."""
    return Authenticator(SITE.origin)


def passkey(device: Authenticator) -> MadePasskey:
    """The passkey of a device."""
    return made_passkey(SITE, CHALLENGE, device.make(MAKE))


def test_a_passkey_is_made_and_used() -> None:
    """By the same device, for the same site, without a name typed."""
    device = authenticator()
    made = passkey(device)
    assert made.credential_id == device.credential_id
    device.count = 5
    answer = device.use(USE)
    named = claimed(answer)
    assert (named.credential_id, named.person_id) == (made.credential_id, 7)
    assert used_passkey(SITE, CHALLENGE, made, answer) == 5


def test_the_browser_is_asked_for_a_person_who_is_verified_and_found_without_a_name() -> None:
    """And for no attestation, which would tell one device from another."""
    assert MAKE["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert (MAKE["attestation"], USE["userVerification"]) == ("none", "required")
    assert USE["allowCredentials"] == []


WRONG: dict[str, tuple[Callable[[Authenticator], None], str]] = {
    "another origin": (lambda d: setattr(d, "origin", "https://evil.example"), "origin"),
    "a name below": (lambda d: setattr(d, "origin", "https://a.ssl.example.com"), "origin"),
    "another port": (lambda d: setattr(d, "origin", "https://ssl.example.com:444"), "origin"),
    "plain http": (lambda d: setattr(d, "origin", "http://ssl.example.com"), "origin"),
    "another site": (lambda d: setattr(d, "rp_id", "example.com"), "RP ID"),
    "nobody verified": (lambda d: setattr(d, "flags", PRESENT), "User"),
    "nobody present": (lambda d: setattr(d, "flags", VERIFIED), "User Present"),
    "a frame": (lambda d: setattr(d, "cross_origin", True), "frame"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_answer_is_refused(wrong: str) -> None:
    """When a passkey is made, and when it is used."""
    change, words = WRONG[wrong]
    device = authenticator()
    made = passkey(device)
    change(device)
    with pytest.raises(PasskeyRefused, match=words):
        made_passkey(SITE, CHALLENGE, device.make(MAKE))
    with pytest.raises(PasskeyRefused, match=words):
        used_passkey(SITE, CHALLENGE, made, device.use(USE))


def test_an_answer_counts_for_its_challenge_alone() -> None:
    """One that was recorded is worth nothing later."""
    device = authenticator()
    made, later = passkey(device), secrets.token_bytes(32)
    with pytest.raises(PasskeyRefused, match="challenge"):
        made_passkey(SITE, later, device.make(MAKE))
    with pytest.raises(PasskeyRefused, match="challenge"):
        used_passkey(SITE, later, made, device.use(USE))


def test_making_and_using_are_not_confused() -> None:
    """The browser says which it was asked for."""
    device = authenticator()
    made = passkey(device)
    with pytest.raises(PasskeyRefused, match="type"):
        made_passkey(SITE, CHALLENGE, device.make(MAKE, "webauthn.get"))
    with pytest.raises(PasskeyRefused, match="type"):
        used_passkey(SITE, CHALLENGE, made, device.use(USE, "webauthn.create"))


def test_the_passkey_of_another_person_is_refused() -> None:
    """Also under the id of the right one."""
    mine, theirs = authenticator(), authenticator()
    made = passkey(mine)
    with pytest.raises(PasskeyRefused, match="Unknown credential"):
        used_passkey(SITE, CHALLENGE, made, theirs.use(USE))
    theirs.credential_id = mine.credential_id
    with pytest.raises(PasskeyRefused, match="signature"):
        used_passkey(SITE, CHALLENGE, made, theirs.use(USE))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        "null",
        "[]",
        "[" * 9000,
        "x" * 20_000,
        json.dumps({"id": "AA", "rawId": "AA", "response": {}}),
        json.dumps({"id": "AA", "rawId": "AA", "response": {"clientDataJSON": "e30"}}),
        json.dumps({"id": "AA", "rawId": 7, "response": 7}),
        json.dumps({"id": "AA", "rawId": "AB", "response": {}}),
        json.dumps({"id": "AA", "rawId": "!", "response": {"userHandle": "!"}}),
    ],
)
def test_what_is_no_answer_is_refused(answer: str) -> None:
    """And is no fault of the desk."""
    made = passkey(authenticator())
    with pytest.raises(PasskeyRefused):
        made_passkey(SITE, CHALLENGE, answer)
    with pytest.raises(PasskeyRefused):
        used_passkey(SITE, CHALLENGE, made, answer)


def test_a_deep_or_cut_attestation_is_refused() -> None:
    """The object is CBOR, which nests."""
    device = authenticator()
    good = json.loads(device.make(MAKE))
    for bad in ("gYGB" * 3000, good["response"]["attestationObject"][:-40], "_", "oA"):
        answer = good | {"response": good["response"] | {"attestationObject": bad}}
        with pytest.raises(PasskeyRefused):
            made_passkey(SITE, CHALLENGE, json.dumps(answer))


@pytest.mark.parametrize(
    ("stored", "count", "copied"),
    [(0, 0, False), (0, 1, False), (5, 6, False), (5, 5, True), (5, 4, True), (5, 0, True)],
)
def test_a_count_that_goes_back_shows_a_copy(stored: int, count: int, *, copied: bool) -> None:
    """Passkeys that count nothing stay at 0."""
    assert is_copied(stored, count) is copied
