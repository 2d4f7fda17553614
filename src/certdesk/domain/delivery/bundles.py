"""The zip archives in which a certificate is delivered, with the files that servers read.

The file names are those of the vendor's installation guides: one zip with a folder for each server,
and a zip for one server. They are made from the domain by a fixed list, so that no name leads
outside the archive.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certdesk.domain.accounts.account import letters
from certdesk.domain.delivery import jks, pfx
from certdesk.domain.pki import outline, pem
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.names import DomainName, DomainRefused, ascii_form
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret

_NAME_LIMIT = 64
_FOREIGN = re.compile(r"[^a-z0-9._-]", re.ASCII)
_TAKEN = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)|root_bundle$", re.ASCII)
"""Names that Windows reserves for devices, and a file name that the archives use themselves.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

_MAY_BE_READ = 0o644
_OWNER_ONLY = 0o600
_REGULAR_FILE = 0o100000
_UNIX = 3
_PASSWORD_FILE = "keystorePass.txt"  # noqa: S105 -- a file's name


def new_pass_word(rng: random.Random) -> Secret:
    """Return a random password for the desk's key stores: 20 letters and digits, 119 bits."""
    return Secret(letters(rng, 20))


class NothingToHandOver(ValueError):
    """The archive asked for would be empty; the text says what is missing."""


class KeyMismatch(ValueError):
    """The private key does not belong to the certificate."""


class Delivery(Record, kw_only=True):
    """A certificate and everything that is delivered with it.

    Certificates are DER. `chain` has the issuing CA first and ends below the root. `private_key` is
    unencrypted PEM, None if only the customer has it. `csr` is PEM, None if the customer wrote it.
    Key stores are protected by the customer's `key_pass`, or by `made_pass` if there is none, which
    is then in a file beside them. `made_at` is the time of every file.
    """

    certificate_id: str
    domain: DomainName | str
    leaf: bytes
    chain: tuple[bytes, ...]
    root: bytes | None
    private_key: Secret | None
    csr: str | None
    key_pass: Secret | None
    made_pass: Secret
    made_at: datetime


class Archive(Record):
    """A zip and its file name."""

    filename: str
    data: bytes


class _File(Record):
    name: str
    data: bytes
    mode: int = _MAY_BE_READ


def whole_zip(delivery: Delivery) -> bytes:
    """Return the zip that has a folder for each server, for DownloadCertificate.

    Without the private key there are no key files and no key stores. The root is never included: no
    server sends it, and readers of such zips take the last `.crt` for the certificate.

    Raises:
        KeyMismatch: the key belongs to another certificate.
    """
    stem = file_stem(delivery)
    files = [
        *_csr(delivery, f"{stem}.csr"),
        _bundle(delivery, f"Nginx/1_{stem}_bundle.crt"),
        *_key(delivery, f"Nginx/2_{stem}.key"),
        *_issuers(delivery, "Apache/1_root_bundle.crt"),
        _leaf(delivery, f"Apache/2_{stem}.crt"),
        *_key(delivery, f"Apache/3_{stem}.key"),
        *_pfx(delivery, "IIS/"),
        *_jks(delivery, "Tomcat/"),
    ]
    return _zip(files, delivery.made_at)


def server_zip(delivery: Delivery, kind: str) -> Archive:
    """Return the zip for one kind of server; `kind` is a word of `SERVER_KINDS`.

    Raises:
        NothingToHandOver: a key store needs the private key, and `root` the root.
        KeyMismatch: the key belongs to another certificate.
    """
    stem = file_stem(delivery)
    folder = f"{stem}_{kind}"
    files = list(SERVER_KINDS[kind](delivery, f"{folder}/", stem))
    if not files:
        lacking = "root certificate" if kind == ROOT else "private key"
        raise NothingToHandOver(f"the desk does not have the {lacking}")
    return Archive(f"{folder}.zip", _zip(files, delivery.made_at))


def file_stem(delivery: Delivery) -> str:
    """Return the beginning of file names: the domain in `a-z0-9._-`, `*` as `_`.

    An uploaded certificate may have any name; if nothing of it is left, the id is used. A name that
    Windows reserves gets a `_` in front.
    """
    domain = _ascii_domain(delivery) or str(delivery.domain).lower()
    name = _FOREIGN.sub("_", domain)[:_NAME_LIMIT].lstrip(".-").rstrip(".")
    if not name.strip("_"):
        return delivery.certificate_id.lower()
    return f"_{name}" if _TAKEN.match(name) else name


def _alias(delivery: Delivery) -> str:
    """Return the alias of a key inside a key store: the domain itself, in lower-case ASCII.

    IIS accepts a host name for a wildcard only if the friendly name begins with `*`.
    """
    return _ascii_domain(delivery) or file_stem(delivery)


def _ascii_domain(delivery: Delivery) -> str | None:
    try:
        return ascii_form(str(delivery.domain))
    except DomainRefused:
        return None


def _nginx(delivery: Delivery, folder: str, stem: str) -> Iterable[_File]:
    yield _bundle(delivery, f"{folder}{stem}_bundle.crt")
    yield _bundle(delivery, f"{folder}{stem}_bundle.pem")
    yield from _key(delivery, f"{folder}{stem}.key")
    yield from _csr(delivery, f"{folder}{stem}.csr")


def _apache(delivery: Delivery, folder: str, stem: str) -> Iterable[_File]:
    yield from _issuers(delivery, f"{folder}root_bundle.crt")
    yield _leaf(delivery, f"{folder}{stem}.crt")
    yield from _key(delivery, f"{folder}{stem}.key")
    yield from _csr(delivery, f"{folder}{stem}.csr")


def _other(delivery: Delivery, folder: str, stem: str) -> Iterable[_File]:
    yield _leaf(delivery, f"{folder}{stem}.crt")
    yield from _issuers(delivery, f"{folder}root_bundle.crt")
    yield _bundle(delivery, f"{folder}{stem}.pem")
    yield from _key(delivery, f"{folder}{stem}.key")
    yield from _csr(delivery, f"{folder}{stem}.csr")


SERVER_KINDS = {
    "nginx": _nginx,
    "apache": _apache,
    "iis": lambda delivery, folder, _: _pfx(delivery, folder),
    "tomcat": lambda delivery, folder, _: _pfx(delivery, folder),
    "jks": lambda delivery, folder, _: _jks(delivery, folder),
    "root": lambda delivery, folder, _: _root(delivery, f"{folder}root.crt"),
    "other": _other,
}
"""The files of each kind of server (ServiceType of DescribeDownloadCertificateUrl)."""

ROOT = "root"
"""The only kind whose zip never has the private key in it, and the only one with the root."""

KEY_STORES = frozenset({"iis", "tomcat", "jks"})
"""The kinds whose zip would be empty without the private key."""


def fitting_kinds(*, key_kept: bool, root_known: bool) -> frozenset[str]:
    """Return the kinds for which an issued certificate has something to deliver.

    `key_kept` and `root_known` are whether the desk has the private key and the root.
    """
    lacking = set() if key_kept else set(KEY_STORES)
    if not root_known:
        lacking.add(ROOT)
    return frozenset(SERVER_KINDS) - lacking


def _leaf(delivery: Delivery, name: str) -> _File:
    return _File(name, _pem(delivery.leaf))


def _bundle(delivery: Delivery, name: str) -> _File:
    return _File(name, _pem(*_path(delivery)))


def _issuers(delivery: Delivery, name: str) -> Iterable[_File]:
    """Yield the file of the chain without the certificate; a self-signed certificate has none."""
    if delivery.chain:
        yield _File(name, _pem(*delivery.chain))


def _root(delivery: Delivery, name: str) -> Iterable[_File]:
    if delivery.root is not None:
        yield _File(name, _pem(delivery.root))


def _csr(delivery: Delivery, name: str) -> Iterable[_File]:
    if delivery.csr is not None:
        yield _File(name, delivery.csr.encode())


def _key(delivery: Delivery, name: str) -> Iterable[_File]:
    if delivery.private_key is not None:
        _open(delivery, delivery.private_key)
        yield _File(name, delivery.private_key.reveal(), _OWNER_ONLY)


def _pfx(delivery: Delivery, folder: str) -> Iterable[_File]:
    if delivery.private_key is not None:
        key = _open(delivery, delivery.private_key)
        data = pfx.write(_alias(delivery), key, _path(delivery), _password(delivery))
        yield _File(f"{folder}{file_stem(delivery)}.pfx", data, _OWNER_ONLY)
        yield from _password_file(delivery, folder)


def _jks(delivery: Delivery, folder: str) -> Iterable[_File]:
    if delivery.private_key is not None:
        key = _open(delivery, delivery.private_key)
        data = jks.write(
            _alias(delivery), key, _path(delivery), _password(delivery), delivery.made_at
        )
        yield _File(f"{folder}{file_stem(delivery)}.jks", data, _OWNER_ONLY)
        yield from _password_file(delivery, folder)


def _open(delivery: Delivery, private_key: Secret) -> PrivateKey:
    """Return the private key after checking that it is the certificate's.

    The key itself was made or checked when it came to the desk; another full check would take up to
    0.3 seconds (RSA 4096).
    """
    key = load_pem_private_key(private_key.reveal(), None, unsafe_skip_rsa_key_validation=True)
    if key.public_key() != outline.certificate(delivery.leaf).key.public_key():
        raise KeyMismatch("the private key does not belong to the certificate")
    return key  # type: ignore[return-value]  # certificates here have keys of these kinds alone


def _path(delivery: Delivery) -> tuple[bytes, ...]:
    """Return the certificates that a server sends: the leaf, then its issuers below the root."""
    return delivery.leaf, *delivery.chain


def _password(delivery: Delivery) -> Secret:
    return delivery.key_pass or delivery.made_pass


def _password_file(delivery: Delivery, folder: str) -> Iterable[_File]:
    """Yield the desk's own password as a file without a line end: some servers read all of it."""
    if delivery.key_pass is None:
        yield _File(f"{folder}{_PASSWORD_FILE}", delivery.made_pass.reveal(), _OWNER_ONLY)


def _pem(*certificates: bytes) -> bytes:
    """Return DER certificates as PEM (RFC 7468), one after the other."""
    return "".join(pem.encoded("CERTIFICATE", one) for one in certificates).encode("ascii")


def _zip(files: Iterable[_File], made_at: datetime) -> bytes:
    """Return a zip of the files, in order: relative names, regular files, no extra fields."""
    moment = made_at.astimezone(UTC).timetuple()[:6]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.name, moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = (_REGULAR_FILE | file.mode) << 16
            archive.writestr(entry, file.data)
    return buffer.getvalue()
