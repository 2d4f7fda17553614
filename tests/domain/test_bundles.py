"""What a certificate is handed over in: the archives and the files in them."""

from __future__ import annotations

import io
import re
import stat
import zipfile
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.delivery import bundles
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from tests import chains, programs
from tests.deliveries import MADE_PASS, delivery, members

LONGEST = "a" * 52 + ".example.com"
IDN = "bücher.example.com"
DOMAINS = {
    "www.example.com": "www.example.com",
    "*.example.com": "_.example.com",
    IDN: "xn--bcher-kva.example.com",
    LONGEST: LONGEST,
}
WHOLE = [
    "{}.csr",
    "Nginx/1_{}_bundle.crt",
    "Nginx/2_{}.key",
    "Apache/1_root_bundle.crt",
    "Apache/2_{}.crt",
    "Apache/3_{}.key",
    "IIS/{}.pfx",
    "IIS/keystorePass.txt",
    "Tomcat/{}.jks",
    "Tomcat/keystorePass.txt",
]
ONE_SERVER = {
    "nginx": ["{}_bundle.crt", "{}_bundle.pem", "{}.key", "{}.csr"],
    "apache": ["root_bundle.crt", "{}.crt", "{}.key", "{}.csr"],
    "iis": ["{}.pfx", "keystorePass.txt"],
    "tomcat": ["{}.pfx", "keystorePass.txt"],
    "jks": ["{}.jks", "keystorePass.txt"],
    "root": ["root.crt"],
    "other": ["{}.crt", "root_bundle.crt", "{}.pem", "{}.key", "{}.csr"],
}
SECRET = re.compile(r"\.(key|pfx|jks)$|keystorePass\.txt$")


def entries(data: bytes) -> list[zipfile.ZipInfo]:
    """List what a zip says of its files."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.infolist()


def test_longest_is_the_longest_name_that_can_be_ordered() -> None:
    """The 64 characters of a common name."""
    assert len(LONGEST) == 64


@pytest.mark.parametrize(("domain", "stem"), DOMAINS.items())
def test_the_whole_zip_has_a_folder_for_each_server(domain: str, stem: str) -> None:
    """Names and order are those of the vendor's guides; a wildcard's `*` is a `_`."""
    found = list(members(bundles.whole_zip(delivery(domain))))
    assert found == [name.format(stem) for name in WHOLE]


@pytest.mark.parametrize(("domain", "stem"), DOMAINS.items())
@pytest.mark.parametrize(("kind", "names"), ONE_SERVER.items())
def test_a_zip_for_one_server_has_one_folder(
    domain: str, stem: str, kind: str, names: list[str]
) -> None:
    """Folder and zip are named alike."""
    archive = bundles.server_zip(delivery(domain), kind)
    assert archive.filename == f"{stem}_{kind}.zip"
    assert list(members(archive.data)) == [f"{stem}_{kind}/{name.format(stem)}" for name in names]


def test_every_kind_of_server_is_known() -> None:
    """ServiceType of DescribeDownloadCertificateUrl."""
    assert set(bundles.SERVER_KINDS) == set(ONE_SERVER)


def test_a_customers_key_pass_is_not_written_anywhere() -> None:
    """Who chose it knows it, and the desk's own password has no part in it."""
    found = members(bundles.whole_zip(delivery(key_pass="the customer's")))
    assert list(found) == [
        name.format("www.example.com") for name in WHOLE if "keystorePass" not in name
    ]
    assert not any(b"the customer's" in data for data in found.values())
    for kind in ("iis", "tomcat", "jks"):
        assert len(members(bundles.server_zip(delivery(key_pass="x"), kind).data)) == 1


def test_the_password_file_is_the_password_and_nothing_else() -> None:
    """Servers that read a file take a line end for a part of the password."""
    found = members(bundles.whole_zip(delivery()))
    assert found["IIS/keystorePass.txt"] == found["Tomcat/keystorePass.txt"] == MADE_PASS.encode()


def test_who_has_the_key_gets_neither_keys_nor_key_stores() -> None:
    """The desk cannot give what it was never given."""
    assert list(members(bundles.whole_zip(delivery(online=False)))) == [
        "Nginx/1_www.example.com_bundle.crt",
        "Apache/1_root_bundle.crt",
        "Apache/2_www.example.com.crt",
    ]
    nginx = members(bundles.server_zip(delivery(online=False), "nginx").data)
    assert list(nginx) == [
        "www.example.com_nginx/www.example.com_bundle.crt",
        "www.example.com_nginx/www.example.com_bundle.pem",
    ]


@pytest.mark.parametrize("kind", ["iis", "tomcat", "jks"])
def test_a_key_store_without_a_key_is_refused(kind: str) -> None:
    """An empty zip would look like one that can be used."""
    with pytest.raises(bundles.NothingToHandOver, match="does not have the private key"):
        bundles.server_zip(delivery(online=False), kind)


def test_a_root_that_the_desk_does_not_have_is_left_out_and_refused_alone() -> None:
    """Of an uploaded certificate the root is often unknown."""
    rootless = replace(delivery(), root=None)
    assert list(members(bundles.whole_zip(rootless))) == list(
        members(bundles.whole_zip(delivery()))
    )
    with pytest.raises(bundles.NothingToHandOver, match="does not have the root certificate"):
        bundles.server_zip(rootless, "root")


def test_a_certificate_without_a_chain_has_no_chain_file() -> None:
    """An empty file would keep Apache from starting."""
    alone = replace(delivery(), chain=())
    assert "Apache/1_root_bundle.crt" not in members(bundles.whole_zip(alone))
    assert "www.example.com_apache/root_bundle.crt" not in members(
        bundles.server_zip(alone, "apache").data
    )


@pytest.mark.parametrize("kind", ["nginx", "apache", "iis", "tomcat", "jks", "other"])
def test_a_key_of_another_certificate_is_never_handed_over(kind: str) -> None:
    """It would be someone else's."""
    foreign = Secret(keys.private_key_pem(chains.key_of(KeyKind.RSA_2048)))
    wrong = replace(delivery(), private_key=foreign)
    with pytest.raises(bundles.KeyMismatch):
        bundles.server_zip(wrong, kind)
    with pytest.raises(bundles.KeyMismatch):
        bundles.whole_zip(wrong)


def test_bundles_hold_the_certificates_in_the_order_of_the_chain() -> None:
    """Leaf first; the root is in its own file alone."""
    given_out = delivery()
    found = members(bundles.whole_zip(given_out))
    path = [given_out.leaf, *given_out.chain]

    def ders(name: str) -> list[bytes]:
        return [chains.der(one) for one in x509.load_pem_x509_certificates(found[name])]

    assert ders("Nginx/1_www.example.com_bundle.crt") == path
    assert ders("Apache/2_www.example.com.crt") == path[:1]
    assert ders("Apache/1_root_bundle.crt") == path[1:]
    assert given_out.root not in [
        der for name in found if name.endswith("crt") for der in ders(name)
    ]


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("kind", KeyKind)
def test_openssl_finds_that_key_certificate_and_request_belong_together(
    kind: KeyKind, tmp_path: Path
) -> None:
    """One public key in all of them, and a chain that leads to the root."""
    found = members(bundles.whole_zip(delivery(kind=kind)))
    public = programs.run("openssl", "pkey", "-pubout", text=found["Nginx/2_www.example.com.key"])
    bundle = found["Nginx/1_www.example.com_bundle.crt"]
    assert programs.run("openssl", "x509", "-pubkey", "-noout", text=bundle) == public
    assert found["Apache/3_www.example.com.key"] == found["Nginx/2_www.example.com.key"]
    request = found["www.example.com.csr"]
    assert programs.run("openssl", "req", "-pubkey", "-noout", text=request) == public
    (root,) = members(bundles.server_zip(delivery(kind=kind), "root").data).values()
    files = {name: tmp_path / name for name in ("root", "leaf", "chain")}
    files["root"].write_bytes(root)
    files["leaf"].write_bytes(found["Apache/2_www.example.com.crt"])
    files["chain"].write_bytes(found["Apache/1_root_bundle.crt"])
    words = ("-CAfile", files["root"], "-untrusted", files["chain"], files["leaf"])
    assert programs.run("openssl", "verify", *words).endswith(": OK\n")


@pytest.mark.needs("unzip")
@pytest.mark.parametrize("domain", DOMAINS)
def test_unzip_finds_nothing_wrong_and_lets_others_read_no_secret(
    domain: str, tmp_path: Path
) -> None:
    """What is unpacked has the permissions that it needs on a server."""
    file = tmp_path / "whole.zip"
    file.write_bytes(bundles.whole_zip(delivery(domain)))
    assert "No errors detected" in programs.run("unzip", "-t", file)
    programs.run("unzip", "-q", file, "-d", tmp_path / "out")
    unpacked = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(unpacked) == len(WHOLE)
    for path in unpacked:
        allowed = 0o600 if SECRET.search(path.name) else 0o644
        assert stat.S_IMODE(path.stat().st_mode) & ~allowed == 0


def test_every_file_is_an_ordinary_one_of_the_given_time_without_extra_fields() -> None:
    """Nothing tells of the machine that made it."""
    for entry in entries(bundles.whole_zip(delivery())):
        assert entry.date_time == (2026, 3, 4, 5, 6, 8)
        assert stat.S_ISREG(entry.external_attr >> 16)
        assert (entry.extra, entry.comment) == (b"", b"")


def test_an_archive_without_key_stores_is_the_same_each_time() -> None:
    """A PFX or JKS file has a new salt each time."""
    for kind in ("nginx", "apache", "root", "other"):
        given_out = delivery()
        first = bundles.server_zip(given_out, kind)
        assert bundles.server_zip(given_out, kind) == first
    assert bundles.whole_zip(delivery()) != bundles.whole_zip(delivery())


PATHS = ("", ".", "..", "../../etc/passwd", "/etc/passwd", "C:\\x", "a\x00b", "_", "-rf", "我的")


@given(st.text(max_size=80) | st.sampled_from(PATHS))
def test_whatever_a_certificate_names_its_files_stay_in_their_folders(domain: str) -> None:
    """An uploaded certificate may name anything at all."""
    given_out = delivery(domain, certified="www.example.com", online=False)
    stem = bundles.file_stem(given_out)
    assert re.fullmatch(r"[a-z0-9_][a-z0-9._-]{0,64}", stem, re.ASCII)
    for name in members(bundles.server_zip(given_out, "nginx").data):
        assert re.fullmatch(r"[a-z0-9_][a-z0-9._-]*/[a-z0-9_][a-z0-9._-]*", name, re.ASCII)


@pytest.mark.parametrize("domain", ["", "..", "（）", "___", "\x00"])
def test_where_nothing_of_a_name_is_left_the_id_stands_in(domain: str) -> None:
    """Two such certificates must not overwrite each other on the customer's disk."""
    given_out = delivery(domain, certified="www.example.com", online=False)
    assert bundles.file_stem(given_out) == "q7wzkm2b"


def test_the_last_certificate_of_the_whole_zip_is_the_servers() -> None:
    """Programs that read it take the last file that ends in `.crt` for that."""
    given_out = delivery()
    found = members(bundles.whole_zip(given_out))
    for names in (list(found), sorted(found)):
        last = [name for name in names if name.endswith(".crt")][-1]
        first = x509.load_pem_x509_certificates(found[last])[0]
        assert chains.der(first) == given_out.leaf


DEVICES = {
    *("CON", "PRN", "AUX", "NUL"),
    *(f"{port}{number}" for port in ("COM", "LPT") for number in range(10)),
}
"""Names that Windows opens no file by, whatever follows after a dot."""


@pytest.mark.parametrize("name", sorted({"aux.com", *map(str.lower, DEVICES)}))
@pytest.mark.parametrize("rest", ["", ".example.com"])
def test_windows_can_open_every_file(name: str, rest: str) -> None:
    """Domains may begin with the name of a device, which a file may not."""
    given_out = delivery(f"{name}{rest}", certified="www.example.com")
    archives = [bundles.server_zip(given_out, kind) for kind in bundles.SERVER_KINDS]
    paths = list(members(bundles.whole_zip(given_out)))
    paths += [path for archive in archives for path in members(archive.data)]
    paths += [archive.filename for archive in archives]
    parts = {part for path in paths for part in path.split("/")}
    assert not {part for part in parts if part.partition(".")[0].upper() in DEVICES}
    assert any(f"_{name}{rest}" in part for part in parts)


def test_no_file_of_an_archive_has_the_name_of_another() -> None:
    """An uploaded certificate may be named like the file of its issuers."""
    given_out = delivery("root_bundle", certified="www.example.com")
    for kind in bundles.SERVER_KINDS:
        names = [entry.filename for entry in entries(bundles.server_zip(given_out, kind).data)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("domain", ["console.example.com", "com10.example.com", "x.aux"])
def test_names_that_only_look_like_devices_stay(domain: str) -> None:
    """Nothing but the whole first label counts."""
    assert bundles.file_stem(delivery(domain, certified="www.example.com", online=False)) == domain


@pytest.mark.parametrize("domain", ["我的 Cert", "A.Example.COM", "*.example.com"])
def test_of_other_names_what_can_be_is_kept(domain: str) -> None:
    """So that people recognise them."""
    expected = {"我的 Cert": "___cert", "A.Example.COM": "a.example.com"}
    given_out = delivery(domain, certified="www.example.com", online=False)
    assert bundles.file_stem(given_out) == expected.get(domain, "_.example.com")


def test_the_largest_certificate_fits_into_a_megabyte() -> None:
    """Uploaded ones have up to 64 KiB of certificates."""
    whole = delivery(kind=KeyKind.RSA_4096)
    large = replace(whole, chain=whole.chain * 150)
    assert sum(map(len, large.chain)) > 48_000
    assert len(bundles.whole_zip(large)) < 2**20
