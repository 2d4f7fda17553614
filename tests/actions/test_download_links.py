"""DescribeDownloadCertificateUrl, and what the links lead to."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from certdesk import bootstrap
from certdesk.domain.errors import CertificateStatusNotAllowDownload
from certdesk.domain.orders.lifecycle import Event
from certdesk.domain.validation.challenge import ProofKind, Verdict
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.settings import Settings, SettingsError
from certdesk.web.downloads import UNLIMITED, Downloads
from certdesk.web.gcra import RateLimiter
from tests import programs
from tests.actions.downloading import Place, fetch, link
from tests.actions.submitting import PERSONAL, refusal
from tests.deliveries import members
from tests.inside import InsideDesk
from tests.rules import rules_with
from tests.running import Keys
from tests.workflow.renewing import LeftAlone

KINDS = ("nginx", "apache", "tomcat", "iis", "jks", "root", "other")


def not_supported(detail: str) -> tuple[str, str]:
    """Give the refusal of a kind of server."""
    sentence = "The service type is not supported for this download."
    return "FailedOperation.CertificateDownloadServiceTypeNotSupport", f"{sentence} {detail}"


@pytest.mark.needs("unzip")
@pytest.mark.parametrize("kind", KINDS)
def test_a_link_leads_to_the_zip_for_one_server(place: Place, kind: str, tmp_path: Path) -> None:
    """It is saved by the name that was told, and kept by nobody on the way."""
    url, filename = link(place.client, place.online, kind)
    assert filename == f"www.example.com_{kind}.zip"
    assert url.startswith(f"{place.desk.url}/download/")
    assert url.endswith(f"/{filename}")
    status, headers, body = fetch(url)
    assert (status, headers["content-type"]) == (200, "application/zip")
    assert headers["content-disposition"] == f'attachment; filename="{filename}"'
    assert headers["cache-control"] == "no-store"
    assert all(name.startswith(f"www.example.com_{kind}/") for name in members(body))
    (tmp_path / filename).write_bytes(body)
    assert "No errors detected" in programs.run("unzip", "-t", tmp_path / filename)


def test_a_link_may_be_used_again_and_each_use_is_noted(place: Place) -> None:
    """To ask for one is not yet a download."""
    before = len(place.noted(place.online))
    url, _ = link(place.client, place.online)
    assert len(place.noted(place.online)) == before
    assert fetch(url) == fetch(url)
    assert len(place.noted(place.online)) == before + 2


def test_nginx_is_meant_where_no_server_is_named(place: Place) -> None:
    """As in the mainland's edition."""
    assert link(place.client, place.online)[1] == "www.example.com_nginx.zip"


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("NGINX", '"NGINX"'),
        ("caddy", "a text of 5 characters"),
        ("../nginx", '"../nginx"'),
        ("Corr3ct-Horse", "a text of 13 characters"),
        ("nginx.zip", '"nginx.zip"'),
    ],
)
def test_an_unknown_kind_of_server_is_refused(place: Place, kind: str, shown: str) -> None:
    """With the known ones; what could be a secret is not told back."""
    known = "nginx, apache, iis, tomcat, jks, root, other"
    assert refusal(lambda: link(place.client, place.online, kind)) == not_supported(
        f"ServiceType: must be one of {known}, not {shown}."
    )


@pytest.mark.parametrize("kind", ["iis", "tomcat", "jks"])
def test_a_key_store_needs_the_key(place: Place, kind: str) -> None:
    """Which the desk does not have where the CSR was handed in."""
    assert refusal(lambda: link(place.client, place.parsed, kind)) == not_supported(
        f"ServiceType: the desk cannot make a {kind} file, because the desk does not have "
        "the private key."
    )


def test_who_may_only_look_gets_no_link_to_a_private_key(place: Place) -> None:
    """But to what anybody gets to see of a certificate."""
    looker = place.allowed("ssl:Describe*")
    assert refusal(lambda: link(looker, place.online, "nginx")) == (
        "FailedOperation.CertificateNotAllowDownload",
        (
            "The certificate may not be downloaded. The download would contain the private "
            "key, and no policy allows ssl:ReadPrivateKey."
        ),
    )
    assert fetch(link(looker, place.online, "root")[0])[0] == 200
    names = members(fetch(link(looker, place.parsed, "nginx")[0])[2])
    assert not any(name.endswith(".key") for name in names)


def test_what_is_wrong_with_a_link_is_not_told(place: Place) -> None:
    """Every one that is not as it was given answers alike, and notes nothing."""
    url, filename = link(place.client, place.online)
    front, token, _ = url.rsplit("/", 2)
    other = link(place.client, place.online, "root")[1]
    before = len(place.noted(place.online))
    turned = ("A" if token[40] != "A" else "B").join((token[:40], token[41:]))
    answers = [
        fetch(f"{front}/{wrong}")
        for wrong in (
            f"{turned}/{filename}",
            f"{token[:-4]}/{filename}",
            f"{token}AAAA/{filename}",
            f"{token}%C3%A9/{filename}",
            f"x/{filename}",
            f"{token}/{other}",
            f"{token}/x",
        )
    ]
    assert {(status, body) for status, _, body in answers} == {(404, b"not found\n")}
    assert all(headers["cache-control"] == "no-store" for _, headers, _ in answers)
    assert len(place.noted(place.online)) == before


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE"])
def test_a_link_is_for_get_alone(place: Place, method: str) -> None:
    """What else comes by it is no download."""
    url, _ = link(place.client, place.online)
    before = len(place.noted(place.online))
    status, headers, _ = fetch(url, method)
    assert (status, headers["allow"]) == (405, "GET")
    assert len(place.noted(place.online)) == before


def test_a_link_tells_nothing_of_what_it_is_for(place: Place) -> None:
    """Neither id nor key can be read out of it, and no two are alike."""
    urls = [link(place.client, place.online)[0] for _ in range(2)]
    tokens = [base64.urlsafe_b64decode(url.split("/")[-2]) for url in urls]
    assert tokens[0] != tokens[1]
    for secret in (place.online, place.keys.secret_id, place.keys.uin):
        assert all(secret.encode() not in token for token in tokens)
        assert all(secret not in url for url in urls)


def test_a_link_ends_with_the_key_that_asked_for_it(place: Place) -> None:
    """Whoever disables a key means this, too."""
    added = place.desk.operate("AddKey", Uin=place.keys.uin)
    keys = Keys(place.keys.uin, added["SecretId"], added["SecretKey"])
    url, _ = link(place.desk.client(keys), place.online)
    assert fetch(url)[0] == 200
    place.desk.certdesk("key", "disable", keys.secret_id)
    assert fetch(url)[0] == 404


def test_a_link_ends_with_the_permission(place: Place) -> None:
    """Policies count as they are when it is used."""
    user = place.desk.user(place.keys, "ssl:*")
    url, _ = link(place.desk.client(user.keys), place.online)
    assert fetch(url)[0] == 200
    place.desk.bind(user, "deny", "ssl:ReadPrivateKey")
    assert fetch(url)[0] == 404


def test_links_are_kept_nowhere(place: Place) -> None:
    """Neither in the log nor in the files of the desk."""
    url, _ = link(place.client, place.online)
    token = url.split("/")[-2]
    fetch(url)
    assert token not in place.desk.log
    kept = [file for file in place.desk.folder.iterdir() if file.is_file()]
    assert any(place.online.encode() in file.read_bytes() for file in kept)
    assert not any(token.encode() in file.read_bytes() for file in kept)


# --- what only the clock, or another setting, shows ---------------------------------------------


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[InsideDesk]:
    """A desk whose clock the test has."""
    with InsideDesk(tmp_path) as desk:
        yield desk


def issued(inside: InsideDesk, caller: Caller) -> str:
    """Order a certificate and have it issued."""
    order = inside.buy(caller)
    inside.call(caller, "CertificateInfoSubmit", CertId=order, **PERSONAL)
    inside.call(caller, "CertificateOrderSubmit", CertId=order)
    for kind in ProofKind:
        inside.validators[kind].verdicts["example.com"] = Verdict.PROVED
    inside.take_on(order)
    return order


def following(url: str) -> Request:
    """Give the request of one who follows a link."""
    path, _, query = url.partition("?")
    _, _, token, filename = path.split("/")
    params = {"token": token, "filename": filename}
    scope = {
        "type": "http",
        "method": "GET",
        "path_params": params,
        "query_string": query.encode(),
        "headers": [],
    }
    return Request(scope)


def answered(inside: InsideDesk, url: str) -> Response:
    """Follow a link inside the process."""
    return answer_of(Downloads(inside.engine, bootstrap.actions()), url)


def answer_of(downloads: Downloads, url: str) -> Response:
    """Follow a link to these downloads."""
    request = following(url)
    return downloads.answer(request, downloads.opened(request))


def followed(inside: InsideDesk, url: str) -> int:
    """Follow a link inside the process; give the status."""
    return answered(inside, url).status_code


@pytest.mark.parametrize("limited", ["link", "account"])
def test_links_have_a_rate_limit(inside: InsideDesk, limited: str) -> None:
    """One link, or all of an account: 429 beyond, when to come again, and nothing noted."""
    caller = inside.account()
    order = issued(inside, caller)
    asked = inside.call(caller, "DescribeDownloadCertificateUrl", CertificateId=order)
    limiter = replace(UNLIMITED, **{limited: RateLimiter(2, 60)})
    downloads = Downloads(inside.engine, bootstrap.actions(), limiter)
    answers = [answer_of(downloads, asked["DownloadCertificateUrl"]) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "30"
    assert answers[-1].headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("own", "statuses"), [(1, [200, 429, 429]), (0, [200, 200, 200])])
def test_links_of_an_account_have_its_own_rate_limit(
    inside: InsideDesk, own: int, statuses: list[int]
) -> None:
    """That of `certdesk account limit`, and not the usual one; 0 is none."""
    caller = inside.account()
    order = issued(inside, caller)
    asked = inside.call(caller, "DescribeDownloadCertificateUrl", CertificateId=order)
    inside.operator(
        "SetRateLimit", Uin=caller.uin, Action="DescribeDownloadCertificateUrl", PerSecond=own
    )
    rate_limits = replace(UNLIMITED, account=RateLimiter(2, 60))
    downloads = Downloads(inside.engine, bootstrap.actions(), rate_limits)
    answers = [answer_of(downloads, asked["DownloadCertificateUrl"]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == statuses


def test_a_link_ends_after_its_minutes(inside: InsideDesk) -> None:
    """Ten, where no setting says otherwise."""
    caller = inside.account()
    order = issued(inside, caller)
    asked = inside.call(caller, "DescribeDownloadCertificateUrl", CertificateId=order)
    inside.clock.move(timedelta(minutes=10) - timedelta(seconds=1))
    assert followed(inside, asked["DownloadCertificateUrl"]) == 200
    inside.clock.move(timedelta(seconds=1))
    assert followed(inside, asked["DownloadCertificateUrl"]) == 404


def test_a_link_ends_when_the_certificate_does(inside: InsideDesk) -> None:
    """What has expired is not handed over any more."""
    caller = inside.account()
    order = issued(inside, caller)
    asked = inside.call(caller, "DescribeDownloadCertificateUrl", CertificateId=order)
    expired = inside.order(order).after(Event.EXPIRE)
    inside.store.write(lambda unit: unit.orders.replace(expired))
    assert followed(inside, asked["DownloadCertificateUrl"]) == 404
    with pytest.raises(CertificateStatusNotAllowDownload):
        inside.call(caller, "DescribeDownloadCertificateUrl", CertificateId=order)


def test_links_lead_to_where_clients_reach_the_desk(tmp_path: Path) -> None:
    """The setting has the address that a proxy is reached at, with or without a path."""
    url = "https://ssl.example.com/desk"
    with bootstrap.open_desk(Settings(data=str(tmp_path), public_url=f"{url}/")) as opened:
        assert opened.desk.rules.public_url == url


@pytest.mark.parametrize(
    "url", ["ssl.example.com", "ftp://example.com", "https://", "https://a/?b"]
)
def test_a_public_url_that_leads_nowhere_is_refused(tmp_path: Path, url: str) -> None:
    """At the start, and not when the first link is used."""
    settings = Settings(data=str(tmp_path), public_url=url)
    with pytest.raises(SettingsError, match=r"http\.public_url"), bootstrap.open_desk(settings):
        pass


def test_a_link_leads_to_the_certificate_in_force_where_it_says_so(tmp_path: Path) -> None:
    """To the newest that came after the one it names, and to that one without `?current`."""
    with InsideDesk(tmp_path, rules=rules_with(link_life=timedelta(days=365))) as inside:
        left = LeftAlone(inside, inside.account())
        first = left.issue(years=1)
        asked = inside.call(left.caller, "DescribeDownloadCertificateUrl", CertificateId=first)
        url = asked["DownloadCertificateUrl"]
        assert answered(inside, f"{url}?current").body == answered(inside, url).body
        left.put_when_due(first)
        left.work()
        after = left.successor(first)
        assert after is not None
        other = inside.call(
            left.caller, "DescribeDownloadCertificateUrl", CertificateId=after.certificate_id
        )
        newest = answered(inside, other["DownloadCertificateUrl"]).body
        assert answered(inside, f"{url}?current").body == newest
        assert answered(inside, url).body != newest
        left.pass_time(100 * timedelta(days=1))
        assert (followed(inside, url), followed(inside, f"{url}?current")) == (404, 200)


def test_a_user_gets_the_certificate_in_force_only_where_policies_allow_it(
    tmp_path: Path,
) -> None:
    """That of the certificate which the link names is not enough."""
    with InsideDesk(tmp_path) as inside:
        left = LeftAlone(inside, inside.account())
        first = left.issue(years=1)
        left.put_when_due(first)
        left.work()
        asked = inside.call(left.caller, "DescribeDownloadCertificateUrl", CertificateId=first)
        url = asked["DownloadCertificateUrl"]
        other = left.successor(first)
        assert other is not None
        uin = inside.account().uin
        inside.store.write(lambda unit: unit.orders.replace(replace(other, uin=uin)))
        assert (followed(inside, url), followed(inside, f"{url}?current")) == (200, 404)
