"""Proof by file: what a check for it asks, and what it says of what it finds."""

from __future__ import annotations

import pytest

from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.validation.redirects import Ports
from certdesk.world.webserver import webserver
from tests.validation.sites import NAME, NOW, PATH, SITE, VALUE, Sites, canaries

APEX, WWW = "shop.test", "www.shop.test"


def test_the_value_at_its_path_proves_a_name(world: Sites) -> None:
    """By plain http, which is asked first and then alone."""
    world.http.put(NAME, PATH, VALUE)
    finding = world.validate()
    assert (finding.verdict, finding.reason, finding.seen) == (Verdict.PROVED, "", (VALUE,))
    assert [(each.host, each.path) for each in world.http.requests] == [(NAME, PATH)]
    assert world.https.requests == []


def test_a_check_is_evidence_line_by_line(world: Sites) -> None:
    """Who was asked for the address, what was connected to, and what came."""
    world.http.put(NAME, PATH, VALUE)
    finding = world.validate()
    asked, port = world.dns.endpoint, world.http.port
    assert finding.steps == (
        f"A of {NAME}, asked of {asked}: NOERROR, 1 record",
        f"AAAA of {NAME}, asked of {asked}: NOERROR, 0 records",
        f"{NAME} resolves to {SITE}",
        f"GET http://{NAME}{PATH}",
        f"connected to {SITE} port {port}",
        "status 200, 50 bytes of content read",
    )
    assert (finding.resolver, finding.secure) == (asked, None)
    assert (finding.began_at, finding.ended_at) == (NOW, NOW)


@pytest.mark.parametrize("end", ["\n", "\r\n", " \t\r\n\n", " " * 974])
def test_white_space_at_the_end_does_not_matter(world: Sites, end: str) -> None:
    """Editors put it there."""
    world.http.put(NAME, PATH, VALUE + end)
    assert world.validate().verdict is Verdict.PROVED


def test_https_proves_with_a_certificate_that_nobody_signed(world: Sites) -> None:
    """A good one is what the order is for; the name in it is another as well."""
    world.https.put(NAME, PATH, VALUE)
    finding = world.validate()
    assert finding.verdict is Verdict.PROVED
    assert "TLS: TLSv1.3" in finding.steps
    assert [each.host for each in world.https.requests] == [NAME]


def test_https_proves_where_http_shows_something_else(world: Sites) -> None:
    """Either will do."""
    world.http.put(NAME, PATH, "<html>moved</html>")
    world.https.put(NAME, PATH, VALUE)
    assert world.validate().verdict is Verdict.PROVED


def test_https_proves_where_nothing_answers_http(world: Sites) -> None:
    """A website may have no port for http at all."""
    world.https.put(NAME, PATH, VALUE)
    with canaries(SITE) as (closed,):
        nobody = closed.port
    finding = world.validate(ports=Ports(nobody, world.https.port))
    assert finding.verdict is Verdict.PROVED
    assert f"not connected to {SITE} port {nobody}: Connection refused" in finding.steps


def test_a_missing_file_is_told_with_what_to_do(world: Sites) -> None:
    """By http and https what is answered, and where the file belongs."""
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_ABSENT
    assert finding.reason == (
        f"{NAME}: by http: the answer has status 404 instead of 200; by https: the answer "
        f"has status 404 instead of 200. Put the file at http://{NAME}{PATH}, and answer "
        "everybody with status 200."
    )
    assert finding.seen == ()


def test_another_content_is_shown_with_what_to_do(world: Sites) -> None:
    """It is shown once, though both URLs have it."""
    world.http.put(NAME, PATH, "another")
    world.https.put(NAME, PATH, "another")
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_DIFFERS
    assert finding.reason == (
        f"{NAME}: by http: the content is not the value; by https: the content is not the "
        f"value. The file at http://{NAME}{PATH} must contain only the value, as plain text."
    )
    assert finding.seen == ("another",)


def test_what_a_stranger_writes_is_shown_printable_and_cut(world: Sites) -> None:
    """Nobody's terminal, log or page is to be written by it."""
    world.http.put(NAME, PATH, b"\x1b[2J\r\n\xff\xe2\x80\xae" + b"x" * 900)
    (shown,) = world.validate().seen
    assert shown.startswith(r"\x1b[2J\r\n\xff\u202exxx")
    assert (len(shown), shown[-4:]) == (255, "x...")


def test_a_name_without_address_has_no_file(world: Sites) -> None:
    """The reason speaks of the name, not of URLs."""
    finding = world.validate("nowhere.shop.test")
    assert finding.verdict is Verdict.FILE_ABSENT
    assert finding.reason == ("nowhere.shop.test has no address. Add an A or AAAA record for it.")


def test_a_name_whose_servers_fail_has_no_file(world: Sites) -> None:
    """The resolver's reason is given on, and who it was."""
    world.dns.fail(NAME)
    finding = world.validate()
    assert finding.verdict is Verdict.FILE_ABSENT
    assert finding.reason.startswith(f"the address of {NAME} is not known: resolver ")
    assert "SERVFAIL" in finding.reason
    assert finding.resolver == world.dns.endpoint
    assert "SERVFAIL" in finding.steps[0]


@pytest.mark.parametrize(("name", "other"), [(APEX, WWW), (WWW, APEX)])
def test_a_registrable_domain_and_its_www_need_the_file_both(
    world: Sites, name: str, other: str
) -> None:
    """Whichever of the two is ordered."""
    world.name(APEX, WWW)
    world.http.put(name, PATH, VALUE)
    absent = world.validate(name)
    world.http.put(other, PATH, "another")
    differs = world.validate(name)
    world.http.put(other, PATH, VALUE)
    proved = world.validate(name)
    assert (absent.verdict, differs.verdict, proved.verdict) == (
        Verdict.OTHER_FILE_ABSENT,
        Verdict.OTHER_FILE_DIFFERS,
        Verdict.PROVED,
    )
    assert absent.reason.startswith(f"{other}: by http: the answer has status 404")
    assert differs.seen == (VALUE, "another")
    assert proved.reason == ""


def test_what_proved_the_name_is_asked_first_of_its_other_host(world: Sites) -> None:
    """A website without http is waited for once, not twice."""
    world.name(APEX, WWW)
    world.https.put(APEX, PATH, VALUE)
    world.https.put(WWW, PATH, VALUE)
    assert world.validate(APEX).verdict is Verdict.PROVED
    assert [each.host for each in world.http.requests] == [APEX]
    assert [each.host for each in world.https.requests] == [APEX, WWW]


def test_of_two_hosts_the_name_itself_decides_the_verdict(world: Sites) -> None:
    """And the reason speaks of both, so that both can be mended at once."""
    world.name(APEX)
    world.http.put(APEX, PATH, "another")
    finding = world.validate(APEX)
    assert finding.verdict is Verdict.FILE_DIFFERS
    assert f"{APEX}: by http: the content is not the value; " in finding.reason
    assert f"{WWW} has no address" in finding.reason


def test_a_request_says_who_asks_and_nothing_else(
    world: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cookies, no referrer, no wish for compression; the environment's proxies are not used."""
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{world.http.port}")
    world.validate()
    (plain,), (secured,) = world.http.requests, world.https.requests
    assert plain == secured
    assert plain.headers == {
        "host": NAME,
        "user-agent": "certdesk (domain validation)",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
    }
    assert not world.reached()


def test_a_website_is_tried_at_its_next_address(world: Sites) -> None:
    """Where the first one takes no connection."""
    world.dns.remove(NAME, "A")
    world.dns.add(NAME, "A", "127.0.0.3", SITE)
    world.http.put(NAME, PATH, VALUE)
    finding = world.validate(allowed=("127.0.0.2/31",))
    assert finding.verdict is Verdict.PROVED


def test_no_more_than_four_addresses_are_tried(world: Sites) -> None:
    """Whoever lists a hundred has the desk knock at none of the others."""
    world.dns.remove(NAME, "A")
    world.dns.add(NAME, "A", *(f"127.0.1.{number}" for number in range(1, 21)))
    finding = world.validate(allowed=("127.0.1.0/24",))
    assert finding.verdict is Verdict.FILE_ABSENT
    assert sum("not connected to 127.0.1." in step for step in finding.steps) == 8


def test_of_many_addresses_both_kinds_are_tried(world: Sites) -> None:
    """IPv4 and IPv6 in turn, so that a website at one of them alone is found."""
    world.dns.remove(NAME, "A")
    world.dns.add(NAME, "A", *(f"127.0.1.{number}" for number in range(1, 21)))
    world.dns.add(NAME, "AAAA", "::1")
    with webserver(address="::1") as web:
        web.put(NAME, PATH, VALUE)
        ports = Ports(web.port, web.port)
        finding = world.validate(allowed=("127.0.1.0/24", "::1/128"), ports=ports)
    assert finding.verdict is Verdict.PROVED
    assert "connected to ::1" in " ".join(finding.steps)


def test_an_address_that_there_is_no_way_to_does_not_count(world: Sites) -> None:
    """It is passed over, as by a machine without IPv6."""
    world.http.put(NAME, PATH, VALUE)
    world.dns.remove(NAME, "A")
    world.dns.add(NAME, "A", *(f"127.0.1.{number}" for number in range(1, 4)), SITE)
    world.dns.add(NAME, "AAAA", *(f"ff0e::{number:x}" for number in range(1, 301)))
    finding = world.validate(allowed=("127.0.0.0/8", "ff00::/8"))
    assert finding.verdict is Verdict.PROVED
    told = [step for step in finding.steps if "ff0e::" in step and "connected" in step]
    assert len(told) == 1, "what is kept of a check does not grow with the addresses"


@pytest.mark.parametrize("coding", ["identity", "Identity", "", "identity, identity"])
def test_a_content_that_says_it_is_not_encoded_is_read(world: Sites, coding: str) -> None:
    """Some servers say so, though they need not."""
    world.http.put(NAME, PATH, VALUE, headers={"Content-Encoding": coding})
    assert world.validate().verdict is Verdict.PROVED
