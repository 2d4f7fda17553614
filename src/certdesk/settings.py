"""Every setting, declared once: name, type, default, help.

Read from the TOML file, then from the environment, then from the command line; later ones win.
`keys.stock.p_256` in the file is the table `[keys.stock]` with `p_256 = …`, and
`CERTDESK_KEYS_STOCK_P_256` in the environment.
"""

from __future__ import annotations

import dataclasses
import operator
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from certdesk.domain import quotas
from certdesk.domain.quotas import Quotas
from certdesk.domain.secret_urls import without_secrets
from certdesk.domain.telling import why

PREFIX = "CERTDESK_"
CONFIG = "CERTDESK_CONFIG"
"""Names the file of settings, where no option does."""

NOT_SETTINGS = frozenset(
    {CONFIG, "CERTDESK_ENDPOINT", "CERTDESK_SECRET_ID", "CERTDESK_SECRET_KEY", "CERTDESK_TOKEN"}
)
"""What commands read themselves: `--config`, and `certdesk call`."""

_LINK = re.compile(r"(tcp|udp|sctp)://\S+")
_OF_SERVICE = re.compile(
    r"CERTDESK_([A-Z0-9_]*_)?(SERVICE_HOST|SERVICE_PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""What Kubernetes tells each container of a service that is called certdesk, or certdesk-…; the
variable `CERTDESK_PORT` itself has a URL for its value."""

COMING = ("issuer.",)
"""Settings whose parts of the desk are not built yet: read, named in a warning, without effect."""

ROOT_ANCHORS = (
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
"""The key-signing keys of the DNS root, as IANA publishes them: of 2017, and of 2024."""


class SettingsError(Exception):
    """A setting is unknown or has a value that it cannot have; the text says which and why."""


def _setting(name: str, default: object, explanation: str, *, least: int = 0) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare a setting; `least` is the least value that a number may have."""
    metadata = {"name": name, "help": explanation, "least": least}
    return dataclasses.field(default=default, metadata=metadata)


SOCKET_NAME = "admin.sock"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this desk is to run."""

    data: str = _setting(
        "data", "./certdesk-data", "Folder of the database, the key file and the admin socket."
    )
    listen: str = _setting(
        "listen",
        "127.0.0.1:8080",
        "HOST:PORT to serve on; port 0 takes a free one. Plain HTTP is served on loopback, and to "
        "http.plain_networks.",
    )
    database: str = _setting(
        "database",
        "",
        "Database URL: sqlite:///PATH or postgresql://USER@HOST/NAME; empty is certdesk.db in the "
        "folder.",
    )
    admin_socket: str = _setting(
        "admin.socket", "", "Path of the operator's socket; empty is admin.sock in the folder."
    )
    admin_group: str = _setting(
        "admin.group",
        "",
        "Group of the system whose members may use the socket too, and so are operators; empty is "
        "none.",
    )
    tls_cert: str = _setting("tls.cert", "", "PEM file of the server's certificate chain.")
    tls_key: str = _setting("tls.key", "", "PEM file of the server's private key.")
    vault_key_file: str = _setting(
        "vault.key_file", "", "File of the key-encryption key; empty is kek.json in the folder."
    )
    stock_rsa_2048: int = _setting("keys.stock.rsa_2048", 16, "RSA 2048 keys kept ready.")
    stock_rsa_4096: int = _setting("keys.stock.rsa_4096", 2, "RSA 4096 keys kept ready.")
    stock_p_256: int = _setting("keys.stock.p_256", 16, "ECC prime256v1 keys kept ready.")
    keys_makers: int = _setting("keys.makers", 2, "Keys made at the same time.", least=1)
    keys_queue: int = _setting(
        "keys.queue",
        200,
        "Requests that may wait for a key when the stock is empty; 0 hands out stock only.",
    )
    parsing_processes: int = _setting(
        "parsing.processes",
        2,
        "Processes that look into letters and uploaded certificates and keys, which may take long; "
        "they are started when they are needed, and one works for an account at a time.",
        least=1,
    )
    parsing_seconds: int = _setting(
        "parsing.seconds",
        5,
        "Seconds of CPU that one letter or upload may take there; what takes longer is refused.",
        least=1,
    )
    internal_suffixes: tuple[str, ...] = _setting(
        "names.internal_suffixes",
        (),
        "Suffixes, such as corp.internal, under which names may be ordered that are nobody's in "
        "the public DNS; only for a desk whose certificates come from a private CA (a list; "
        "commas in the environment).",
    )
    dns_resolvers: tuple[str, ...] = _setting(
        "dns.resolvers",
        ("127.0.0.1:53",),
        "ADDRESS:PORT of the resolvers that proofs and CAA records are looked up by, in turn; each "
        "has to check DNSSEC signatures, and belongs on this machine, such as unbound (a list; "
        "commas in the environment).",
    )
    dns_dnssec: Literal["validate", "off"] = _setting(
        "dns.dnssec",
        "validate",
        "validate: only a resolver that shows that it checks DNSSEC signatures is believed; off: "
        "every resolver is, which is for tests alone.",
    )
    dns_trust_anchors: tuple[str, ...] = _setting(
        "dns.trust_anchors",
        ROOT_ANCHORS,
        "DS or DNSKEY records, or files of such lines, by whose keys a resolver shows that it "
        "checks; the default is the keys of the DNS root (a list; commas in the environment).",
    )
    caa_check: bool = _setting(
        "caa.check",
        True,  # noqa: FBT003 - a default
        "Whether CAA records have to permit issuing; false is for a desk all of whose certificates "
        "come from a private CA.",
    )
    caa_identities: tuple[str, ...] = _setting(
        "caa.identities",
        (),
        "Issuer domain names, such as ca.example.com, by which CAA records permit this desk to "
        "issue; with none, any CAA record that names issuers forbids it (a list; commas in the "
        "environment).",
    )
    caa_accounts: tuple[str, ...] = _setting(
        "caa.accounts",
        (),
        "Account URIs that this desk issues under, for CAA records with accounturi (a list; commas "
        "in the environment).",
    )
    proof_http_port: int = _setting(
        "proof.http_port",
        80,
        "Port that files of proof are fetched from by http; another one than 80 is for tests.",
        least=1,
    )
    proof_https_port: int = _setting(
        "proof.https_port",
        443,
        "Port that files of proof are fetched from by https; another one than 443 is for tests.",
        least=1,
    )
    proof_allow_networks: tuple[str, ...] = _setting(
        "proof.allow_networks",
        (),
        "Networks, such as 10.1.0.0/16, that files of proof are fetched from though they are not "
        "public, this machine's own addresses included (a list; commas in the environment).",
    )
    vetting_automatic: bool | None = _setting(
        "vetting.automatic",
        None,
        "Whether managers and orders are approved by themselves, so that nobody looks at them. "
        "Where it is not set, they are in a sandbox without vetting.four_eyes, and nowhere else.",
    )
    vetting_four_eyes: bool = _setting(
        "vetting.four_eyes",
        False,  # noqa: FBT003 - a default
        "Whether two people, who are two users of the system, have to approve each EV order.",
    )
    vetting_letter_products: tuple[int, ...] = _setting(
        "vetting.letter_products",
        (8, 9, 10),
        "Numbers of the OV and EV products whose orders wait for a letter of confirmation (a list; "
        "commas in the environment).",
    )
    issuer_names: tuple[str, ...] = _setting(
        "issuer.names",
        ("private",),
        "Issuers that this desk has; the first one issues the products that issuer.products does "
        "not name. An issuer stays here as long as its orders are under way and its certificates "
        "are good: private is the desk's own CA (a list; commas in the environment).",
    )
    issuer_products: tuple[str, ...] = _setting(
        "issuer.products",
        (),
        "Issuers of single products, by the products' numbers, such as 8=private; an order keeps "
        "the issuer that it was submitted to (a list; commas in the environment).",
    )
    ca_organisation: str = _setting(
        "ca.organisation",
        "certdesk",
        "Organisation in the names of the private CA's authorities, 40 characters at most. It is "
        "used when they are made, as ca.country and ca.base_url are.",
    )
    ca_country: str = _setting(
        "ca.country", "XX", "Its country, two capitals of ISO 3166-1; XX stands for none."
    )
    ca_base_url: str = _setting(
        "ca.base_url",
        "",
        "URL, best with http:, at which others reach the desk's /pki/ for the CA's certificates "
        "and CRLs; it is written into certificates. Empty is the address that the desk listens on.",
    )
    ca_validity_days: int = _setting(
        "ca.validity_days",
        0,
        "Days that certificates of the private CA last; 0 is what public CAs may: 199, from "
        "2027-03-15 on 99, from 2029-03-15 on 46.",
    )
    ca_overlap_days: int = _setting(
        "ca.overlap_days",
        365,
        "Days before its end at which an issuing authority hands over to a new one; at least as "
        "many as its certificates last.",
    )
    privacy_identity_days: int = _setting(
        "privacy.identity_days",
        90,
        "Days after which the identity numbers of managers and contacts are erased that were "
        "handed in; as long as an order that needs them is under way, they are kept.",
        least=1,
    )
    retention_looks_days: int = _setting(
        "retention.looks_days",
        90,
        "Days for which looks are kept that found no proof, or that CAA records refused; those "
        "that found one are kept for ever.",
        least=1,
    )
    retention_material_days: int = _setting(
        "retention.material_days",
        365,
        "Days after which material is removed, private keys included, whose order has failed, was "
        "cancelled, has expired or was revoked, or in whose place other material was handed in.",
        least=1,
    )
    retention_audit_days: int = _setting(
        "retention.audit_days",
        1130,
        "Days for which rows of the audit log are kept, which nothing but age removes; where "
        "certificates last longer (ca.validity_days), two years more than that.",
        least=1,
    )
    retention_letters_days: int = _setting(
        "retention.letters_days",
        398,
        "Days after which letters of confirmation are removed whose order nobody looks at any "
        "more.",
        least=1,
    )
    rate_limit: int = _setting(
        "rate.limit", 10, "Requests a second that an account may make of an action; 0: no limit."
    )
    rate_actions: tuple[str, ...] = _setting(
        "rate.actions",
        (),
        "Other limits for single actions, such as CertificateInfoSubmit=20 (a list; commas in the "
        "environment).",
    )
    proof_interval: int = _setting(
        "proof.interval",
        10,
        "Seconds between two looks for the proof of one name, at first; they grow to ten minutes.",
        least=1,
    )
    proof_deadline_hours: int = _setting(
        "proof.deadline_hours",
        72,
        "Hours after which an order is closed whose names are not proved.",
        least=1,
    )
    proof_per_domain: int = _setting(
        "proof.per_domain",
        60,
        "Looks for proofs that may begin a minute at the names of one registrable domain, for all "
        "accounts and orders together, and as many looks for CAA records; 0: no limit.",
    )
    proof_per_address: int = _setting(
        "proof.per_address",
        300,
        "Connections a minute to one address (IPv6: to one /64) to fetch files of proof, whatever "
        "the names are; 0: no limit.",
    )
    renewal_per_minute: int = _setting(
        "renewal.per_minute",
        60,
        "Successors of certificates that the desk begins by itself in a minute, each process of "
        "its own; what ends first comes first.",
        least=1,
    )
    free_limit: int = _setting(
        "free.limit",
        50,
        "Free certificates that have not ended and orders of them that an account may have; 0 is "
        "none.",
    )
    free_per_domain: int = _setting(
        "free.per_domain", 20, "How many of these may be for the names of one registrable domain."
    )
    download_link_minutes: int = _setting(
        "download.link_minutes", 10, "Minutes for which a link to a download may be used.", least=1
    )
    download_link_per_minute: int = _setting(
        "download.link_per_minute",
        30,
        "Times a minute that one link to a download may be used; 0: no limit.",
    )
    public_url: str = _setting(
        "http.public_url",
        "",
        "URL at which clients reach the desk, such as https://ssl.example.com, for links to "
        "downloads; empty is the address that it listens on.",
    )
    threads: int = _setting("http.threads", 4, "Requests carried out at the same time.", least=1)
    body_seconds: int = _setting(
        "http.body_seconds", 30, "Seconds that a request's body may take to arrive.", least=1
    )
    head_seconds: int = _setting(
        "http.head_seconds", 10, "Seconds that a request's head may take to arrive.", least=1
    )
    hosts: tuple[str, ...] = _setting(
        "http.hosts",
        (),
        "Names by which the desk may be asked, besides the address that it listens on, those of "
        "this machine's loopback, and the hosts of http.public_url and ca.base_url; ports do not "
        "count. Requests for any other name are refused, except for /pki/ and the health pages (a "
        "list; commas in the environment).",
    )
    proxies: tuple[str, ...] = _setting(
        "http.proxies",
        (),
        "Networks of the proxies in front of the desk, such as 10.0.0.7/32. Their X-Forwarded-For "
        "is believed; only http.connections limits their connections (a list; commas in the "
        "environment).",
    )
    plain_networks: tuple[str, ...] = _setting(
        "http.plain_networks",
        (),
        "Networks, such as that of the containers of this machine, whose peers are served plain "
        "HTTP beyond loopback; who can listen on the way reads keys and repeats requests (a list; "
        "commas in the environment).",
    )
    connections: int = _setting(
        "http.connections",
        512,
        "Connections at the same time, not counting the operator's socket.",
        least=1,
    )
    connections_per_address: int = _setting(
        "http.connections_per_address",
        64,
        "How many of them one address may have, or one /64 of IPv6.",
        least=1,
    )
    handshakes: int = _setting(
        "http.handshakes", 128, "How many of them may be in their TLS handshake.", least=1
    )
    write_seconds: int = _setting(
        "http.write_seconds",
        30,
        "Seconds after which a connection is closed whose client does not take its answer, or "
        "takes it at less than 1 KiB a second.",
        least=1,
    )
    bodies_mib: int = _setting(
        "http.bodies_mib",
        128,
        "MiB of memory for the bodies of requests that are larger than 64 KiB; one address may "
        "have a quarter of it.",
        least=4,
    )
    wrong_per_minute: int = _setting(
        "http.wrong_per_minute",
        20,
        "Wrong signatures, keys, tokens and links of an address that are answered at once in a "
        "minute; the answers to more of them wait for their turn. 0: all are answered at once.",
    )
    unsigned_per_second: int = _setting(
        "http.unsigned_per_second",
        10,
        "Requests a second of an address to the API that are answered at once though they are "
        "refused before their signature can be checked; the answers to more of them wait for their "
        "turn. 0: all are answered at once.",
    )
    pages_per_second: int = _setting(
        "http.pages_per_second",
        100,
        "Requests a second of an address for /pki/, downloads and the page at /; 0: no limit.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "log.level", "info", "debug, info, warning or error."
    )
    log_format: Literal["json", "console"] = _setting(
        "log.format", "json", "json, an object a line, or console, for people."
    )
    watch_networks: tuple[str, ...] = _setting(
        "watch.allow_networks",
        (),
        "Networks besides this machine that may ask for /healthz, /readyz and /metrics (a list; "
        "separated by commas in the environment).",
    )

    quotas: Quotas = dataclasses.field(default_factory=Quotas)
    """What an account may have; `domain/quotas.py` declares these settings."""

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data)

    @property
    def socket_path(self) -> Path:
        """Where commands reach a running server."""
        return Path(self.admin_socket) if self.admin_socket else self.folder / SOCKET_NAME


@dataclasses.dataclass(frozen=True, slots=True)
class Declaration:
    """A setting as `certdesk settings` shows it."""

    name: str
    attribute: str
    default: object
    explanation: str
    least: int

    def of(self, settings: Settings) -> object:
        """Give its value."""
        return operator.attrgetter(self.attribute)(settings)

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper().replace(".", "_")


DECLARATIONS = tuple(
    Declaration(
        field.metadata["name"],
        field.name,
        field.default,
        field.metadata["help"],
        field.metadata["least"],
    )
    for field in dataclasses.fields(Settings)
    if field.metadata
) + tuple(
    Declaration(f"{quotas.PREFIX}{kind}", f"quotas.{kind}", said.default, said.metadata["help"], 0)
    for kind, said in Quotas.__dataclass_fields__.items()
)


def load(
    config: Path | None, environ: Mapping[str, str], options: Mapping[str, str | None]
) -> tuple[Settings, list[str]]:
    """Read all settings; the second value names what was given and has no effect.

    That is a setting whose part of the desk is not built yet, and a variable that is no setting:
    whoever mistyped one gets to know it, and programs beside certdesk may have theirs. The
    variables of a Kubernetes service are passed over in silence.

    Raises:
        SettingsError: the file cannot be read, or a setting is unknown or has a wrong value.
    """
    given: dict[str, object] = {}
    idle: list[str] = []
    named = {declared.name: declared for declared in DECLARATIONS}
    for name, value in _file(config):
        if name in named:
            given[named[name].attribute] = value
        elif name.startswith(COMING):
            idle.append(name)
        else:
            raise SettingsError(f"{config}: there is no setting {name}; see certdesk settings")
    variables = {declared.variable: declared for declared in DECLARATIONS}
    for variable in sorted(environ.keys() - NOT_SETTINGS):
        if variable in variables:
            given[variables[variable].attribute] = environ[variable]
        elif variable.startswith(PREFIX) and not _is_of_service(variable, environ[variable]):
            idle.append(variable)
    given |= {name: value for name, value in options.items() if value is not None}
    return _convert(given), idle


def _is_of_service(variable: str, value: str) -> bool:
    """Tell whether Kubernetes has set a variable, so that it is nobody's mistake."""
    if variable.endswith("_PORT") and _LINK.fullmatch(value):
        return True
    # A port may have a name, which stands behind this.
    return "_SERVICE_PORT_" in variable or _OF_SERVICE.fullmatch(variable) is not None


def _file(config: Path | None) -> Iterator[tuple[str, object]]:
    if config is None:
        return iter(())
    try:
        return _flat(tomllib.loads(config.read_text("utf-8")), "")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings file {config} cannot be read: {why(error)}") from error


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _convert(given: dict[str, object]) -> Settings:
    for declared in DECLARATIONS:
        text = given.get(declared.attribute)
        if isinstance(declared.default, tuple) and isinstance(text, str):
            given[declared.attribute] = [word.strip() for word in text.split(",") if word.strip()]
    try:
        settings = msgspec.convert(_nested(given), Settings, strict=False)
    except msgspec.ValidationError as error:
        rule, _, path = str(error).partition(" - at ")
        attribute = path.strip("`").removeprefix("$.").partition("[")[0]
        wrong = next(each for each in DECLARATIONS if each.attribute == attribute)
        raise SettingsError(f"{wrong.name}: {rule}. {wrong.explanation}") from error
    for declared in DECLARATIONS:
        value = declared.of(settings)
        if isinstance(value, int) and value < declared.least:
            rule = f"must be {declared.least} or more, not {value}"
            raise SettingsError(f"{declared.name}: {rule}. {declared.explanation}")
    return settings


def _nested(given: Mapping[str, object]) -> dict[str, object]:
    """Put the values of `quotas.orders` and the like into a part of their own."""
    nested: dict[str, Any] = {}
    for attribute, value in given.items():
        part, dot, field = attribute.partition(".")
        if dot:
            nested.setdefault(part, {})[field] = value
        else:
            nested[attribute] = value
    return nested


def without_password(value: object) -> object:
    """Return a setting's value without the secrets that a URL may hold."""
    return without_secrets(value) if isinstance(value, str) else value
