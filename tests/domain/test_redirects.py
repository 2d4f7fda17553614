"""Where a website may send the desk on."""

from __future__ import annotations

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.validation.redirects import Ports, RedirectRefused, Target, follow
from certdesk.domain.values.names import DomainName

HERE = Target("http", "www.shop.example.com", "/.well-known/pki-validation/a.txt")
PORTS = Ports(80, 443)


def followed(location: str, *visited: Target, status: int = 302, ports: Ports = PORTS) -> str:
    """Give the URL that a redirect leads to."""
    return follow(visited or (HERE,), status, location, ports).url


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "http://www.shop.example.com/b"),
        ("b", "http://www.shop.example.com/.well-known/pki-validation/b"),
        ("../b?c=d&e#f", "http://www.shop.example.com/.well-known/b?c=d&e"),
        ("?b", "http://www.shop.example.com/.well-known/pki-validation/a.txt?b"),
        ("//shop.example.com", "http://shop.example.com/"),
        ("HTTPS://EXAMPLE.com/B", "https://example.com/B"),
        ("https://example.com:443/", "https://example.com/"),
        ("http://a.b.example.com:80/%2e%2e/", "http://a.b.example.com/%2e%2e/"),
        ("http://xn--bcher-kva.example.com:/", "http://xn--bcher-kva.example.com/"),
    ],
)
def test_a_reference_is_read_as_rfc_3986_has_it(location: str, url: str) -> None:
    """Absolute or not; the fragment stays here, and the default port is not written."""
    assert followed(location) == url


@pytest.mark.parametrize(
    ("here", "location"),
    [
        ("shop.example.com", "http://example.org/"),
        ("shop.co.uk", "http://other.co.uk/"),
        ("alice.github.io", "http://bob.github.io/"),
        ("alice.github.io", "http://github.io/"),
        ("shop.example.com", "http://com/"),
    ],
)
def test_a_domain_ends_at_a_public_suffix(here: str, location: str) -> None:
    """Also at those of the list's private part."""
    with pytest.raises(RedirectRefused, match="is not in the domain"):
        followed(location, Target("http", here, "/"))


def test_ports_for_tests_stand_in_place_of_the_default_ones() -> None:
    """A default port means them, and they may be named."""
    ports = Ports(8080, 8443)
    for port, scheme in (("", "http"), (":80", "http"), (":8080", "http"), (":8443", "https")):
        assert followed(f"{scheme}://example.com{port}/", ports=ports) == f"{scheme}://example.com/"
    for port, scheme in ((":8443", "http"), (":443", "http"), (":80", "https"), (":81", "http")):
        with pytest.raises(RedirectRefused, match="only port"):
            followed(f"{scheme}://example.com{port}/", ports=ports)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    """For either scheme."""
    with pytest.raises(ValueError, match=f"^{port} is not a port$"):
        Ports(http=port, https=443)
    with pytest.raises(ValueError, match=f"^{port} is not a port$"):
        Ports(http=80, https=port)


def test_two_redirects_are_followed_and_no_third() -> None:
    """Wherever they lead."""
    first, second = (Target("http", "example.com", path) for path in ("/1", "/2"))
    assert followed("/3", HERE, first) == "http://example.com/3"
    with pytest.raises(RedirectRefused, match="more than 2 redirects"):
        followed("/3", HERE, first, second)


HOSTS = st.one_of(
    st.sampled_from(["example.com", "a.example.com", "example.org", "com", "localhost", "[::1]"]),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=4).map(lambda address: str(int(address))),
    st.ip_addresses(v=4).map(lambda address: hex(int(address))),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.text(string.ascii_letters + string.digits + ".-%[]:@*_", max_size=20),
)
URLS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://", "//", "file://", "gopher://", "http:", ""]),
    st.sampled_from(["", "user@", "user:password@", "@", "example.com@"]),
    HOSTS,
    st.sampled_from(["", ":", ":80", ":443", ":22", ":080", ":65536", ":-1", ":x"]),
    st.text(string.printable, max_size=10),
)


@given(URLS | st.text(max_size=60), st.sampled_from(range(300, 310)))
def test_whatever_is_followed_stays_within_the_domain(location: str, status: int) -> None:
    """By http or https, to a name, with a path that can stand in a request; or it is refused."""
    with contextlib.suppress(RedirectRefused):
        target = follow((HERE,), status, location, PORTS)
        assert status in (301, 302)
        assert target.scheme in ("http", "https")
        assert target.host == "example.com" or target.host.endswith(".example.com")
        assert DomainName.parse(target.host).ascii == target.host
        assert target.path.startswith("/")
        assert target.path.isascii()
        assert target.path.isprintable()
        assert " " not in target.path
