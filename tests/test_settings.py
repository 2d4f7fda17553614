"""Settings: declared once, read from file, environment and options."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeGuard

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import certdesk
from certdesk.domain.values.record import Record
from certdesk.settings import (
    DECLARATIONS,
    ROOT_ANCHORS,
    Declaration,
    OptionWrong,
    Settings,
    SettingsError,
    load,
    values_of,
)

# Every setting with its variable and its default.
DECLARED = {
    "data": ("CERTDESK_DATA", "./certdesk-data"),
    "listen": ("CERTDESK_LISTEN", "127.0.0.1:8080"),
    "database": ("CERTDESK_DATABASE", ""),
    "admin.socket": ("CERTDESK_ADMIN_SOCKET", ""),
    "admin.group": ("CERTDESK_ADMIN_GROUP", ""),
    "tls.cert": ("CERTDESK_TLS_CERT", ""),
    "tls.key": ("CERTDESK_TLS_KEY", ""),
    "vault.key_file": ("CERTDESK_VAULT_KEY_FILE", ""),
    "keys.stock.rsa_2048": ("CERTDESK_KEYS_STOCK_RSA_2048", 16),
    "keys.stock.rsa_4096": ("CERTDESK_KEYS_STOCK_RSA_4096", 2),
    "keys.stock.p_256": ("CERTDESK_KEYS_STOCK_P_256", 16),
    "keys.makers": ("CERTDESK_KEYS_MAKERS", 2),
    "keys.queue": ("CERTDESK_KEYS_QUEUE", 200),
    "parsing.processes": ("CERTDESK_PARSING_PROCESSES", 2),
    "parsing.seconds": ("CERTDESK_PARSING_SECONDS", 5),
    "names.internal_suffixes": ("CERTDESK_NAMES_INTERNAL_SUFFIXES", ()),
    "dns.resolvers": ("CERTDESK_DNS_RESOLVERS", ("127.0.0.1:53",)),
    "dns.dnssec": ("CERTDESK_DNS_DNSSEC", "validate"),
    "dns.trust_anchors": ("CERTDESK_DNS_TRUST_ANCHORS", ROOT_ANCHORS),
    "caa.check": ("CERTDESK_CAA_CHECK", True),
    "caa.identities": ("CERTDESK_CAA_IDENTITIES", ()),
    "caa.accounts": ("CERTDESK_CAA_ACCOUNTS", ()),
    "proof.http_port": ("CERTDESK_PROOF_HTTP_PORT", 80),
    "proof.https_port": ("CERTDESK_PROOF_HTTPS_PORT", 443),
    "proof.allow_networks": ("CERTDESK_PROOF_ALLOW_NETWORKS", ()),
    "proof.interval": ("CERTDESK_PROOF_INTERVAL", 10),
    "proof.per_domain": ("CERTDESK_PROOF_PER_DOMAIN", 60),
    "proof.per_address": ("CERTDESK_PROOF_PER_ADDRESS", 300),
    "proof.deadline_hours": ("CERTDESK_PROOF_DEADLINE_HOURS", 72),
    "vetting.automatic": ("CERTDESK_VETTING_AUTOMATIC", None),
    "vetting.four_eyes": ("CERTDESK_VETTING_FOUR_EYES", False),
    "vetting.letter_products": ("CERTDESK_VETTING_LETTER_PRODUCTS", (8, 9, 10)),
    "issuer.names": ("CERTDESK_ISSUER_NAMES", ("private",)),
    "issuer.products": ("CERTDESK_ISSUER_PRODUCTS", ()),
    "ca.organisation": ("CERTDESK_CA_ORGANISATION", "certdesk"),
    "ca.country": ("CERTDESK_CA_COUNTRY", "XX"),
    "ca.base_url": ("CERTDESK_CA_BASE_URL", ""),
    "ca.validity_days": ("CERTDESK_CA_VALIDITY_DAYS", 0),
    "ca.overlap_days": ("CERTDESK_CA_OVERLAP_DAYS", 365),
    "privacy.identity_days": ("CERTDESK_PRIVACY_IDENTITY_DAYS", 90),
    "retention.looks_days": ("CERTDESK_RETENTION_LOOKS_DAYS", 90),
    "retention.material_days": ("CERTDESK_RETENTION_MATERIAL_DAYS", 365),
    "retention.letters_days": ("CERTDESK_RETENTION_LETTERS_DAYS", 398),
    "rate.limit": ("CERTDESK_RATE_LIMIT", 10),
    "rate.actions": ("CERTDESK_RATE_ACTIONS", ()),
    "free.limit": ("CERTDESK_FREE_LIMIT", 50),
    "free.per_domain": ("CERTDESK_FREE_PER_DOMAIN", 20),
    "renewal.per_minute": ("CERTDESK_RENEWAL_PER_MINUTE", 60),
    "download.link_minutes": ("CERTDESK_DOWNLOAD_LINK_MINUTES", 10),
    "download.link_per_minute": ("CERTDESK_DOWNLOAD_LINK_PER_MINUTE", 30),
    "http.public_url": ("CERTDESK_HTTP_PUBLIC_URL", ""),
    "http.workers": ("CERTDESK_HTTP_WORKERS", 1),
    "http.one_core": ("CERTDESK_HTTP_ONE_CORE", True),
    "http.silent_seconds": ("CERTDESK_HTTP_SILENT_SECONDS", 30),
    "http.threads": ("CERTDESK_HTTP_THREADS", 4),
    "http.body_seconds": ("CERTDESK_HTTP_BODY_SECONDS", 30),
    "http.head_seconds": ("CERTDESK_HTTP_HEAD_SECONDS", 10),
    "http.hosts": ("CERTDESK_HTTP_HOSTS", ()),
    "http.proxies": ("CERTDESK_HTTP_PROXIES", ()),
    "http.plain_networks": ("CERTDESK_HTTP_PLAIN_NETWORKS", ()),
    "http.connections": ("CERTDESK_HTTP_CONNECTIONS", 512),
    "http.connections_per_address": ("CERTDESK_HTTP_CONNECTIONS_PER_ADDRESS", 64),
    "http.handshakes": ("CERTDESK_HTTP_HANDSHAKES", 128),
    "http.write_seconds": ("CERTDESK_HTTP_WRITE_SECONDS", 30),
    "http.bodies_mib": ("CERTDESK_HTTP_BODIES_MIB", 128),
    "http.wrong_per_minute": ("CERTDESK_HTTP_WRONG_PER_MINUTE", 20),
    "http.unsigned_per_second": ("CERTDESK_HTTP_UNSIGNED_PER_SECOND", 10),
    "http.pages_per_second": ("CERTDESK_HTTP_PAGES_PER_SECOND", 100),
    "http.console_per_minute": ("CERTDESK_HTTP_CONSOLE_PER_MINUTE", 240),
    "log.format": ("CERTDESK_LOG_FORMAT", "json"),
    "watch.allow_networks": ("CERTDESK_WATCH_ALLOW_NETWORKS", ()),
    "log.level": ("CERTDESK_LOG_LEVEL", "info"),
    "retention.audit_days": ("CERTDESK_RETENTION_AUDIT_DAYS", 1130),
    "quota.orders": ("CERTDESK_QUOTA_ORDERS", 100_000),
    "quota.open_orders": ("CERTDESK_QUOTA_OPEN_ORDERS", 20_000),
    "quota.open_names": ("CERTDESK_QUOTA_OPEN_NAMES", 10_000),
    "quota.uploads": ("CERTDESK_QUOTA_UPLOADS", 10_000),
    "quota.proofs": ("CERTDESK_QUOTA_PROOFS", 1_000_000),
    "quota.letters": ("CERTDESK_QUOTA_LETTERS", 10_000),
    "quota.stored_bytes": ("CERTDESK_QUOTA_STORED_BYTES", 10 * 1024**3),
    "quota.companies": ("CERTDESK_QUOTA_COMPANIES", 10_000),
    "quota.managers": ("CERTDESK_QUOTA_MANAGERS", 10_000),
    "quota.users": ("CERTDESK_QUOTA_USERS", 1_000),
    "quota.policies": ("CERTDESK_QUOTA_POLICIES", 1_000),
    "quota.projects": ("CERTDESK_QUOTA_PROJECTS", 1_000),
    "quota.access_keys": ("CERTDESK_QUOTA_ACCESS_KEYS", 10_000),
    "quota.zones": ("CERTDESK_QUOTA_ZONES", 1_000),
    "quota.audit": ("CERTDESK_QUOTA_AUDIT", 2_000_000),
    "quota.submissions": ("CERTDESK_QUOTA_SUBMISSIONS", 1_000),
    "quota.looks": ("CERTDESK_QUOTA_LOOKS", 1_000),
    "quota.tags": ("CERTDESK_QUOTA_TAGS", 50),
    "quota.tag_key": ("CERTDESK_QUOTA_TAG_KEY", 127),
    "quota.tag_value": ("CERTDESK_QUOTA_TAG_VALUE", 255),
}


def written(folder: Path, text: str) -> Path:
    """Write a settings file."""
    file = folder / "certdesk.toml"
    file.write_text(text, "utf-8")
    return file


def from_file(folder: Path, text: str) -> Settings:
    """Read a settings file alone."""
    settings, idle = load(written(folder, text), {}, {})
    assert idle == []
    return settings


def test_every_setting_has_one_declaration() -> None:
    """Name, variable and default; each with an explanation."""
    declared = {each.name: (each.variable, each.default) for each in DECLARATIONS}
    assert declared == DECLARED
    assert all(each.explanation.endswith(".") for each in DECLARATIONS)


NONE = (inspect.Parameter.empty, msgspec.NODEFAULT, ())
SET = re.compile(r"\b(settings|rules)\.")


def defaults_below() -> Iterator[tuple[str, object]]:
    """Find what is given a value that is set; yield its name, and its own default."""
    for found in pkgutil.walk_packages(certdesk.__path__, "certdesk."):
        if not found.name.startswith(("certdesk.bootstrap", "certdesk.web")):
            continue
        module = importlib.import_module(found.name)
        for call in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                its = [*enumerate(call.args), *((each.arg, each.value) for each in call.keywords)]
                given = [place for place, value in its if SET.search(ast.unparse(value))]
                called = getattr(module, call.func.id, None)
                if given and called is not SettingsError and is_ours(called):
                    yield from defaults_of(called, given)


def is_ours(called: object) -> TypeGuard[Callable[..., object]]:
    """Tell whether something to be called is of certdesk."""
    return getattr(called, "__module__", "").startswith("certdesk.")


def defaults_of(
    called: Callable[..., object], given: Iterable[int | str | None]
) -> Iterator[tuple[str, object]]:
    """Yield the parameters at some places of a call of ours, each with its default."""
    defaults = all_defaults_of(called)
    for place in given:
        name = list(defaults)[place] if isinstance(place, int) else str(place)
        yield f"{called.__name__}({name})", defaults[name]


def all_defaults_of(called: Callable[..., object]) -> dict[str, object]:
    """Return the default of each parameter, which is in `NONE` if there is none."""
    if isinstance(called, type) and issubclass(called, Record):
        # The signature of a record resolves types, which may be imported for mypy alone.
        names, defaults = called.__struct_fields__, called.__struct_defaults__
        without = len(names) - len(defaults)
        return dict(zip(names, (msgspec.NODEFAULT,) * without + defaults, strict=True))
    parameters = inspect.signature(called).parameters
    return {name: parameter.default for name, parameter in parameters.items()}


def test_what_is_set_has_no_other_default() -> None:
    """A default stands in the declaration of the setting, and nowhere below it.

    Below, a list may be empty where none is given.
    """
    found = list(defaults_below())
    looked_at = {name for name, _ in found}
    known = {
        "Rules(proof_deadline)",
        "ConnectionLimiter(per_minute)",
        "ValidationRun(stored_checks)",
    }
    assert known <= looked_at
    assert {name for name, default in found if default not in NONE} == set()


def test_without_anything_the_defaults_hold() -> None:
    """No file, no variables, no options."""
    settings, idle = load(None, {}, {})
    assert settings == Settings()
    assert (settings.folder, idle) == (Path("certdesk-data"), [])


def test_later_sources_win(tmp_path: Path) -> None:
    """File, environment, options; an option that was not given says nothing."""
    file = written(tmp_path, 'data = "file"\nlisten = "file:1"\ndatabase = "file"')
    environ = {"CERTDESK_DATA": "environment", "CERTDESK_LISTEN": "environment:1"}
    options = {"data": "option", "listen": None, "database": None}
    settings, _ = load(file, environ, options)
    assert (settings.data, settings.listen, settings.database) == (
        "option",
        "environment:1",
        "file",
    )


@pytest.mark.parametrize(
    "text",
    [
        "[keys.stock]\np_256 = 5\n[http]\nthreads = 7",
        "keys.stock.p_256 = 5\nhttp.threads = 7",
        '[keys]\nstock = { p_256 = "5" }\n[http]\nthreads = "7"',
    ],
)
def test_a_dotted_name_is_a_table_in_the_file(tmp_path: Path, text: str) -> None:
    """In any of TOML's spellings; numbers may be text."""
    settings = from_file(tmp_path, text)
    assert (settings.stock_p_256, settings.threads) == (5, 7)


@pytest.mark.parametrize(
    "name", [name for name, (_, value) in DECLARED.items() if value in (2, 16)]
)
def test_a_number_is_read_from_the_environment(name: str) -> None:
    """Where everything is text."""
    variable, _ = DECLARED[name]
    settings, _ = load(None, {variable: "9"}, {})
    assert sorted(set(dataclasses.astuple(settings)) - set(dataclasses.astuple(Settings()))) == [9]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('http.workers = "x"', 'http.workers: must be a whole number from 1 to 64, not "x" ('),
        (
            'http.threads = "many"',
            'http.threads: must be a whole number of 1 or more, not "many" (',
        ),
        ("http.threads = true", "http.threads: must be a whole number of 1 or more, not true ("),
        ("http.threads = 1.5", "http.threads: must be a whole number of 1 or more, not 1.5 ("),
        ("http.threads = 0", "http.threads: must be 1 or more, not 0 ("),
        ("http.workers = 1000", "http.workers: must be 64 or less, not 1000 ("),
        ("keys.makers = 0", "keys.makers: must be 1 or more, not 0 ("),
        ("keys.queue = -1", "keys.queue: must be 0 or more, not -1 ("),
        ("keys.stock.p_256 = -1", "keys.stock.p_256: must be 0 or more, not -1 ("),
        ("http.head_seconds = 0", "http.head_seconds: must be 1 or more, not 0 ("),
        (
            "proof.http_port = 0",
            "proof.http_port: must be 1 or more, not 0 (",
        ),
        ("data = 7", "data: must be a text, not 7 ("),
        ("data = ['a']", "data: must be a text, not a list of other things ("),
        ("caa.check = 7", "caa.check: must be true or false, not 7 ("),
        ('log.level = "loud"', 'log.level: must be debug, info, warning or error, not "loud" ('),
    ],
)
def test_a_wrong_value_is_refused_with_what_the_setting_is(
    tmp_path: Path, text: str, message: str
) -> None:
    """Name, rule and explanation: enough to mend it."""
    with pytest.raises(SettingsError) as refused:
        from_file(tmp_path, text)
    assert str(refused.value).startswith(message)
    wrong = next(each for each in DECLARATIONS if each.name == message.partition(":")[0])
    assert str(refused.value).endswith(f"certdesk.toml). {wrong.explanation}")


NUMBERS = [each for each in DECLARATIONS if type(each.default) is int]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_a_word_for_a_number_is_refused_in_plain_words(number: Declaration) -> None:
    """By the variable that has it, also if it is empty."""
    for word in ("x", ""):
        with pytest.raises(SettingsError) as refused:
            load(None, {number.variable: word}, {})
        begin = f"{number.name}: must be a whole number "
        assert str(refused.value).startswith(begin)
        assert f', not "{word}" ({number.variable}). ' in str(refused.value)


def test_a_wrong_option_is_named() -> None:
    """The user looks there for it."""
    with pytest.raises(OptionWrong, match=r"from 1 to 64, not \"x\" \(--workers\)\. "):
        load(None, {"CERTDESK_HTTP_WORKERS": "2"}, {"workers": "x"})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("thread = 7", "thread"),
        ("keys = 5", "keys"),
        ("http.thread = 7", "http.thread"),
        ("[keys.stock]\nrsa_1024 = 1", "keys.stock.rsa_1024"),
        ("Data = 'x'", "Data"),
        ("issuer.name = ['private']", "issuer.name"),
    ],
)
def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path, text: str, name: str) -> None:
    """A slip of the pen would otherwise be a setting without effect."""
    with pytest.raises(
        SettingsError, match=f"there is no setting {name}; certdesk settings lists all settings"
    ):
        from_file(tmp_path, text)


@pytest.mark.parametrize("content", [b"data = ", b"\xff", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    """With its name."""
    file = tmp_path / "certdesk.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"the settings file .*certdesk\.toml cannot be read"):
        load(file, {}, {})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """It was named, so it is wanted."""
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml", {}, {})


def test_settings_of_parts_to_come_are_named_as_without_effect(tmp_path: Path) -> None:
    """One file serves a desk before and after an update."""
    text = '[issuer.acme.test]\ndirectory = "https://localhost"\n'
    settings, idle = load(written(tmp_path, text), {}, {})
    assert settings == Settings()
    assert idle == ["issuer.acme.test.directory"]


def test_a_list_of_numbers_takes_nothing_else(tmp_path: Path) -> None:
    """The refusal names the setting, not the place in the list."""
    assert from_file(tmp_path, "vetting.letter_products = [14]\n").vetting_letter_products == (14,)
    environ = {"CERTDESK_VETTING_LETTER_PRODUCTS": "14, 16"}
    assert load(None, environ, {})[0].vetting_letter_products == (14, 16)
    with pytest.raises(SettingsError, match=r"^vetting\.letter_products: "):
        load(written(tmp_path, 'vetting.letter_products = ["all"]\n'), {}, {})


def test_the_variables_of_a_kubernetes_service_are_passed_over_in_silence() -> None:
    """It sets them in each container for a service called certdesk, or certdesk-db."""
    environ = {
        "CERTDESK_SERVICE_HOST": "10.96.0.7",
        "CERTDESK_SERVICE_PORT": "8080",
        "CERTDESK_SERVICE_PORT_HTTPS": "8443",
        "CERTDESK_PORT": "tcp://10.96.0.7:8080",
        "CERTDESK_PORT_8080_TCP": "tcp://10.96.0.7:8080",
        "CERTDESK_PORT_8080_TCP_PROTO": "tcp",
        "CERTDESK_PORT_8080_TCP_PORT": "8080",
        "CERTDESK_PORT_8080_TCP_ADDR": "10.96.0.7",
        "CERTDESK_DB_SERVICE_HOST": "10.96.0.8",
        "CERTDESK_DB_SERVICE_PORT": "5432",
        "CERTDESK_DB_SERVICE_PORT_SQL": "5432",
        "CERTDESK_DB_PORT": "tcp://10.96.0.8:5432",
        "CERTDESK_DB_PORT_5432_TCP": "tcp://10.96.0.8:5432",
    }
    assert load(None, environ, {}) == (Settings(), [])


@pytest.mark.parametrize("variable", ["CERTDESK_HTTP_PORT", "CERTDESK_MYSERVICE_HOST"])
def test_what_only_looks_like_a_variable_of_kubernetes_is_named(variable: str) -> None:
    """It may be a setting that was mistyped."""
    assert load(None, {variable: "80"}, {})[1] == [variable]


def test_variables_that_are_no_settings_are_named_as_without_effect() -> None:
    """What `certdesk call` reads is none, and other programs' variables are not looked at."""
    environ = {
        "CERTDESK_HTTP_THREAD": "7",
        "CERTDESK_SECRET_ID": "AKID",
        "CERTDESK_SECRET_KEY": "secret",
        "CERTDESK_TOKEN": "token",
        "CERTDESK_ENDPOINT": "http://localhost",
        "HTTP_THREADS": "7",
    }
    settings, idle = load(None, environ, {})
    assert (settings, idle) == (Settings(), ["CERTDESK_HTTP_THREAD"])


PROVIDER = """
[oidc.company]
issuer = "https://id.example.com"
client_id = "desk"
client_secret_file = "/run/secrets/oidc"
reviewer_groups = ["vetting", "more"]
[oidc.second]
issuer = "https://id.example.org"
new_operators = true
"""


def test_a_provider_to_sign_in_with_has_the_name_that_the_operator_gives_it(
    tmp_path: Path,
) -> None:
    """In the file and in the environment, whose list has commas; the environment wins."""
    environ = {
        "CERTDESK_OIDC_COMPANY_CLIENT_ID": "the desk",
        "CERTDESK_OIDC_THIRD_AUDITOR_GROUPS": "a, b",
    }
    settings, idle = load(written(tmp_path, PROVIDER), environ, {})
    assert idle == []
    company, second, third = settings.oidc
    assert (company.name, company.issuer) == ("company", "https://id.example.com")
    assert (company.client_id, company.reviewer_groups) == ("the desk", ("vetting", "more"))
    assert (second.name, second.new_operators) == ("second", True)
    assert (third.name, third.auditor_groups) == ("third", ("a", "b"))


def test_the_settings_of_a_provider_are_shown_under_its_name(tmp_path: Path) -> None:
    """The file of the secret is, not the secret."""
    shown = {declared.name: value for declared, value in values_of(from_file(tmp_path, PROVIDER))}
    assert shown["oidc.company.client_secret_file"] == "/run/secrets/oidc"
    assert shown["oidc.second.new_operators"] is True
    variables = {declared.variable for declared, _ in values_of(from_file(tmp_path, PROVIDER))}
    assert "CERTDESK_OIDC_SECOND_NEW_OPERATORS" in variables


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("oidc.company.issuer = 7", "oidc.company.issuer: must be a text, not 7. URL of"),
        (
            "oidc.company.new_operators = 7",
            "oidc.company.new_operators: must be true or false, not",
        ),
        ("oidc.company.scopes = [1]", "oidc.company.scopes: must be a list of texts only, not"),
        ('oidc.company.secret = "x"', "there is no setting oidc.company.secret"),
        ('oidc.Company.issuer = "x"', "there is no setting oidc.Company.issuer"),
        ('oidc.my_company.issuer = "x"', "there is no setting oidc.my_company.issuer"),
        ('oidc.company = "x"', "there is no setting oidc.company;"),
    ],
)
def test_a_wrong_setting_of_a_provider_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """By its whole name."""
    with pytest.raises(SettingsError) as refused:
        from_file(tmp_path, text)
    assert message in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_is_settings_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """And raises nothing else."""
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(SettingsError):
        load(file, {"CERTDESK_HTTP_THREADS": text}, {})
