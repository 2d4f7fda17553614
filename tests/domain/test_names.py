"""Domain names: what is read, in which form, and what is refused."""

from __future__ import annotations

import string
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from certdesk.domain.values.names import DomainName, DomainRefused, ascii_form

UNSEEN_CONTROL = "a domain name must not contain control characters"
NOT_ALLOWED = "a domain name may contain only letters, digits, hyphens and dots"
NO_LABEL = "a label is not a valid international label (IDNA 2008, at most 63 octets)"
ADDRESS = "an IP address is not a domain name"
INTERNAL = "an internal or special-use name cannot be ordered"
UNLISTED = "the top-level domain is not in the public suffix list"
SUFFIX = "a public suffix, or a wildcard on one, cannot be ordered"
WILDCARD = "a wildcard must be the whole leftmost label"
BLANKS = "a domain name may not begin or end with a blank"
HYPHEN = "a label may not begin or end with a hyphen"
TWO_LABELS = "a domain name needs at least two labels"

LDH = string.ascii_lowercase + string.digits
labels = st.text(LDH, min_size=1, max_size=20)
# Letters of several scripts, in both cases, with and without combining marks.
international = st.text("aßäÄöéÉ日本語кирилλμ中文", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("example.com", "example.com"),
        ("not-example.com", "not-example.com"),
        ("example.org", "example.org"),
        ("WWW.Example.COM", "www.example.com"),
        ("*.example.co.uk", "*.example.co.uk"),
        ("a.b.c.d.e.example.com", "a.b.c.d.e.example.com"),
        ("3m.com", "3m.com"),
        ("1.2.3.4.com", "1.2.3.4.com"),
        ("user.github.io", "user.github.io"),
        ("*.user.github.io", "*.user.github.io"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("BÜCHER.de", "xn--bcher-kva.de"),
        ("XN--BCHER-KVA.DE", "xn--bcher-kva.de"),
        ("*.bücher.de", "*.xn--bcher-kva.de"),
        ("faß.de", "xn--fa-hia.de"),
        ("例子.中国", "xn--fsqu00a.xn--fiqs8s"),
        ("例子。中国", "xn--fsqu00a.xn--fiqs8s"),
        ("ｅｘａｍｐｌｅ.com", "example.com"),
        ("www.ck", "www.ck"),
    ],
)
def test_a_name_is_read_in_any_spelling_and_kept_in_one(text: str, written: str) -> None:
    """UTS #46 maps case, width and full stops; labels end up as A-labels in lower case."""
    assert DomainName.parse(text).ascii == written
    assert str(DomainName.parse(text)) == written


@pytest.mark.parametrize(
    ("text", "delegated"),
    [
        ("www.example.co.uk", "example.co.uk"),
        ("*.shop.example.com", "example.com"),
        ("one.github.io", "github.io"),
        ("deep.two.github.io", "github.io"),
    ],
)
def test_a_name_leads_to_the_domain_that_a_registry_has_delegated(
    text: str, delegated: str
) -> None:
    """Names under a company's suffix are all on that company's servers."""
    assert DomainName.parse(text).delegated == delegated


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "a domain name is missing"),
        (" example.com", BLANKS),
        ("example.com\n", BLANKS),
        ("example.com\u00a0", BLANKS),
        (" ", BLANKS),
        ("example.com.", "a domain name may not end with a dot"),
        ("example.com。", "a domain name may not have an empty label"),
        (".example.com", "a domain name may not have an empty label"),
        ("www..example.com", "a domain name may not have an empty label"),
        ("*.", "a domain name may not end with a dot"),
        ("a" * 254, "a domain name has at most 253 characters"),
        ("*", WILDCARD),
        ("*example.com", WILDCARD),
        ("w*.example.com", WILDCARD),
        ("*.*.example.com", WILDCARD),
        ("www.*.com", WILDCARD),
        ("＊.example.com", NOT_ALLOWED),
        ("foo_bar.example.com", NOT_ALLOWED),
        ("_dnsauth.example.com", NOT_ALLOWED),
        ("exa mple.com", NOT_ALLOWED),
        ("example.com:443", NOT_ALLOWED),
        ("https://example.com", NOT_ALLOWED),
        ("example.com/", NOT_ALLOWED),
        ("user@example.com", NOT_ALLOWED),
        ("exa\x00mple.com", f"{UNSEEN_CONTROL}: U+0000"),
        ("exa\u202emple.com", f"{UNSEEN_CONTROL}: U+202E"),
        ("exa\ud800mple.com", "a domain name must not contain invisible characters: U+D800"),
        ("-example.com", HYPHEN),
        ("example-.com", HYPHEN),
        ("-.com", HYPHEN),
        ("ab--cd.com", NO_LABEL),
        ("xn--.com", HYPHEN),
        ("xn--a.com", NO_LABEL),
        ("xn--example-.com", HYPHEN),
        ("xn---bbk.com", NO_LABEL),
        ("xn--zzzzzzzzzzzzzz.com", NO_LABEL),
        ("☕.com", NO_LABEL),
        ("ü" * 60 + ".com", NO_LABEL),
        (f"{'a' * 64}.com", "a label may have at most 63 characters"),
        ("com", TWO_LABELS),
        ("*.com", TWO_LABELS),
        ("localhost", TWO_LABELS),
        ("*.localhost", TWO_LABELS),
    ],
)
def test_a_malformed_name_is_refused_with_its_rule(text: str, rule: str) -> None:
    """RFC 1035, RFC 5890 and the wildcard rule; the value is kept beside the rule."""
    with pytest.raises(DomainRefused) as refused:
        DomainName.parse(text)
    assert refused.value.rule == rule
    assert str(refused.value) == rule
    assert refused.value.text == text


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "8.8.8.8",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.0x1",
        "0x",
        "017700000001",
        "0177.0.0.01",
        "１２７.0.0.1",
        "*.10.0.0.1",
        "1.2.3.4.5",
        "www.256",
        "::1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "fe80::1%eth0",
        "2001:db8::1",
        "*.::1",
    ],
)
def test_an_ip_address_in_any_form_is_no_domain_name(text: str) -> None:
    """Whatever a resolver would read as an address is refused as one."""
    with pytest.raises(DomainRefused, match=ADDRESS):
        DomainName.parse(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("www.localhost", INTERNAL),
        ("printer.local", INTERNAL),
        ("db.internal", INTERNAL),
        ("www.test", INTERNAL),
        ("www.example", INTERNAL),
        ("www.invalid", INTERNAL),
        ("facebookcorewwwi.onion", INTERNAL),
        ("name.alt", INTERNAL),
        ("router.home.arpa", INTERNAL),
        ("4.3.2.1.in-addr.arpa", INTERNAL),
        ("1.0.0.2.ip6.arpa", INTERNAL),
        ("*.test", TWO_LABELS),
        ("server.lan", UNLISTED),
        ("server.corp", UNLISTED),
        ("server.home", UNLISTED),
        ("example.nosuchtld", UNLISTED),
        ("EXAMPLE.LOCAL", INTERNAL),
    ],
)
def test_an_internal_name_is_refused(text: str, rule: str) -> None:
    """RFC 6761 names and names under no public top-level domain are nobody's to prove."""
    with pytest.raises(DomainRefused) as refused:
        DomainName.parse(text)
    assert refused.value.rule == rule


@pytest.mark.parametrize(
    "text",
    ["co.uk", "github.io", "*.co.uk", "*.github.io", "x.ck", "*.x.ck", "公司.cn"],
)
def test_a_public_suffix_and_a_wildcard_on_it_are_refused(text: str) -> None:
    """BR 3.2.2.6: no certificate may cover every registrant of a suffix, ICANN's or private."""
    with pytest.raises(DomainRefused, match=SUFFIX):
        DomainName.parse(text)


def test_a_name_of_64_characters_is_the_longest() -> None:
    """The common name holds 64 characters (X.520), those of the wildcard included."""
    longest = f"{'a' * 60}.com"
    assert DomainName.parse(longest).ascii == longest
    assert DomainName.parse(f"*.{'a' * 58}.com").ascii == f"*.{'a' * 58}.com"
    for text in (f"{'a' * 61}.com", f"*.{'a' * 59}.com", ".".join(["abcdefgh"] * 28)):
        with pytest.raises(DomainRefused, match="a name may have at most 64 characters"):
            DomainName.parse(text)


def test_the_64_characters_are_counted_in_the_ascii_form() -> None:
    """A name that is short in U-labels may be too long in A-labels."""
    text = "日本語日本語日本語.日本語日本語日本語.日本語日本語日本語.jp"
    assert len(text) < 64
    with pytest.raises(DomainRefused, match="at most 64 characters"):
        DomainName.parse(text)


@pytest.mark.parametrize("text", ["www.test", "a.b.test", "*.www.test", "corp.internal"])
def test_internal_names_are_read_where_their_suffix_is_allowed(text: str) -> None:
    """An operator may allow internal suffixes for a private CA."""
    allowed = frozenset({"test", "corp.internal"})
    assert DomainName.parse(text, internal_suffixes=allowed).ascii == text


def test_an_allowed_suffix_covers_whole_labels_only() -> None:
    """Suffixes end at a dot, and each allows only itself."""
    allowed = frozenset({"corp.internal"})
    for text in ("evilcorp.internal", "other.internal", "www.test"):
        with pytest.raises(DomainRefused, match=INTERNAL):
            DomainName.parse(text, internal_suffixes=allowed)


def test_an_allowed_suffix_does_not_loosen_the_public_rules() -> None:
    """A public suffix stays refused whatever the setting says."""
    for text in ("co.uk", "*.co.uk"):
        with pytest.raises(DomainRefused, match=SUFFIX):
            DomainName.parse(text, internal_suffixes=frozenset({"uk", "co.uk"}))
    with pytest.raises(DomainRefused, match=TWO_LABELS):
        DomainName.parse("*.test", internal_suffixes=frozenset({"test"}))


def test_a_name_shows_its_parts() -> None:
    """Base, wildcard, registrable domain and the form for people."""
    name = DomainName.parse("*.shop.Bücher.co.uk")
    assert name.wildcard
    assert name.base == "shop.xn--bcher-kva.co.uk"
    assert name.unicode == "*.shop.bücher.co.uk"
    assert name.registrable == "xn--bcher-kva.co.uk"
    plain = DomainName.parse("example.com")
    assert not plain.wildcard
    assert plain.base == plain.unicode == plain.registrable == "example.com"


def test_the_registrable_domain_follows_the_private_section_too() -> None:
    """Two users of one hosting suffix are strangers to each other."""
    assert DomainName.parse("www.user.github.io").registrable == "user.github.io"
    assert DomainName.parse("a.www.ck").registrable == "www.ck"
    internal = DomainName.parse("a.b.c.test", internal_suffixes=frozenset({"test"}))
    assert internal.registrable == "c.test"


def test_two_spellings_of_one_name_are_one_name() -> None:
    """Names are values: equal, and one key in a set."""
    spellings = {DomainName.parse(text) for text in ("bücher.de", "xn--bcher-kva.de", "BÜCHER.DE")}
    assert len(spellings) == 1


def test_international_suffixes_are_known_in_both_spellings() -> None:
    """The list is encoded here, in a shorter way than in its package."""
    theirs = PublicSuffixList()
    suffixes = {line.strip() for line in Path(PSLFILE).read_text("utf-8").splitlines()}
    international = {
        each for each in suffixes if not each.isascii() and each[0] not in "/*!" and "." not in each
    }
    assert len(international) > 100
    for suffix in international:
        encoded = f"a.b.{suffix.encode('idna').decode()}"
        assert DomainName.parse(f"a.b.{suffix}").registrable == theirs.privatesuffix(encoded)


def test_the_private_section_says_nothing_about_top_level_domains() -> None:
    """What the code relies on to tell the list's ICANN section from its private one."""
    everything = PublicSuffixList(accept_unknown=False)
    icann = PublicSuffixList(accept_unknown=False, only_icann=True)
    for top in ("com", "uk", "ck", "io", "xn--fiqs8s", "arpa", "onion", "test", "lan", "dev"):
        assert everything.publicsuffix(top) == icann.publicsuffix(top)


@given(st.text(max_size=300))
@example("xn--\u0661.com")
@example("*.xn--\ud800.com")
@example("\u0130.com")
def test_any_text_is_a_name_or_is_refused(text: str) -> None:
    """Nothing but DomainRefused is ever raised, whatever the text is."""
    with suppress(DomainRefused):
        DomainName.parse(text)
    with suppress(DomainRefused):
        ascii_form(text)


@given(st.text("xn-a0zéß.。*:[]0123456789", max_size=40))
def test_any_text_of_telling_characters_is_a_name_or_is_refused(text: str) -> None:
    """The same for the characters on which the rules turn."""
    with suppress(DomainRefused):
        name = DomainName.parse(text + ".com")
        assert DomainName.parse(name.ascii) == name
        assert DomainName.parse(name.unicode) == name


@given(st.lists(labels | international, min_size=1, max_size=3), st.sampled_from(["", "*."]))
def test_reading_a_name_again_changes_nothing(parts: list[str], prefix: str) -> None:
    """The normal form is a fixed point, and so is the form for people."""
    with suppress(DomainRefused):
        name = DomainName.parse(prefix + ".".join([*parts, "com"]))
        assert DomainName.parse(str(name)) == name
        assert DomainName.parse(name.unicode) == name
        assert DomainName.parse(name.ascii.upper()) == name
        assert name.ascii.isascii()
        assert len(name.ascii) <= 64
        assert name.ascii == name.ascii.lower()


@given(st.lists(labels, min_size=1, max_size=3))
def test_ordinary_names_are_read_as_they_stand(parts: list[str]) -> None:
    """Lower-case letters and digits with dots need no mapping."""
    text = ".".join([*parts, "example", "com"])
    if len(text) <= 64:
        assert DomainName.parse(text).ascii == text
