"""A small internet of names: nsd serves signed and other zones from the root down, unbound asks.

Zones are signed by dnspython, the root's key is unbound's only trust anchor, and all of it is on
the loopback. What is wrong with a zone is wrong in the zone, and unbound finds it by itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.dnssec
import dns.dnssectypes
import dns.exception
import dns.message
import dns.name
import dns.node
import dns.query
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.rdtypes.ANY.TXT
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

from certdesk.validation.anchors import read_anchors
from certdesk.validation.exchange import Server
from certdesk.validation.resolver import Resolver
from tests.ports import free_port
from tools import servers

START_SECONDS = 20
TOKEN = "20260301120000abcdefghijklmnopqrstuvwxyz0123456789"
OTHER = "20260301120000zzzzzzzzzzzzzzzzzzzzzzzzzz0000000000"
PROOF = f'_dnsauth TXT "{TOKEN}"\n'

# Zone, what stands in it beside SOA and NS, and the child zones that it delegates: securely those
# that are signed or are said to be.
ZONES = {
    ".": "",
    "com.": "",
    "net.": "",
    "example.com.": PROOF
    + f'_dnsauth.shop TXT "{TOKEN}"\n'
    + "_dnsauth.delegated CNAME proofs.plain.example.com.\n"
    + "_0123.cname CNAME nowhere.example.com.\n"
    + "host A 192.0.2.1\nhost AAAA 2001:db8::1\n"
    + '@ CAA 0 issue "ca.example.net"\n'
    + '*.wild TXT "wild"\n',
    "tampered.example.com.": PROOF + '@ CAA 0 issue "ca.example.net"\n',
    "expired.example.com.": PROOF,
    "stripped.example.com.": PROOF,
    "plain.example.com.": PROOF + f'proofs TXT "{TOKEN}"\n',
    "example.net.": PROOF,
}
UNSIGNED = ("plain.example.com.", "example.net.", "stripped.example.com.")
INSECURE = ("plain.example.com.", "example.net.")
"""Zones without keys in the parent; `stripped` has some, and no signatures."""


@dataclasses.dataclass(frozen=True)
class DnsLab:
    """Resolvers that are to be asked, and the anchor that they have."""

    checking: str
    """host:port of an unbound that checks signatures."""

    unchecking: str
    """host:port of one that asks the same servers, and does not."""

    anchor_file: Path
    other_anchor: str

    def resolver(self, endpoint: str | None = None) -> Resolver:
        """Give a desk's resolver that wants signatures checked, by the lab's anchor."""
        servers_asked = [Server.parse(endpoint or self.checking)]
        anchors = read_anchors([str(self.anchor_file)])
        return Resolver(servers_asked, anchors, random.SystemRandom())


@dataclasses.dataclass
class Keys:
    """A zone's one key."""

    private: ec.EllipticCurvePrivateKey
    public: dns.rdtypes.ANY.DNSKEY.DNSKEY

    def ds(self, zone: str) -> dns.rdtypes.ANY.DS.DS:
        """Give the record by which the parent vouches for it."""
        return dns.dnssec.make_ds(zone, self.public, "SHA256")


@contextlib.contextmanager
def dns_lab() -> Iterator[DnsLab]:
    """Run the servers as long as the context lasts; nothing is left of them."""
    with tempfile.TemporaryDirectory(prefix="certdesk-dns-") as name, contextlib.ExitStack() as run:
        folder = Path(name)
        keys = {zone: _new_keys() for zone in ZONES}
        for zone in ZONES:
            (folder / f"{zone}zone").write_text(_zone(zone, keys))
        anchor = folder / "root.anchor"
        anchor.write_text(f"; the lab's root\n. IN DS {keys['.'].ds('.')}\n")
        source, checking, unchecking = (free_port() for _ in range(3))
        _start_nsd(run, folder, source)
        for port, validating in ((checking, True), (unchecking, False)):
            _start_unbound(run, folder, source, port, anchor=anchor if validating else None)
        yield DnsLab(
            checking=f"127.0.0.1:{checking}",
            unchecking=f"127.0.0.1:{unchecking}",
            anchor_file=anchor,
            other_anchor=f". IN DS {_new_keys().ds('.')}",
        )


def _new_keys() -> Keys:
    private = ec.generate_private_key(ec.SECP256R1())
    algorithm = dns.dnssectypes.Algorithm.ECDSAP256SHA256
    return Keys(private, dns.dnssec.make_dnskey(private.public_key(), algorithm, flags=257))


def _zone(name: str, keys: dict[str, Keys]) -> str:
    """Write a zone with its signatures, or with what is wrong with them."""
    text = f"@ 60 SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\n{ZONES[name]}"
    for child in (each for each in ZONES if each != name and _parent(each) == name):
        text += f"{child} NS ns.{child}\nns.{child} A 127.0.0.1\n"
        text += "" if child in INSECURE else f"{child} DS {keys[child].ds(child)}\n"
    zone = dns.zone.from_text(text, name, relativize=False, check_origin=True)
    if name not in UNSIGNED:
        now = datetime.now(UTC)
        expires = now + timedelta(days=-1 if name.startswith("expired") else 1)
        dns.dnssec.sign_zone(
            zone,
            keys=[(keys[name].private, keys[name].public)],
            inception=now - timedelta(days=2),
            expiration=expires,
        )
    if name.startswith("tampered"):
        for owner in (f"_dnsauth.{name}", name):
            _tamper(zone, dns.name.from_text(owner))
    return zone.to_text(relativize=False)


def _tamper(zone: dns.zone.Zone, owner: dns.name.Name) -> None:
    """Change TXT or CAA records after they were signed."""
    for kind, text in (("TXT", f'"{OTHER}"'), ("CAA", '0 issue "rogue.example"')):
        rdtype = dns.rdatatype.from_text(kind)
        if zone.get_rdataset(owner, rdtype) is not None:
            changed = dns.rdataset.from_text("IN", rdtype, 60, text)
            zone.replace_rdataset(owner, changed)


def _parent(zone: str) -> str | None:
    return None if zone == "." else zone.partition(".")[2] or "."


def _start_nsd(run: contextlib.ExitStack, folder: Path, port: int) -> None:
    zones = "".join(f'zone:\n name: "{zone}"\n zonefile: "{zone}zone"\n' for zone in ZONES)
    config = folder / "nsd.conf"
    config.write_text(
        f'server:\n ip-address: 127.0.0.1@{port}\n username: ""\n chroot: ""\n'
        f' zonesdir: "{folder}"\n database: ""\n pidfile: ""\n xfrdfile: ""\n'
        f' zonelistfile: "{folder}/zones"\n logfile: "{folder}/nsd.log"\n'
        f"remote-control:\n control-enable: no\n{zones}"
    )
    _start(run, folder, "nsd", "-d", "-c", str(config))
    _wait(folder, "nsd", port)


def _start_unbound(
    run: contextlib.ExitStack, folder: Path, source: int, port: int, *, anchor: Path | None
) -> None:
    modules = "iterator" if anchor is None else "validator iterator"
    trust = "" if anchor is None else f' trust-anchor-file: "{anchor}"\n'
    stubs = "".join(f'stub-zone:\n name: "{z}"\n stub-addr: 127.0.0.1@{source}\n' for z in ZONES)
    config = folder / f"unbound{port}.conf"
    config.write_text(
        f"server:\n interface: 127.0.0.1\n port: {port}\n do-ip6: no\n do-daemonize: no\n"
        f' username: ""\n chroot: ""\n directory: "{folder}"\n pidfile: ""\n use-syslog: no\n'
        f' logfile: "{folder}/unbound.log"\n num-threads: 1\n do-not-query-localhost: no\n'
        f' ede: yes\n module-config: "{modules}"\n{trust}'
        f"remote-control:\n control-enable: no\n{stubs}"
    )
    _start(run, folder, "unbound", "-d", "-p", "-c", str(config))
    _wait(folder, "unbound", port)


def _start(run: contextlib.ExitStack, folder: Path, program: str, *words: str) -> None:
    output = run.enter_context((folder / f"{program}.out").open("ab"))
    process = subprocess.Popen(
        [servers.find(program) or program, *words], stdout=output, stderr=output, cwd=folder
    )
    run.callback(process.wait, START_SECONDS)
    run.callback(process.terminate)


def _wait(folder: Path, program: str, port: int) -> None:
    """Wait until a server answers for the root."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, dns.exception.DNSException):
            query = dns.message.make_query(".", "SOA")
            if dns.query.udp(query, "127.0.0.1", timeout=0.5, port=port).answer:
                return
        time.sleep(0.02)
    said = "\n".join(file.read_text() for file in folder.glob(f"{program}.*"))
    raise AssertionError(f"{program} does not answer: {said}")
