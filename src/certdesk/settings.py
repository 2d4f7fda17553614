"""Every setting, declared once: name, type, default, help.

Settings are read from the TOML file, then the environment, then the command line; later ones win.
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
from typing import Any, Literal, get_type_hints

import msgspec

from certdesk.domain.accounts import quotas
from certdesk.domain.accounts.quotas import Quotas
from certdesk.domain.people import provider
from certdesk.domain.people.provider import Provider
from certdesk.domain.values.expected import rule_of
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.redaction import error_text
from certdesk.domain.values.secret_urls import without_secrets

PREFIX = "CERTDESK_"
CONFIG = "CERTDESK_CONFIG"
"""The environment variable that names the file of settings, if no option does."""

NOT_SETTINGS = frozenset(
    {CONFIG, "CERTDESK_ENDPOINT", "CERTDESK_SECRET_ID", "CERTDESK_SECRET_KEY", "CERTDESK_TOKEN"}
)
"""Variables that commands read themselves, for `--config` and `certdesk call`."""

_LINK = re.compile(r"(tcp|udp|sctp)://\S+")
_OF_SERVICE = re.compile(
    r"CERTDESK_([A-Z0-9_]*_)?(SERVICE_HOST|SERVICE_PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""Variables that Kubernetes sets in each container for a service called certdesk or certdesk-…

It also sets `CERTDESK_PORT`, which does not match: that variable is known by its URL.
"""

OPTION = "--"
"""What options of the command line begin with."""

COMING = ("issuer.acme.",)
"""Settings of parts that are not built yet: accepted with a warning, without effect."""

ROOT_ANCHORS = (
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
"""The key-signing keys of the DNS root, as published by IANA in 2017 and 2024."""


class SettingsError(Exception):
    """A setting is unknown or has an invalid value; the text says which and why."""


class OptionWrong(SettingsError):
    """An option of the command line has an invalid value."""


def _setting(
    name: str, default: object, explanation: str, *, least: int = 0, most: int | None = None
) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare a setting; `least` and `most` are the smallest and the largest number allowed."""
    metadata = {"name": name, "help": explanation, "least": least, "most": most}
    return dataclasses.field(default=default, metadata=metadata)


SOCKET_NAME = "admin.sock"
LISTED = " A list; in the environment separated by commas."
"""The end of the help of each list."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of this desk."""

    data: str = _setting(
        "data", "./certdesk-data", "Folder of the database, the key file and the operator's socket."
    )
    listen: str = _setting(
        "listen",
        "127.0.0.1:8080",
        "HOST:PORT to serve on; port 0 takes a free port. Plain HTTP only on loopback and for "
        "http.plain_networks.",
    )
    database: str = _setting(
        "database",
        "",
        "Database URL: sqlite:///PATH or postgresql://USER@HOST/NAME. Empty: certdesk.db in the"
        " data folder.",
    )
    admin_socket: str = _setting(
        "admin.socket", "", "Path of the operator's socket. Empty: admin.sock in the data folder."
    )
    admin_group: str = _setting(
        "admin.group",
        "",
        "System group whose members may use the operator's socket, and so are operators. Empty:"
        " none.",
    )
    tls_cert: str = _setting("tls.cert", "", "PEM file of the server's certificate chain.")
    tls_key: str = _setting("tls.key", "", "PEM file of the server's private key.")
    vault_key_file: str = _setting(
        "vault.key_file", "", "File of the key-encryption key. Empty: kek.json in the data folder."
    )
    stock_rsa_2048: int = _setting("keys.stock.rsa_2048", 16, "RSA 2048 keys to keep ready.")
    stock_rsa_4096: int = _setting("keys.stock.rsa_4096", 2, "RSA 4096 keys to keep ready.")
    stock_p_256: int = _setting("keys.stock.p_256", 16, "ECC prime256v1 keys to keep ready.")
    keys_makers: int = _setting("keys.makers", 2, "Keys to make at the same time.", least=1)
    keys_queue: int = _setting(
        "keys.queue",
        200,
        "Requests that may wait for a key when the stock is empty. 0: none waits.",
    )
    parsing_processes: int = _setting(
        "parsing.processes",
        2,
        "Processes that read letters, uploaded certificates and uploaded keys. They start when "
        "they are needed; each works for one account at a time.",
        least=1,
    )
    parsing_seconds: int = _setting(
        "parsing.seconds",
        5,
        "Seconds of CPU that one letter or upload may take to read. The desk refuses what takes"
        " longer.",
        least=1,
    )
    internal_suffixes: tuple[str, ...] = _setting(
        "names.internal_suffixes",
        (),
        "Suffixes of internal names that accounts may order, such as corp.internal. Only for a "
        "desk whose certificates all come from a private CA.",
    )
    dns_resolvers: tuple[str, ...] = _setting(
        "dns.resolvers",
        ("127.0.0.1:53",),
        "ADDRESS:PORT of the resolvers, asked in turn. Each must validate DNSSEC and should run"
        " on this machine, such as unbound.",
    )
    dns_dnssec: Literal["validate", "off"] = _setting(
        "dns.dnssec",
        "validate",
        "validate: accept only a resolver that validates DNSSEC. off: accept any resolver, for "
        "tests only.",
    )
    dns_trust_anchors: tuple[str, ...] = _setting(
        "dns.trust_anchors",
        ROOT_ANCHORS,
        "DS or DNSKEY records, or files with such lines, with which a resolver must prove that "
        "it validates. Default: the keys of the DNS root.",
    )
    caa_check: bool = _setting(
        "caa.check",
        True,  # noqa: FBT003 - a default
        "Whether CAA records must permit a certificate. Use false only if all certificates of "
        "the desk come from a private CA.",
    )
    caa_identities: tuple[str, ...] = _setting(
        "caa.identities",
        (),
        "Issuer domain names of this desk in CAA records, such as ca.example.com. With none, "
        "any CAA record that names an issuer forbids the certificate.",
    )
    caa_accounts: tuple[str, ...] = _setting(
        "caa.accounts",
        (),
        "Account URIs of this desk, for CAA records with accounturi.",
    )
    proof_http_port: int = _setting(
        "proof.http_port",
        80,
        "Port for validation files by http. A port other than 80 is for tests.",
        least=1,
    )
    proof_https_port: int = _setting(
        "proof.https_port",
        443,
        "Port for validation files by https. A port other than 443 is for tests.",
        least=1,
    )
    proof_allow_networks: tuple[str, ...] = _setting(
        "proof.allow_networks",
        (),
        "Networks that are not public, such as 10.1.0.0/16, from which the desk may fetch "
        "validation files, its own addresses included.",
    )
    vetting_automatic: bool | None = _setting(
        "vetting.automatic",
        None,
        "Whether the desk approves managers and orders itself, without a reviewer. Not set: "
        "only in a sandbox without vetting.four_eyes.",
    )
    vetting_four_eyes: bool = _setting(
        "vetting.four_eyes",
        False,  # noqa: FBT003 - a default
        "Whether each EV order needs two reviewers: two people of the console, or two users of the "
        "system.",
    )
    vetting_letter_products: tuple[int, ...] = _setting(
        "vetting.letter_products",
        (8, 9, 10),
        "Numbers of the OV and EV products whose orders need a letter of confirmation.",
    )
    issuer_names: tuple[str, ...] = _setting(
        "issuer.names",
        ("private",),
        "Issuers of this desk; private is its own CA. The first one issues all products that "
        "issuer.products does not name. Keep an issuer here while its orders are under way and "
        "its certificates are valid.",
    )
    issuer_products: tuple[str, ...] = _setting(
        "issuer.products",
        (),
        "Issuers of single products, by their numbers, such as 8=private. An order keeps the "
        "issuer that it was submitted to.",
    )
    ca_organisation: str = _setting(
        "ca.organisation",
        "certdesk",
        "Organisation in the names of the private CA's authorities, at most 40 characters. It "
        "takes effect when an authority is created, as do ca.country and ca.base_url.",
    )
    ca_country: str = _setting(
        "ca.country",
        "XX",
        "Country in the names of the authorities: two capital letters of ISO 3166-1. XX: none.",
    )
    ca_base_url: str = _setting(
        "ca.base_url",
        "",
        "URL at which others reach the desk's /pki/ for the CA's certificates and CRLs, usually"
        " with http:. Certificates contain it. Empty: the address that the desk listens on.",
    )
    ca_validity_days: int = _setting(
        "ca.validity_days",
        0,
        "Days that certificates of the private CA last. 0: as long as those of public CAs may, "
        "199, from 2027-03-15 on 99, from 2029-03-15 on 46.",
    )
    ca_overlap_days: int = _setting(
        "ca.overlap_days",
        365,
        "Days before an issuing authority expires at which a new one takes over; at least as "
        "many as its certificates last.",
    )
    privacy_identity_days: int = _setting(
        "privacy.identity_days",
        90,
        "Days after which the desk erases identity numbers of managers and contacts. It keeps "
        "those that an order under way needs.",
        least=1,
    )
    retention_looks_days: int = _setting(
        "retention.looks_days",
        90,
        "Days that the desk keeps checks without success. It keeps successful ones for ever.",
        least=1,
    )
    retention_material_days: int = _setting(
        "retention.material_days",
        365,
        "Days that the desk keeps the material and private keys of orders that failed, were "
        "cancelled, expired or were revoked, and material that was replaced.",
        least=1,
    )
    retention_audit_days: int = _setting(
        "retention.audit_days",
        1130,
        "Days that the desk keeps rows of the audit log. If certificates last longer "
        "(ca.validity_days): two years more than they do.",
        least=1,
    )
    retention_letters_days: int = _setting(
        "retention.letters_days",
        398,
        "Days that the desk keeps letters, and files of reviews, after the review of their order.",
        least=1,
    )
    rate_limit: int = _setting(
        "rate.limit",
        10,
        "Requests a second that an account may make, for each action. 0: no limit.",
    )
    rate_actions: tuple[str, ...] = _setting(
        "rate.actions",
        (),
        "Other limits for single actions, such as CertificateInfoSubmit=20.",
    )
    proof_interval: int = _setting(
        "proof.interval",
        10,
        "Seconds between the first two checks of a name. The pauses grow to ten minutes.",
        least=1,
    )
    proof_deadline_hours: int = _setting(
        "proof.deadline_hours",
        72,
        "Hours after which the desk closes an order whose names are not validated.",
        least=1,
    )
    proof_per_domain: int = _setting(
        "proof.per_domain",
        60,
        "Checks a minute of names of one registrable domain, for all accounts and orders "
        "together, and as many CAA lookups. 0: no limit.",
    )
    proof_per_address: int = _setting(
        "proof.per_address",
        300,
        "Connections a minute of each process to one address (one /64 of IPv6) for validation "
        "files of any name. 0: no limit.",
    )
    renewal_per_minute: int = _setting(
        "renewal.per_minute",
        60,
        "Successors of certificates that each desk starts in a minute, those that expire "
        "first at the front.",
        least=1,
    )
    free_limit: int = _setting(
        "free.limit",
        50,
        "Free certificates and orders for them that an account may have at a time. 0: none.",
    )
    free_per_domain: int = _setting(
        "free.per_domain", 20, "How many of these may be for one registrable domain."
    )
    download_link_minutes: int = _setting(
        "download.link_minutes", 10, "Minutes for which a download link works.", least=1
    )
    download_link_per_minute: int = _setting(
        "download.link_per_minute",
        30,
        "Uses of one download link a minute. 0: no limit.",
    )
    public_url: str = _setting(
        "http.public_url",
        "",
        "URL at which clients reach the desk, such as https://ssl.example.com, for download "
        "links. Empty: the address that the desk listens on.",
    )
    workers: int = _setting(
        "http.workers",
        1,
        "Serving processes, usually one for each core. From 2 on, a parent starts them, does the "
        "background work and answers commands. A sandbox, or a desk on SQLite before 3.51.3, has "
        "only one.",
        least=1,
        most=64,
    )
    one_core: bool = _setting(
        "http.one_core",
        True,  # noqa: FBT003 -- a default
        "Keep each serving process on a processor core of its own, which is faster, also for a "
        "single one. false: let the system move it.",
    )
    silent_seconds: int = _setting(
        "http.silent_seconds",
        30,
        "Seconds after which one of several serving processes is killed and replaced if it hangs. "
        "Nothing does so if a single process serves.",
        least=1,
    )
    threads: int = _setting(
        "http.threads", 4, "Requests that each serving process runs at the same time.", least=1
    )
    body_seconds: int = _setting(
        "http.body_seconds", 30, "Seconds for the body of a request to arrive.", least=1
    )
    head_seconds: int = _setting(
        "http.head_seconds", 10, "Seconds for the head of a request to arrive.", least=1
    )
    hosts: tuple[str, ...] = _setting(
        "http.hosts",
        (),
        "Further host names of the desk. It always has the address that it listens on, "
        "loopback, and the hosts of http.public_url and ca.base_url. The desk refuses requests "
        "for other names, except for /pki/ and the health pages. Ports do not matter.",
    )
    proxies: tuple[str, ...] = _setting(
        "http.proxies",
        (),
        "Networks of the proxies in front of the desk, such as 10.0.0.7/32. The desk believes "
        "their X-Forwarded-For, and only http.connections limits their connections.",
    )
    plain_networks: tuple[str, ...] = _setting(
        "http.plain_networks",
        (),
        "Networks, such as that of the containers of this machine, that may use plain HTTP. "
        "Anybody who can listen in between can read keys and repeat requests.",
    )
    connections: int = _setting(
        "http.connections",
        512,
        "Connections at a time, without those to the operator's socket.",
        least=1,
    )
    connections_per_address: int = _setting(
        "http.connections_per_address",
        64,
        "How many of them one address may have, or one /64 of IPv6, in each serving process.",
        least=1,
    )
    handshakes: int = _setting(
        "http.handshakes", 128, "How many of them may be in their TLS handshake.", least=1
    )
    write_seconds: int = _setting(
        "http.write_seconds",
        30,
        "Seconds after which the desk closes a connection whose client reads nothing of its "
        "answer, or less than 1 KiB a second.",
        least=1,
    )
    bodies_mib: int = _setting(
        "http.bodies_mib",
        128,
        "MiB of memory for request bodies larger than 64 KiB. One address may use a quarter of it.",
        least=4,
    )
    wrong_per_minute: int = _setting(
        "http.wrong_per_minute",
        20,
        "Wrong signatures, keys, tokens and links a minute from one address that the desk "
        "answers at once; further answers wait for their turn. 0: none waits.",
    )
    unsigned_per_second: int = _setting(
        "http.unsigned_per_second",
        10,
        "Requests a second from one address whose signature cannot be checked and that the desk"
        " refuses at once; further refusals wait for their turn. 0: none waits.",
    )
    pages_per_second: int = _setting(
        "http.pages_per_second",
        100,
        "Requests a second from one address for /pki/, downloads and the page at /, and for the "
        "console. 0: no limit.",
    )
    console_per_minute: int = _setting(
        "http.console_per_minute",
        240,
        "Requests a minute of one visitor of the console, in each serving process. 0: no limit.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "log.level", "info", "debug, info, warning or error."
    )
    log_format: Literal["json", "console"] = _setting(
        "log.format", "json", "json: one object a line. console: for people."
    )
    watch_networks: tuple[str, ...] = _setting(
        "watch.allow_networks",
        (),
        "Networks besides this machine that may read /healthz, /readyz and /metrics.",
    )

    quotas: Quotas = dataclasses.field(default_factory=Quotas)
    """An account's quotas; `domain/accounts/quotas.py` declares these settings."""

    oidc: tuple[Provider, ...] = ()
    """Providers to sign in with; `domain/people/provider.py` declares their settings."""

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data)

    @property
    def socket_path(self) -> Path:
        """The Unix socket by which commands reach a running server."""
        return Path(self.admin_socket) if self.admin_socket else self.folder / SOCKET_NAME


class Declaration(Record, gc=True):
    """A setting as `certdesk settings` shows it."""

    name: str
    attribute: str
    default: object
    explanation: str
    least: int
    most: int | None = None

    def of(self, settings: Settings) -> object:
        """Return its value."""
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
        field.metadata["help"] + (LISTED if isinstance(field.default, tuple) else ""),
        field.metadata["least"],
        field.metadata["most"],
    )
    for field in dataclasses.fields(Settings)
    if field.metadata
) + tuple(
    Declaration(f"{quotas.PREFIX}{kind}", f"quotas.{kind}", said.default, said.metadata["help"], 0)
    for kind, said in Quotas.__dataclass_fields__.items()
)

PROVIDER_DECLARATIONS = tuple(
    Declaration(
        f"{provider.PREFIX}<name>.{name}",
        name,
        field.default,
        field.metadata["help"] + (LISTED if isinstance(field.default, tuple) else ""),
        0,
    )
    for name, field in provider.DECLARED.items()
)
"""The settings of each provider of OpenID Connect, to which the operator gives a name."""

_LAST_WORDS = "|".join(provider.DECLARED)
_OF_PROVIDER = re.compile(rf"oidc\.({provider.NAME})\.({_LAST_WORDS})")
_OF_PROVIDER_IN_ENVIRONMENT = re.compile(
    rf"CERTDESK_OIDC_([A-Z][A-Z0-9]{{0,30}})_({_LAST_WORDS.upper()})"
)


def values_of(settings: Settings) -> Iterator[tuple[Declaration, object]]:
    """Return every setting with its value; those of providers under the providers' names."""
    for declared in DECLARATIONS:
        yield declared, declared.of(settings)
    for each in settings.oidc:
        for declared in PROVIDER_DECLARATIONS:
            name = declared.name.replace("<name>", each.name)
            yield replace(declared, name=name), getattr(each, declared.attribute)


def load(
    config: Path | None, environ: Mapping[str, str], options: Mapping[str, str | None]
) -> tuple[Settings, list[str]]:
    """Read all settings; the second value names what was given and has no effect.

    That is a setting whose part of the desk is not built yet, or a variable that is not a setting:
    it may be a typing error, or belong to another program. Variables that Kubernetes sets for a
    service are not named.

    Raises:
        OptionWrong: an option has an invalid value.
        SettingsError: the file cannot be read, or a setting is unknown or has an invalid value.
    """
    given = _Given({}, {}, [], {})
    given.read_file(config)
    given.read_environment(environ)
    given.read_options(options)
    oidc = tuple(_provider(name, values) for name, values in given.providers.items())
    return dataclasses.replace(_convert(given.desk, given.places), oidc=oidc), given.idle


@dataclasses.dataclass(slots=True)
class _Given:
    """What was given: by attributes, by the names of providers, and what has no effect.

    `places` says for each attribute where its value is: a file, a variable or an option.
    """

    desk: dict[str, object]
    providers: dict[str, dict[str, object]]
    idle: list[str]
    places: dict[str, str]

    def read_file(self, config: Path | None) -> None:
        named = {declared.name: declared for declared in DECLARATIONS}
        for name, value in _file(config):
            if name in named:
                self._take(named[name].attribute, value, str(config))
            elif match := _OF_PROVIDER.fullmatch(name):
                self.providers.setdefault(match[1], {})[match[2]] = value
            elif name.startswith(COMING):
                self.idle.append(name)
            else:
                raise SettingsError(
                    f"{config}: there is no setting {name}; certdesk settings lists all settings"
                )

    def read_environment(self, environ: Mapping[str, str]) -> None:
        variables = {declared.variable: declared for declared in DECLARATIONS}
        for variable in sorted(environ.keys() - NOT_SETTINGS):
            value = environ[variable]
            if variable in variables:
                self._take(variables[variable].attribute, value, variable)
            elif match := _OF_PROVIDER_IN_ENVIRONMENT.fullmatch(variable):
                self.providers.setdefault(match[1].lower(), {})[match[2].lower()] = value
            elif variable.startswith(PREFIX) and not _is_of_service(variable, value):
                self.idle.append(variable)

    def read_options(self, options: Mapping[str, str | None]) -> None:
        for name, value in options.items():
            if value is not None:
                self._take(name, value, f"{OPTION}{name}")

    def _take(self, attribute: str, value: object, place: str) -> None:
        self.desk[attribute], self.places[attribute] = value, place


def _is_of_service(variable: str, value: str) -> bool:
    """Whether Kubernetes has set a variable, so that it is not a typing error."""
    if variable.endswith("_PORT") and _LINK.fullmatch(value):
        return True
    # A port may have a name, which follows this.
    return "_SERVICE_PORT_" in variable or _OF_SERVICE.fullmatch(variable) is not None


def _file(config: Path | None) -> Iterator[tuple[str, object]]:
    if config is None:
        return iter(())
    try:
        return _flat(tomllib.loads(config.read_text("utf-8")), "")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"the settings file {config} cannot be read: {error_text(error)}"
        ) from error


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _convert(given: dict[str, object], places: Mapping[str, str]) -> Settings:
    read = dict(given)
    for declared in DECLARATIONS:
        text = given.get(declared.attribute)
        if isinstance(declared.default, tuple) and isinstance(text, str):
            read[declared.attribute] = _listed(text)
    try:
        settings = msgspec.convert(_nested(read), Settings, strict=False)
    except msgspec.ValidationError as error:
        attribute = _path_of(error)
        wrong = next(each for each in DECLARATIONS if each.attribute == attribute)
        kind = int if "." in attribute else get_type_hints(Settings)[attribute]
        rule = rule_of(kind, given[attribute], least=wrong.least, most=wrong.most)
        raise _refusal(wrong, rule, places) from error
    for declared in DECLARATIONS:
        value = declared.of(settings)
        if isinstance(value, int) and (rule := _broken_rule(declared, value)):
            raise _refusal(declared, rule, places)
    return settings


def _refusal(wrong: Declaration, rule: str, places: Mapping[str, str]) -> SettingsError:
    """Return the error that a value breaks a rule, which tells where it is."""
    place = places[wrong.attribute]
    kind = OptionWrong if place.startswith(OPTION) else SettingsError
    return kind(f"{wrong.name}: {rule} ({place}). {wrong.explanation}")


def _path_of(error: msgspec.ValidationError) -> str:
    """Return the attribute whose value has the wrong type."""
    _, _, path = str(error).partition(" - at ")
    return path.strip("`").removeprefix("$.").partition("[")[0]


def _provider(name: str, given: Mapping[str, object]) -> Provider:
    values: dict[str, object] = {"name": name}
    for word, value in given.items():
        listed = isinstance(provider.DECLARED[word].default, tuple) and isinstance(value, str)
        values[word] = _listed(str(value)) if listed else value
    try:
        return msgspec.convert(values, Provider, strict=False)
    except msgspec.ValidationError as error:
        word = _path_of(error)
        explanation = provider.DECLARED[word].metadata["help"]
        rule = rule_of(get_type_hints(Provider)[word], given[word])
        raise SettingsError(f"{provider.PREFIX}{name}.{word}: {rule}. {explanation}") from error


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _broken_rule(declared: Declaration, value: int) -> str:
    """Return the rule that a number breaks; empty if it breaks none."""
    if value < declared.least:
        return f"must be {declared.least} or more, not {value}"
    if declared.most is not None and value > declared.most:
        return f"must be {declared.most} or less, not {value}"
    return ""


def _nested(given: Mapping[str, object]) -> dict[str, object]:
    """Return the values with `quotas.orders` and the like in a nested mapping."""
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
