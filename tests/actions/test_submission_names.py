"""CertificateInfoSubmit, the names: which can be ordered, how many, and of which form."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.actions.submitting import invalid, refused
from tests.running import PROGRAM, Client, running

SINGLE, MULTI, WILDCARD, MULTI_WILDCARD = 25, 26, 27, 42
"""Products that validate the domain alone: WoTrus DV in three forms, TrustAsia's with both."""


def bad_name(name: str) -> str:
    """Give the vendor's sentence on a text that is no name to order."""
    return f"The input domain name {name} is in incorrect format. Please check and resubmit."


BAD_NAME = "FailedOperation.CertificateInfoSubmitDomainInvalid"


# --- the common name ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "example.com",
        "www.example.com",
        "EXAMPLE.com",
        "a-b.example.co.uk",
        "xn--fiqs8s.cn",
        "bücher.de",
        "腾讯.com",
        "1.example.com",
        "user.github.io",
    ],
)
def test_a_domain_name_is_taken_and_shown_as_it_was_given(
    client: Client, order: str, name: str
) -> None:
    """In A-labels or U-labels, in any case."""
    client.submit(order, CertCommonName=name)
    shown = client.detail(order)
    assert shown["Domain"] == shown["SubmittedData"]["CertificateDomain"] == name


ADDRESS = "an IP address is not a domain name"
SPECIAL = "an internal or special-use name cannot be ordered"
UNKNOWN = "the top-level domain is not in the public suffix list"
SUFFIX = "a public suffix, or a wildcard on one, cannot be ordered"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("192.0.2.1", ADDRESS),
        ("2001:db8::1", ADDRESS),
        ("0x7f.1", ADDRESS),
        ("localhost", "a domain name needs at least two labels"),
        ("server", "a domain name needs at least two labels"),
        ("www.internal", SPECIAL),
        ("printer.local", SPECIAL),
        ("shop.test", SPECIAL),
        ("1.0.0.127.in-addr.arpa", SPECIAL),
        ("hidden.onion", SPECIAL),
        ("www.corp", UNKNOWN),
        ("co.uk", SUFFIX),
        ("github.io", SUFFIX),
        ("-a.example.com", "a label may not begin or end with a hyphen"),
        ("a..example.com", "a domain name may not have an empty label"),
        ("example.com.", "a domain name may not end with a dot"),
        (" example.com", "a domain name may not begin or end with a blank"),
        ("http://example.com", "a domain name may contain only letters, digits, hyphens and dots"),
        ("a_b.example.com", "a domain name may contain only letters, digits, hyphens and dots"),
        ("w*.example.com", "a wildcard must be the whole leftmost label"),
    ],
)
def test_what_cannot_be_certified_is_refused_with_the_name(
    client: Client, order: str, name: str, rule: str
) -> None:
    """IP addresses, internal names, public suffixes, and what is no name at all."""
    detail = f'CertCommonName: {rule}; got "{name}".'
    assert refused(client, order, CertCommonName=name) == (BAD_NAME, f"{bad_name(name)} {detail}")


def test_all_names_that_are_none_are_told_at_once(client: Client) -> None:
    """Each with its rule; the recorded sentence has the first, and ten are told at most."""
    order = client.buy(MULTI, 5)
    names = ["good.example.com", "under_score.example.com", "localhost"]
    assert refused(client, order, CertCommonName="a..example.com", DnsNames=names) == (
        BAD_NAME,
        (
            f"{bad_name('a..example.com')} CertCommonName: a domain name may not have an "
            'empty label; got "a..example.com". DnsNames: a domain name may contain only '
            'letters, digits, hyphens and dots; got "under_score.example.com". DnsNames: a '
            'domain name needs at least two labels; got "localhost".'
        ),
    )
    _, message = refused(client, order, DnsNames=["h" * number for number in range(1, 17)])
    assert message.count("needs at least two labels") == 10


def test_internal_names_are_ordered_where_a_setting_names_their_suffix(tmp_path: Path) -> None:
    """At and under it alone, in any spelling, and with all other rules."""
    settings = 'names.internal_suffixes = ["Corp.Internal", "bücher"]'
    with running(tmp_path / "data", settings=settings) as desk:
        client = desk.client(desk.account())
        for name in ("corp.internal", "db.CORP.internal", "www.xn--bcher-kva", "example.com"):
            order = client.buy()
            client.submit(order, CertCommonName=name)
            assert client.detail(order)["Domain"] == name
        order = client.buy(MULTI, 3)
        client.submit(order, DnsNames=["mail.corp.internal"])
        for name, rule in (
            ("hr.internal", SPECIAL),
            ("notcorp.internal", SPECIAL),
            ("www.corp", UNKNOWN),
            ("co.uk", SUFFIX),
        ):
            code, message = refused(client, order, CertCommonName=name)
            assert code == BAD_NAME
            assert f"CertCommonName: {rule}; " in message


def test_a_suffix_that_is_no_name_keeps_the_desk_from_starting(tmp_path: Path) -> None:
    """The operator is told which, and why."""
    variables = {"CERTDESK_NAMES_INTERNAL_SUFFIXES": "corp.internal, *.lan"}
    ended = subprocess.run(
        [PROGRAM, "serve", "--data", tmp_path / "data"],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert (
        "names.internal_suffixes: '*.lan' is not allowed: a suffix stands without"
    ) in ended.stderr


def test_a_name_of_64_characters_is_the_longest(client: Client, order: str) -> None:
    """What a common name holds, counted in ASCII."""
    longest = "a" * 52 + ".example.com"
    assert len(longest) == 64
    client.submit(order, CertCommonName=longest)
    code, message = refused(client, order, CertCommonName=f"a{longest}")
    assert code == BAD_NAME
    assert "CertCommonName: a name may have at most 64 characters" in message


def test_a_refusal_shows_a_name_without_what_does_not_print(client: Client, order: str) -> None:
    """The name comes from outside, and the message goes to a terminal."""
    _, message = refused(client, order, CertCommonName="exam\u202eple.com")
    assert message.startswith(r"The input domain name exam\u202eple.com is in ")


# --- further names ------------------------------------------------------------------------------


def test_each_member_of_the_list_has_to_be_a_name(client: Client) -> None:
    """The offending one is in the sentence."""
    order = client.buy(MULTI, 5)
    given = ["a.example.com", "192.0.2.1", "b.example.com"]
    wanted = f'{bad_name("192.0.2.1")} DnsNames: {ADDRESS}; got "192.0.2.1".'
    assert refused(client, order, DnsNames=given) == (BAD_NAME, wanted)


def test_further_names_are_kept_in_order_and_without_the_common_name(client: Client) -> None:
    """SubjectAltName of the detail holds the others alone, as the vendor's does."""
    order = client.buy(MULTI, 4)
    given = ["b.example.com", "a.example.com", "bücher.de"]
    client.submit(order, DnsNames=given)
    shown = client.detail(order)
    assert shown["SubjectAltName"] == shown["SubmittedData"]["DomainList"] == given


def test_empty_members_are_none(client: Client, order: str) -> None:
    """A form that leaves its fields empty names no further domain."""
    client.submit(order, DnsNames=["", ""])
    assert client.detail(order)["SubjectAltName"] == []


@pytest.mark.parametrize("product", [SINGLE, WILDCARD])
def test_a_product_for_one_name_takes_no_further_ones(client: Client, product: int) -> None:
    """Whether the one name is a wildcard or not."""
    common_name = "*.example.com" if product == WILDCARD else "example.com"
    name = {SINGLE: "WoTrus DV", WILDCARD: "WoTrus DV (wildcard)"}[product]
    order = client.buy(product)
    wanted = invalid(f"DnsNames: must be empty for {name}, which covers one name.")
    given = ["www.example.com"]
    assert refused(client, order, CertCommonName=common_name, DnsNames=given) == wanted


@pytest.mark.parametrize(
    ("product", "name"),
    [(MULTI, "WoTrus DV (multi-domain)"), (MULTI_WILDCARD, "TrustAsia DV (multi-domain wildcard)")],
)
@pytest.mark.parametrize("given", [None, [], [""]], ids=["left out", "empty", "of nothing"])
def test_a_product_for_many_names_needs_further_ones(
    client: Client, product: int, name: str, given: list[str] | None
) -> None:
    """The page: required for multi-domain and multi-wildcard certificates."""
    order = client.buy(product, 3)
    wanted = invalid(f"DnsNames: needed for {name}.")
    assert refused(client, order, DnsNames=given) == wanted


def test_the_names_are_counted_against_what_was_bought(client: Client) -> None:
    """The common name counts too."""
    order = client.buy(MULTI, 3)
    given = ["a.example.com", "b.example.com"]
    client.submit(order, DnsNames=given)
    assert refused(client, order, DnsNames=[*given, "c.example.com"]) == invalid(
        "DnsNames: has 4 names, the common name included, and the order is for 3."
    )


def test_a_hundred_names_are_the_most(client: Client) -> None:
    """What is sold at most is also taken."""
    order = client.buy(MULTI, 100)
    given = [f"a{number}.example.com" for number in range(100)]
    client.submit(order, DnsNames=given[:99])
    assert len(client.detail(order)["SubjectAltName"]) == 99
    code, message = refused(client, order, DnsNames=given)
    assert code == "FailedOperation.InvalidParam"
    assert "has 101 names, the common name included, and the order is for 100" in message


@pytest.mark.parametrize(
    "given",
    [
        ["example.com"],
        ["a.example.com", "a.example.com"],
        ["a.example.com", "A.EXAMPLE.com"],
        ["bücher.de", "xn--bcher-kva.de"],
        ["bücher.de", "BÜCHER.de"],
        ["bücher.de", "bücher.de"],
        ["a.example.com", "a。example.com"],
    ],
    ids=[
        "the common name again",
        "the same twice",
        "by case",
        "by A-label",
        "by case of a U-label",
        "by composition",
        "by an ideographic dot",
    ],
)
def test_a_name_may_stand_once_in_any_spelling(client: Client, given: list[str]) -> None:
    """Names are compared in their normal form."""
    order = client.buy(MULTI, 5)
    wanted = invalid(f'DnsNames: contains a name twice; got "{given[-1]}".')
    assert refused(client, order, DnsNames=given) == wanted


def test_a_wildcard_and_its_base_are_two_names(client: Client) -> None:
    """Most servers want both."""
    order = client.buy(MULTI_WILDCARD, 2)
    client.submit(order, CertCommonName="*.example.com", DnsNames=["example.com"])


# --- wildcards ----------------------------------------------------------------------------------


def test_a_wildcard_product_takes_a_wildcard(client: Client) -> None:
    """In front of any name."""
    order = client.buy(WILDCARD)
    for name in ("*.example.com", "*.a.example.com", "*.bücher.de", "*.user.github.io"):
        client.submit(order, CertCommonName=name)


def test_a_wildcard_product_takes_nothing_else(client: Client) -> None:
    """An ordinary name would leave unused what was paid for."""
    wanted = invalid(
        'CertCommonName: must be a wildcard (*.…) for WoTrus DV (wildcard); got "example.com".'
    )
    assert refused(client, client.buy(WILDCARD), CertCommonName="example.com") == wanted


def test_a_product_without_wildcards_takes_none(client: Client) -> None:
    """Neither as the common name nor among the others."""
    assert refused(client, client.buy(SINGLE), CertCommonName="*.example.com") == invalid(
        "CertCommonName: must not contain a wildcard: WoTrus DV does not cover wildcards; "
        'got "*.example.com".'
    )
    given = ["www.example.com", "*.example.com"]
    assert refused(client, client.buy(MULTI, 3), DnsNames=given) == invalid(
        "DnsNames: must not contain a wildcard: WoTrus DV (multi-domain) does not cover "
        'wildcards; got "*.example.com".'
    )


def test_a_product_for_many_wildcards_takes_both_kinds_anywhere(client: Client) -> None:
    """Wildcards and ordinary names, first or later."""
    order = client.buy(MULTI_WILDCARD, 3)
    client.submit(order, CertCommonName="*.example.com", DnsNames=["example.net", "*.example.org"])
    client.submit(order, CertCommonName="example.net", DnsNames=["*.example.com"])
    client.submit(order, CertCommonName="example.net", DnsNames=["example.org"])


@pytest.mark.parametrize("name", ["*.co.uk", "*.com", "*.github.io"])
def test_a_wildcard_on_a_public_suffix_is_refused(client: Client, name: str) -> None:
    """It would cover what belongs to others."""
    rule = SUFFIX if name != "*.com" else "a domain name needs at least two labels"
    code, message = refused(client, client.buy(WILDCARD), CertCommonName=name)
    assert code == BAD_NAME
    assert message.startswith(f"{bad_name(name)} CertCommonName: {rule}")


@pytest.mark.parametrize(
    ("product", "names"),
    [
        (WILDCARD, {"CertCommonName": "*.example.com"}),
        (MULTI_WILDCARD, {"CertCommonName": "example.com", "DnsNames": ["*.example.com"]}),
    ],
)
def test_a_file_does_not_prove_a_wildcard(
    client: Client, product: int, names: dict[str, object]
) -> None:
    """Not since 2021-11-21; DNS does."""
    order = client.buy(product, 2 if product == MULTI_WILDCARD else 1)
    wanted = invalid('VerifyType: FILE cannot validate a wildcard; use DNS; got "FILE".')
    assert refused(client, order, **names, VerifyType="FILE") == wanted
    client.submit(order, **names, VerifyType="DNS")
