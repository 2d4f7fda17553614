"""A tester's sandbox, from its first line to a certificate; and what any desk warns of."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import requests
from cryptography import x509

from certdesk.world.nameserver import NameServer, nameserver
from tests.acceptance.processes import certdesk, keys_in, serving
from tests.actions.submitting import COMPANY
from tests.running import Client

SECONDS = 60
DESCRIPTION = x509.ObjectIdentifier("2.5.4.13")
LOOSE = 'dns.dnssec = "off"\ncaa.check = false\n'


def knobs(names: NameServer) -> str:
    """Give the settings of a sandbox that looks proofs up in a name server of the tester's."""
    return f'proof.interval = 1\ndns.resolvers = ["{names.endpoint}"]\ndns.dnssec = "off"\n'


def issued(client: Client, certificate: str) -> x509.Certificate:
    """Wait until an order is issued; give its certificate."""
    end = time.monotonic() + SECONDS
    while (detail := client.detail(certificate))["Status"] != 1:
        assert time.monotonic() < end, detail
        time.sleep(0.2)
    return x509.load_pem_x509_certificate(detail["CertificatePublicKey"].encode())


def test_a_tester_gets_a_certificate_that_says_what_it_is(tmp_path: Path) -> None:
    """Proved at a name server of theirs, from a CA that nobody takes for another."""
    config = tmp_path / "knobs.toml"
    words = ["sandbox", "--config", str(config), "--listen", "127.0.0.1:0"]
    with nameserver() as names:
        config.write_text(knobs(names))
        with serving(tmp_path / "log", *words) as served:
            console = requests.get(f"http://{served.endpoint}/console/", timeout=30)
            assert "Sign in" in console.text
            client = Client(served.endpoint, keys_in(json.loads(served.lines[0])))
            bought = client.buy(104)
            client.submit(bought, CertCommonName="shop.example.com")
            client.call("CertificateOrderSubmit", CertId=bought)
            wanted = client.detail(bought)["DvAuthDetail"]
            names.add(wanted["DvAuthKey"], "TXT", wanted["DvAuthValue"])
            leaf = issued(client, bought)

    (said,) = leaf.subject.get_attributes_for_oid(DESCRIPTION)
    assert said.value == "certdesk sandbox: for tests only, trust it nowhere"
    assert leaf.issuer.rfc4514_string().endswith(",O=certdesk sandbox,C=XX")


def test_the_help_of_a_sandbox_says_where_its_data_is() -> None:
    """Not in the folder that a desk would have."""
    words = " ".join(certdesk("sandbox", "--help").stdout.split())

    assert "--data DIR Keep the sandbox in this folder. [default: a temporary one, gone" in words
    assert "certdesk-data" not in words


@pytest.mark.parametrize("command", ["sandbox", "serve"])
def test_an_address_that_is_none_is_told_before_anything_is_made(
    tmp_path: Path, command: str
) -> None:
    """No folder, no account, and no words about what the desk would be."""
    done = certdesk(command, "--data", str(tmp_path / "data"), "--listen", "8080")

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "certdesk: listen: must be HOST:PORT, not 8080\n"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("kept", [False, True])
def test_a_sandbox_says_whether_it_is_thrown_away(tmp_path: Path, *, kept: bool) -> None:
    """With a folder of its own it is not."""
    words = ["--data", str(tmp_path / "data")] if kept else []
    with serving(tmp_path / "log", "sandbox", *words, "--listen", "127.0.0.1:0") as served:
        told = served.errors.read_text()

    assert told.startswith("certdesk: SANDBOX: for tests only. Do not trust its cert")
    assert ("deletes all its data at its end" in told) is not kept


def test_a_sandbox_with_a_database_elsewhere_says_that_its_keys_go(tmp_path: Path) -> None:
    """The file stays, and is of no use to anybody without a folder that has the keys."""
    words = ["--database", f"sqlite:///{tmp_path / 'kept.db'}", "--listen", "127.0.0.1:0"]
    with serving(tmp_path / "log", "sandbox", *words) as served:
        told = served.errors.read_text()

    assert "deletes all its data" not in told
    assert "nobody can open its database again without them; --data DIR keeps them" in told


def test_a_sandbox_says_which_names_it_cannot_prove(tmp_path: Path) -> None:
    """And what helps; with a resolver of the tester's there is nothing to say."""
    config = tmp_path / "knobs.toml"
    told = {}
    for resolvers in ("", 'dns.resolvers = ["127.0.0.1:5300"]\n'):
        config.write_text(resolvers)
        words = ["sandbox", "--config", str(config), "--listen", "127.0.0.1:0"]
        with serving(tmp_path / "log", *words) as served:
            told[resolvers] = served.errors.read_text()
    usual, own = told.values()
    assert "with the resolver 127.0.0.1:53 (dns.resolvers), so it can only validate names" in usual
    assert "run `certdesk world` in another terminal" in usual
    assert "resolver" not in own


def test_a_sandbox_that_was_killed_leaves_its_folder_to_the_next(tmp_path: Path) -> None:
    """Which removes what is a sandbox's of this user and in no use, and nothing else."""
    places = tmp_path / "tmp"
    places.mkdir(mode=0o700)
    variables = {"TMPDIR": str(places)}
    words = ["sandbox", "--listen", "127.0.0.1:0"]
    with serving(tmp_path / "killed", *words, variables=variables) as killed:
        killed.process.kill()
        killed.process.wait()
    (left,) = places.iterdir()
    assert (left / "certdesk.db").exists()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (places / "certdesk-sandbox-link").symlink_to(elsewhere)
    (places / "certdesk-sandbox-file").touch()
    (places / "certdesk-sandbox-fifo").mkdir()
    os.mkfifo(places / "certdesk-sandbox-fifo" / "sandbox.lock")

    with (
        serving(tmp_path / "log", *words, variables=variables) as first,
        serving(tmp_path / "other", *words, variables=variables),
    ):
        assert not left.exists()
        assert len([each for each in places.iterdir() if (each / "certdesk.db").exists()]) == 2
        keys = keys_in(json.loads(first.lines[0]))
        assert Client(first.endpoint, keys).buy()

    assert {each.name for each in places.iterdir()} == {
        "certdesk-sandbox-fifo",
        "certdesk-sandbox-link",
        "certdesk-sandbox-file",
    }
    assert (elsewhere / "kept").exists()


def test_an_explicit_setting_wins_over_the_sandboxs(tmp_path: Path) -> None:
    """With `vetting.automatic` off a person looks at OV orders, as on a desk."""
    config = tmp_path / "knobs.toml"
    given = {name: value for name, value in COMPANY.items() if value is not None}
    for setting, waits_for_proof in (("", True), ("vetting.automatic = false\n", False)):
        config.write_text(setting)
        words = ["sandbox", "--config", str(config), "--listen", "127.0.0.1:0"]
        with serving(tmp_path / "log", *words) as served:
            client = Client(served.endpoint, keys_in(json.loads(served.lines[0])))
            order = client.buy(28)
            client.submit(order, **given)
            client.call("CertificateOrderSubmit", CertId=order)
            stands = client.detail(order)["StatusMsg"]
        assert (stands == "PENDING-DCV") == waits_for_proof, stands


@pytest.mark.parametrize("command", ["serve", "sandbox"])
@pytest.mark.parametrize(
    ("settings", "warned"), [("", []), (LOOSE, ["dns.dnssec", "caa.check"])], ids=["safe", "loose"]
)
def test_a_check_that_is_off_is_warned_of(
    tmp_path: Path, command: str, settings: str, warned: list[str]
) -> None:
    """One line each in the log, at the start; none where all checks are on."""
    config = tmp_path / "desk.toml"
    config.write_text(settings)
    words = [command, "--data", str(tmp_path / "data"), "--config", str(config)]
    with serving(tmp_path / "log", *words, "--listen", "127.0.0.1:0") as served:
        lines = served.errors.read_text().splitlines()

    logged = [json.loads(line) for line in lines if line.startswith("{")]
    assert [each["setting"] for each in logged if each["level"] == "warning"] == warned
