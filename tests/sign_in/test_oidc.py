"""A hostile or broken provider of OpenID Connect gets nobody into the console."""

from __future__ import annotations

import base64
import dataclasses
import hmac
import json
import ssl
import threading
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

import certdesk.sign_in.client
import certdesk.sign_in.oidc
from certdesk.domain.values.record import replace
from certdesk.ports import ProviderFailed, ProviderUnreachable
from tests import oidc
from tests.oidc import CLIENT_ID, CLIENT_SECRET, QUESTION, Asked, FakeProvider, Said

SLOW = Said(b"{" + b" " * 1000, drip=0.02)


@pytest.fixture(scope="module")
def shared() -> Iterator[FakeProvider]:
    """A provider for all tests."""
    with oidc.provider() as provider:
        yield provider


@pytest.fixture
def fake(shared: FakeProvider) -> FakeProvider:
    """A provider that is good until a test changes it."""
    shared.reset()
    return shared


def refused(fake: FakeProvider, words: str, **settings: Any) -> None:  # noqa: ANN401 -- any setting
    """Show that the provider gets nobody in, and that the reason has these words."""
    with pytest.raises(ProviderFailed, match=words):
        fake.adapter(**settings).vouch("code", QUESTION)


def test_the_browser_is_sent_with_state_nonce_and_a_challenge(fake: FakeProvider) -> None:
    """By S256, to the endpoint that the discovery document names; the verifier stays here."""
    fake.discovery["authorization_endpoint"] = f"{fake.issuer}/authorize?tenant=7"
    place, _, query = fake.adapter().address(QUESTION).partition("?")
    assert place == f"{fake.issuer}/authorize"
    assert dict(urllib.parse.parse_qsl(query)) == {
        "tenant": "7",
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": QUESTION.redirect_uri,
        "scope": "openid profile",
        "state": QUESTION.state,
        "nonce": QUESTION.nonce,
        "code_challenge": oidc.challenge_of(QUESTION.verifier),
        "code_challenge_method": "S256",
    }


def test_a_person_is_vouched_for_by_a_code(fake: FakeProvider) -> None:
    """Which is exchanged with the verifier and the secret, in a header, encoded as in a form."""
    vouched = fake.adapter().vouch("code", QUESTION)
    identity = vouched.identity
    assert (identity.issuer, identity.subject) == (fake.issuer, "anna")
    assert (identity.name, identity.groups) == ("anna@example.com", ("reviewers",))
    (asked,) = (each for each in fake.asked if each.path == "/token")
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": "code",
        "redirect_uri": QUESTION.redirect_uri,
        "code_verifier": QUESTION.verifier,
    }
    scheme, _, pair = asked.headers["Authorization"].partition(" ")
    name, _, secret = base64.b64decode(pair).decode().partition(":")
    assert scheme == "Basic"
    assert [urllib.parse.unquote_plus(each) for each in (name, secret)] == [
        CLIENT_ID,
        CLIENT_SECRET,
    ]


def test_the_secret_is_in_the_form_where_the_provider_takes_nothing_else(
    fake: FakeProvider,
) -> None:
    """As its discovery document says."""
    fake.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    fake.adapter().vouch("code", QUESTION)
    (asked,) = (each for each in fake.asked if each.path == "/token")
    assert (asked.form["client_id"], asked.form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
    assert "Authorization" not in asked.headers


def test_a_code_is_good_once(fake: FakeProvider) -> None:
    """The provider's refusal is the desk's."""
    adapter = fake.adapter()
    adapter.vouch("code", QUESTION)
    with pytest.raises(ProviderFailed, match="status 400 \\(invalid_grant\\)"):
        adapter.vouch("code", QUESTION)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://other.example"}, "of another issuer"),
        ({"iss": None}, "of another issuer"),
        ({"aud": "another"}, r"for another client \(aud\)"),
        ({"aud": ["another", "third"]}, r"for another client \(aud\)"),
        ({"aud": []}, r"another client"),
        ({"aud": [CLIENT_ID, "another"]}, r"another client \(azp\)"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, r"another client \(azp\)"),
        ({"azp": "another"}, r"another client \(azp\)"),
        ({"azp": ""}, r"another client \(azp\)"),
        ({"nonce": "of another browser"}, r"not for this sign-in \(nonce\)"),
        ({"nonce": None}, r"not for this sign-in \(nonce\)"),
        ({"nonce": ["nonce"]}, r"not for this sign-in \(nonce\)"),
        ({"exp": 1}, "has expired"),
        ({"exp": None}, "has no time exp"),
        ({"exp": "9999999999"}, "has no time exp"),
        ({"exp": True}, "has no time exp"),
        ({"exp": 10**15}, "has no time exp"),
        ({"iat": 4102444800}, "of the future"),
        ({"nbf": 4102444800}, "not valid yet"),
        ({"sub": None}, "has no subject"),
        ({"sub": ""}, "has no subject"),
        ({"sub": 7}, "has no subject"),
        ({"sub": "x" * 256}, "has no subject"),
        ({"sub": "a\nb"}, "printable ASCII"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(
    fake: FakeProvider, claims: dict[str, object], words: str
) -> None:
    """Although its signature is right."""
    fake.claims = claims
    refused(fake, words)


@pytest.mark.parametrize("seconds", [-50, 0, 300])
def test_clocks_may_differ_by_a_minute(fake: FakeProvider, seconds: int) -> None:
    """Not by more: see the expired ones above."""
    now = int(datetime.now(UTC).timestamp())
    fake.claims = {"exp": now + seconds, "iat": now + min(50, seconds + 60)}
    assert fake.adapter().vouch("code", QUESTION).identity.subject == "anna"


def test_a_person_who_has_to_prove_again_who_they_are_did_so(fake: FakeProvider) -> None:
    """The provider is asked for it, and its word is checked (auth_time)."""
    now = datetime.now(UTC)
    again = replace(QUESTION, again=timedelta(seconds=2))
    query = dict(urllib.parse.parse_qsl(fake.adapter().address(again).partition("?")[2]))
    assert (query["prompt"], query["max_age"]) == ("login", "0")
    for before, words in (
        (timedelta(hours=1), "of an earlier sign-in"),
        (None, "no time auth_tim"),
    ):
        fake.claims = {"auth_time": int((now - before).timestamp()) if before else None}
        fake.codes = {"code"}
        with pytest.raises(ProviderFailed, match=words):
            fake.adapter().vouch("code", again)
    fake.claims, fake.codes = {"auth_time": int(now.timestamp()) - 30}, {"code"}
    age = fake.adapter().vouch("code", again).identity.age
    assert age is not None
    assert timedelta(seconds=30) <= age < timedelta(seconds=60)


@pytest.mark.parametrize(
    ("claims", "fine"),
    [
        ({"acr": "silver", "amr": ["pwd", "mfa"]}, True),
        ({"acr": "bronze", "amr": ["pwd", "mfa"]}, False),
        ({"acr": "silver", "amr": ["pwd"]}, False),
        ({"acr": "silver", "amr": "mfa"}, False),
        ({}, False),
    ],
)
def test_the_strength_of_a_sign_in_may_be_demanded(
    fake: FakeProvider, claims: dict[str, object], *, fine: bool
) -> None:
    """By acr, by amr, or by both."""
    fake.claims = claims
    if fine:
        vouched = fake.adapter(acr=("silver",), amr=("mfa",)).vouch("code", QUESTION)
        assert vouched.identity.subject == "anna"
    else:
        refused(fake, r"\((acr|amr)\)", acr=("silver",), amr=("mfa",))


def unsigned(fake: FakeProvider, header: dict[str, object], signature: str = "") -> str:
    """Return a token that nobody has signed."""
    parts = (json.dumps(header).encode(), json.dumps(fake.good_claims()).encode())
    encoded = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return f"{'.'.join(encoded)}.{signature}"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "", "HS256", "HS512", "RS1", None, 7, ["RS256"]]
)
def test_a_token_of_an_algorithm_that_is_not_listed_is_refused(
    fake: FakeProvider, algorithm: object
) -> None:
    """Whatever its signature."""
    fake.tokens = {"id_token": unsigned(fake, {"alg": algorithm, "kid": "first"}, "AAAA")}
    refused(fake, "which the desk does not accept")


def test_a_token_signed_with_the_public_key_as_a_password_is_refused(fake: FakeProvider) -> None:
    """HS256 with what everybody knows."""
    key = fake.keys[0]
    assert isinstance(key, RSAKey)
    pem = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = unsigned(fake, {"alg": "HS256", "kid": "first"}).rstrip(".")
    mac = hmac.digest(pem, head.encode(), "sha256")
    fake.tokens = {"id_token": f"{head}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"}
    refused(fake, "signed by HS256")


def test_a_password_among_the_keys_of_the_provider_is_no_key(fake: FakeProvider) -> None:
    """Whoever reads the list could sign with it."""
    fake.paths["/keys"] = lambda _: Said(
        {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}]}
    )
    refused(fake, "not signed by a key of the provider")


@pytest.mark.parametrize("signature", ["", "AAAA", "!"])
def test_a_token_without_a_right_signature_is_refused(fake: FakeProvider, signature: str) -> None:
    """Missing, wrong, or no Base64."""
    fake.tokens = {"id_token": unsigned(fake, {"alg": "RS256", "kid": "first"}, signature)}
    refused(fake, "not signed by a key of the provider")


def test_a_token_signed_by_another_key_is_refused(fake: FakeProvider) -> None:
    """Under the id of the right one; and a key that the token itself brings does not count."""
    other = RSAKey.generate_key(2048, {"kid": "first"}, auto_kid=False)
    fake.tokens = {"id_token": fake.token(key=other, jwk=other.as_dict(private=False))}
    refused(fake, "not signed by a key of the provider")


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("PS256", RSAKey.generate_key(2048)),
        ("RS512", RSAKey.generate_key(2048)),
        ("ES256", ECKey.generate_key("P-256")),
        ("ES384", ECKey.generate_key("P-384")),
        ("EdDSA", OKPKey.generate_key("Ed25519")),
        ("Ed25519", OKPKey.generate_key("Ed25519")),
    ],
)
def test_listed_algorithms_are_believed(fake: FakeProvider, algorithm: str, key: Key) -> None:
    """Also where a key has no id."""
    fake.keys = [key]
    fake.tokens = {"id_token": fake.token(algorithm)}
    assert fake.adapter().vouch("code", QUESTION).identity.subject == "anna"


@pytest.mark.parametrize("other", [{"use": "enc"}, {"alg": "RS512"}, {"use": "sig", "alg": 7}])
def test_a_key_for_another_purpose_signs_nothing(
    fake: FakeProvider, other: dict[str, object]
) -> None:
    """One for encryption, or for another algorithm."""
    public = dict(fake.keys[0].as_dict(private=False) | other)
    fake.paths["/keys"] = lambda _: Said({"keys": [public]})
    refused(fake, "not signed by a key of the provider")


@pytest.mark.parametrize("token", [7, "a", "a.b", "a.b.c", "a.b.c.d.e", ".." * 20000, "[" * 9000])
def test_what_is_no_token_is_refused(fake: FakeProvider, token: object) -> None:
    """As a wrong one, not as a fault of the desk."""
    fake.tokens = {"id_token": token}
    refused(fake, "no id_token" if token == 7 else "not in the form of a signed token")


def test_a_new_key_of_the_provider_is_fetched(fake: FakeProvider) -> None:
    """Once: a token that names no key of the provider does not make the desk ask all the time."""
    now = [0.0]
    adapter = oidc.adapter_of(fake.settings(), lambda: now[0])
    adapter.vouch("code", QUESTION)
    fake.keys = [RSAKey.generate_key(2048, {"kid": "second"}, auto_kid=False)]
    asked = [each.path for each in fake.asked].count("/keys")
    # The keys were read just now, so this has to wait for its turn.
    fake.codes = {"code"}
    with pytest.raises(ProviderFailed, match="not signed"):
        adapter.vouch("code", QUESTION)
    assert [each.path for each in fake.asked].count("/keys") == asked
    now[0] += 31
    fake.codes = {"code"}
    assert adapter.vouch("code", QUESTION).identity.subject == "anna"
    assert [each.path for each in fake.asked].count("/keys") == asked + 1


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said(b"x" * 100_000), "more than 65,536 bytes"),
        (Said({}, headers={f"X-{n}": "y" * 1000 for n in range(90)}), "65,536|else than HTTP"),
        (Said(b"<html>", 200), "did not answer with a JSON object"),
        (Said(b"[" * 5000, 200), "did not answer with a JSON object"),
        (Said(b'{"a": 1, "a": 2}', 200), "did not answer with a JSON object"),
        (Said({"error": "\x1b[31m" + "e" * 900}, 500), "status 500"),
        (Said({}, 302, {"Location": "http://169.254.169.254/"}), "is a redirect"),
        (Said({}, 307, {"Location": "/elsewhere"}), "is a redirect"),
        (Said(b"\x1f\x8b", 200, {"Content-Encoding": "gzip"}), "is encoded"),
    ],
)
def test_an_unfit_answer_is_refused(fake: FakeProvider, path: str, said: Said, words: str) -> None:
    """Wherever it comes from."""
    fake.paths[path] = lambda _: said
    refused(fake, words)
    assert "/elsewhere" not in [each.path for each in fake.asked]


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_a_slow_answer_ends_with_the_time_for_all(
    fake: FakeProvider, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte by byte, each in time."""
    monkeypatch.setattr(certdesk.sign_in.client, "SECONDS", 0.3)
    fake.paths[path] = lambda _: SLOW
    with pytest.raises(ProviderUnreachable, match="did not answer in time"):
        fake.adapter().vouch("code", QUESTION)


def test_a_slow_provider_holds_up_one_sign_in_at_a_time(
    fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are told at once to come back, so that the desk's threads stay free."""
    monkeypatch.setattr(certdesk.sign_in.oidc, "TURN_SECONDS", 0.0)
    adapter, begun, go_on = fake.adapter(), threading.Event(), threading.Event()

    def answer_late(asked: Asked) -> Said:
        begun.set()
        go_on.wait(30)
        return fake.answer_token(asked)

    fake.paths["/token"] = answer_late
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(adapter.vouch, "code", QUESTION)
        begun.wait(30)
        with pytest.raises(ProviderUnreachable, match="another sign-in waits"):
            adapter.vouch("code", QUESTION)
        go_on.set()
        assert first.result().identity.subject == "anna"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token"])
def test_a_silent_provider_is_not_asked_again_at_once(
    fake: FakeProvider, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next people are told without waiting; some seconds later it is asked again."""
    monkeypatch.setattr(certdesk.sign_in.client, "SECONDS", 0.3)
    ticks = [0.0]
    adapter = oidc.adapter_of(fake.settings(), lambda: ticks[0])
    good = fake.paths[path]

    def answer_late(_: Asked) -> Said:
        ticks[0] += 10
        return SLOW

    fake.paths[path] = answer_late
    with pytest.raises(ProviderUnreachable, match="in time"):
        adapter.vouch("code", QUESTION)
    asked = len(fake.asked)
    with pytest.raises(ProviderUnreachable, match="a moment ago"):
        adapter.vouch("code", QUESTION)
    assert len(fake.asked) == asked
    fake.paths[path] = good
    ticks[0] += certdesk.sign_in.oidc.REST_SECONDS
    assert adapter.vouch("code", QUESTION).identity.subject == "anna"


def test_a_quick_failure_keeps_nobody_else_out(
    fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code that the provider fails about is no reason not to ask it about another."""
    monkeypatch.setattr(certdesk.sign_in.client, "SECONDS", 0.3)
    adapter, good = oidc.adapter_of(fake.settings(), lambda: 0.0), fake.paths["/token"]
    fake.paths["/token"] = lambda _: SLOW
    with pytest.raises(ProviderUnreachable, match="in time"):
        adapter.vouch("wrong", QUESTION)
    fake.paths["/token"] = good
    assert adapter.vouch("code", QUESTION).identity.subject == "anna"


def test_nobody_at_the_address_is_a_passing_failure(fake: FakeProvider) -> None:
    """The same sign-in may work later."""
    adapter = oidc.adapter_of(dataclasses.replace(fake.settings(), issuer="http://127.0.0.1:1"))
    with pytest.raises(ProviderUnreachable, match=r"127\.0\.0\.1:1 cannot be reached"):
        adapter.vouch("code", QUESTION)


def test_http_reaches_nothing_but_this_machine(fake: FakeProvider) -> None:
    """Whatever the name resolves to."""
    far = oidc.adapter_of(dataclasses.replace(fake.settings(), issuer="http://192.0.2.1"))
    with pytest.raises(ProviderFailed, match="is not this machine"):
        far.address(QUESTION)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:1/",
        "https://example.com/token",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "/token",
        "",
        7,
    ],
)
def test_a_document_by_http_leads_nowhere_else(fake: FakeProvider, name: str, url: object) -> None:
    """Anybody could have written it."""
    fake.discovery[name] = url
    refused(fake, name)


def test_a_document_of_another_issuer_is_refused(fake: FakeProvider) -> None:
    """Exactly, to the last slash."""
    fake.discovery["issuer"] = f"{fake.issuer}/"
    refused(fake, "of another issuer")


def test_groups_come_from_the_userinfo_endpoint_where_the_token_has_none(
    fake: FakeProvider,
) -> None:
    """Of the same person; an answer about another one is refused."""
    fake.claims = {"groups": None}
    assert fake.adapter().vouch("code", QUESTION).identity.groups is None
    fake.discovery["userinfo_endpoint"], fake.codes = f"{fake.issuer}/userinfo", {"code"}
    assert fake.adapter().vouch("code", QUESTION).identity.groups == ("from-userinfo",)
    fake.paths["/userinfo"] = lambda _: Said({"sub": "eve", "groups": ["operators"]})
    fake.codes = {"code"}
    refused(fake, "of another person")


@pytest.mark.parametrize(
    ("claim", "groups"),
    [("one", ("one",)), ([1, "two", None], ("two",)), ({"a": 1}, ()), (None, None)],
)
def test_groups_are_texts(fake: FakeProvider, claim: object, groups: object) -> None:
    """A single text, or the texts of a list."""
    fake.claims = {"groups": claim}
    assert fake.adapter().vouch("code", QUESTION).identity.groups == groups


def test_groups_are_asked_again_with_the_refresh_token(fake: FakeProvider) -> None:
    """The token of the answer has no nonce, and is of the same person."""
    fake.tokens = {"refresh_token": "refresh"}
    adapter = fake.adapter(acr=("silver",))
    fake.claims = {"acr": "silver"}
    vouched = adapter.vouch("code", QUESTION)
    assert vouched.refresh is not None
    fake.claims = {"nonce": None, "groups": ["auditors"]}
    again = adapter.vouch_again(vouched.refresh, "anna")
    assert again.identity.groups == ("auditors",)
    assert fake.asked[-1].form["refresh_token"] == "refresh"
    with pytest.raises(ProviderFailed, match="of another person"):
        adapter.vouch_again(vouched.refresh, "eve")


def test_an_answer_that_names_another_issuer_brings_no_code(fake: FakeProvider) -> None:
    """Nor does one without a name, where the provider always adds it (RFC 9207)."""
    with pytest.raises(ProviderFailed, match="answer is of another issuer"):
        fake.adapter().vouch("code", QUESTION, "https://evil.example")
    fake.discovery["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(ProviderFailed, match="answer is of another issuer"):
        fake.adapter().vouch("code", QUESTION)
    assert "/token" not in [each.path for each in fake.asked]
    assert fake.adapter().vouch("code", QUESTION, fake.issuer).identity.subject == "anna"


def certificate_for(name: str, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate; return a server's context with it, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, both = folder / f"{name}.pem", folder / f"{name}.both.pem"
    trusted.write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(trusted.read_bytes() + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, trusted


def test_the_certificate_of_a_provider_is_checked(tmp_path: Path) -> None:
    """Its CA, which may be one's own, and its name."""
    good, trusted = certificate_for("localhost", tmp_path)
    with oidc.provider(good) as provider:
        adapter = provider.adapter(ca_file=str(trusted))
        assert adapter.vouch("code", QUESTION).identity.issuer == provider.issuer
        with pytest.raises(ProviderUnreachable, match=r"TLS with localhost:\d+ failed"):
            provider.adapter().vouch("code", QUESTION)
    other, other_trusted = certificate_for("id.example", tmp_path)
    with oidc.provider(other) as provider:
        with pytest.raises(ProviderUnreachable, match=r"TLS with localhost:\d+ failed"):
            provider.adapter(ca_file=str(other_trusted)).vouch("code", QUESTION)
        assert provider.asked == []


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("https://login.example.net/token", True),
        ("http://login.example.net/token", False),
        ("https://169.254.169.254/token", False),
        ("https://[::1]/token", False),
        ("https://user@login.example.net/token", False),
        ("https://login.example.net/token#x", False),
        ("https://login.example.net:port/", False),
        ("https://login.example.net/a b", False),
    ],
)
def test_a_document_by_https_leads_by_https_to_named_hosts(
    tmp_path: Path, url: str, *, is_fine: bool
) -> None:
    """As with large providers, whose parts have hosts of their own."""
    context, trusted = certificate_for("localhost", tmp_path)
    with oidc.provider(context) as provider:
        provider.discovery["authorization_endpoint"] = url
        adapter = provider.adapter(ca_file=str(trusted))
        if is_fine:
            assert adapter.address(QUESTION).startswith(f"{url}?")
        else:
            with pytest.raises(ProviderFailed, match="authorization_endpoint"):
                adapter.address(QUESTION)


def test_two_providers_are_not_mixed_up(fake: FakeProvider) -> None:
    """A code for one reaches no other, and a token of one is nothing to the other."""
    with oidc.provider() as other:
        # The other one says what the first would, under the first one's name.
        other.keys, other.claims = fake.keys, {"iss": fake.issuer}
        refused(other, "of another issuer")
        assert [each.path for each in fake.asked] == []
