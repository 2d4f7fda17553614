"""`certdesk blocklist`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import click

from certdesk.cli.common import desk_options, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.passing_on import pass_on
from certdesk.cli.printing import show
from certdesk.domain.pki.pem import NoPublicKey, spki_digest_of_pem
from certdesk.domain.values.keys import digest_in
from certdesk.settings import Settings
from certdesk.wire.operator.desk import CountBlockedKeysRequest

BATCH = 1000


@click.group(cls=Group)
def blocklist() -> None:
    """Keys that are never accepted, because they are weak or compromised."""


@blocklist.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", required=True, help="The reason, in a few words: stored with each key.")
@click.option(
    "--revoke", is_flag=True, help="Other people have these keys: revoke the certificates for them."
)
@desk_options
def blocklist_import(settings: Settings, file: Path, reason: str, *, revoke: bool) -> None:
    """Block the keys that FILE names; print how many are new, and their valid certificates.

    Orders under way with such a key fail. Certificates stay as they are, without --revoke.

    FILE has one SHA-256 digest of a SubjectPublicKeyInfo (64 hexadecimal digits) a line, as CAs
    publish them, or PEM: certificates, CSRs or public keys. The rest of a line, and lines that
    begin with #, are ignored.
    """
    digests = iter(_digests(file))
    blocked, certificates = 0, []
    while batch := list(islice(digests, BATCH)):
        response = ask(settings, "BlockKeys", Digests=batch, Reason=reason, Revoke=revoke)
        if "Error" in response:
            show_reply(response)
        blocked += response["Blocked"]
        certificates += response["CertificateIds"]
    show({"Blocked": blocked, "CertificateIds": certificates})


pass_on(blocklist, "status", CountBlockedKeysRequest)


def _digests(file: Path) -> Iterable[str]:
    text = file.read_text("utf-8", errors="replace")
    if "-----BEGIN" not in text:
        return _listed(text)
    try:
        return [digest.hex() for digest in spki_digest_of_pem(text)]
    except NoPublicKey as error:
        raise click.BadParameter(f"{file}: {error}") from error


def _listed(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.strip().partition(" ")[0]
        if not word or word.startswith("#"):
            continue
        if digest_in(word) is None:
            raise click.BadParameter(f"line {number} does not begin with a SHA-256 digest")
        yield word
