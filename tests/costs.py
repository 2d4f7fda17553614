"""What the worst that a request can bring costs, parser by parser.

`python -m tests.costs NAME` measures one of them, alone in its process: milliseconds of the
thread's CPU, the best of five, for each of its cases.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from certdesk.actions.vetting.letters import LETTER_BODY
from certdesk.domain.pki import upload
from certdesk.domain.values.keys import KeyKind, private_key_pem
from certdesk.domain.vetting import letters
from certdesk.parsing.pool import ParserPool
from certdesk.ports import Pending
from tests import chains, hostile_files
from tests.costs_csr import CSR
from tests.costs_domain import DOMAIN
from tests.costs_kinds import TIMES, Case, Worst
from tests.costs_wire import WIRE

APART = {
    "domain.pki.chain.read": "upload",
    "domain.pki.ec_number.in_own_length": "upload",
    "domain.pki.ec_number.in_own_length_within": "upload",
    "domain.pki.private_key.read": "upload",
    "domain.vetting.letters.examine": "letter",
    "domain.vetting.letters.examine_files": "files",
    "domain.vetting.letters.read_letter": "letter",
    "domain.vetting.letters.read_revocation_letter": "letter",
    "domain.pki.outline.certificate": "upload",
    "domain.vetting.pdf.check_pdf": "letter",
    "domain.vetting.pictures.check_gif": "letter",
    "domain.vetting.pictures.check_jpeg": "letter",
    "domain.vetting.pictures.check_png": "letter",
    "domain.pki.upload.examine": "upload",
}
"""Parsers that run in processes of their own, and as what (`parsing/jobs.py`)."""

OWN = {
    "domain.people.provider.fault_of": "settings",
    "domain.people.provider.is_loopback": "settings, and a provider's own document",
    "domain.people.provider.issuer_fault": "settings",
    "domain.values.expected.rule_of": "settings",
    "domain.pki.authority.issuer_for": "keys that were accepted before",
    "domain.delivery.bundles.server_zip": "certificates and keys that were accepted before",
    "domain.orders.certificate.certificate_of": "certificates that were made here",
    "domain.orders.certificate.ders_of": "certificates that were accepted before",
    "domain.orders.certificate.pem_of": "certificates that were accepted before",
    "domain.orders.certificate.requested": "material that was accepted before",
    "domain.pki.answers.check_issued": "what a CA of the operator's choice has said",
    "domain.pki.answers.check_offered": "what a CA of the operator's choice has said",
    "domain.pki.der.identifier": "identifiers that stand in the program",
    "domain.values.foreign_text.printable": "1,020 bytes, to which it cuts first",
    "domain.values.foreign_text.printable_text": "1,020 characters, to which it cuts first",
    "domain.values.foreign_text.shown": "10 values, each cut before it is read",
    "domain.pki.preissuance.check_issuance": "certificates that were made here",
    "domain.delivery.jks.write": "certificates and keys that were accepted before",
    "domain.values.keys.describe": "keys that were accepted before",
    "domain.orders.material.has_masked": "texts whose lengths the decoder has checked",
    "domain.orders.material.unmask": "texts whose lengths the decoder has checked",
    "domain.orders.material.value_at": "names that stand in the program",
    "domain.orders.material.with_value": "names that stand in the program",
    "domain.pki.ocsp.response": "what the desk has signed",
    "domain.pki.outline.require_signature": "keys that were looked at before",
    "domain.validation.rate_limit.ValidationRateLimit.charge": "numbers",
    "domain.validation.rate_limit.ValidationRateLimit.take": "numbers",
    "domain.privacy.data_subject.Traits.named_in": "texts that were accepted before",
    "domain.privacy.data_subject.Wanted.traits": "what an operator typed",
    "domain.privacy.data_subject.Wanted.is_value": "numbers as long as the rules let through",
    "domain.pki.pem.block": "what was decoded before",
    "domain.pki.pem.encoded": "what was accepted before",
    "domain.values.sealed_fields.build": "parameters that were decoded",
    "domain.values.sealed_fields.cleartext_fields": "material that was accepted before",
    "domain.values.sealed_fields.secret_fields": "material that was accepted before",
    "domain.values.sealed_fields.join_fields": "what the desk has written itself",
    "domain.values.sealed_fields.without_secrets": "what the desk has written itself",
    "domain.orders.warnings.material_remarks": "material that was accepted before",
    "domain.delivery.pfx.write": "certificates and keys that were accepted before",
    "domain.accounts.policy.Policy.names_action": "the names of actions",
    "domain.values.secret.ending": "numbers as long as the rules let through",
    "domain.values.secret.hidden": "texts whose lengths the decoder has checked",
    "domain.values.secret_urls.without_secrets": "what stands in the operator's settings",
    "domain.vetting.seen_review.changes": "what was accepted before",
    "domain.vetting.seen_review.flat": "what was accepted before",
    "domain.vetting.seen_review.members_of": "what was accepted before",
    "domain.values.free_text.texts_of": "records of the desk's own",
    "domain.pki.tbs.read": "certificates that are made here",
    "domain.vetting.review.approved": "the names of operators",
    "domain.vetting.deciders.login_of": "logins that the desk has written",
    "domain.vetting.deciders.same_name": "names that were accepted before",
    "wire.envelope.failure": "messages of the desk's own",
    "wire.envelope.success": "replies of the desk's own",
}
"""Functions that look like parsers, and what they are given instead of what a request brings."""


def letters_of_every_kind() -> Iterator[str]:
    """Give letters that take seconds to look into, and texts that are none."""
    yield hostile_files.in_base64(hostile_files.pdf_of_slashes())
    yield hostile_files.in_base64(hostile_files.pdf_of_strings())
    for piece in ("A", " ", "é", "="):
        yield piece * (LETTER_BODY // len(piece.encode()))


def uploads_of_every_kind() -> Iterator[tuple[str, str | None, str | None]]:
    """Give certificates and keys that take seconds to check, and texts that are none."""
    leaf = chains.pem(chains.leaf(chains.key_of(KeyKind.P_256), "a.example"))
    yield leaf, hostile_files.rsa_pem(2**11213 - 1, 3), None
    yield leaf, chains_key(), None
    yield leaf * 20, chains_key(), None
    for piece in ("-----BEGIN CERTIFICATE-----\n", " ", "A", "é"):
        yield piece * (128 * 1024 // len(piece)), piece * 4096, piece * 1024


def chains_key() -> str:
    """Give an honest RSA key of 4096 bits, whose check takes a quarter of a second."""
    return private_key_pem(chains.key_of(KeyKind.RSA_4096)).decode()


FORMS = ("PDF", "JPG", "PNG", "GIF")
JOBS: dict[str, Callable[[], Iterator[tuple[Any, ...]]]] = {
    "files": lambda: (
        ([letters.TOO_COSTLY] * 5, letters.examine_files, [text] * 5, FORMS)
        for text in letters_of_every_kind()
    ),
    "letter": lambda: (
        (letters.TOO_COSTLY, letters.examine, text, FORMS) for text in letters_of_every_kind()
    ),
    "upload": lambda: (
        (upload.TOO_COSTLY, upload.examine, *given) for given in uploads_of_every_kind()
    ),
}
"""The worst that each kind of job is given: what counts otherwise, the parser, its arguments."""


def apart(kind: str) -> Callable[[], Iterator[Case]]:
    """Give what a parser in another process costs here: to send, to wait and to receive."""

    def cases() -> Iterator[Case]:
        pool = ParserPool(processes=1, seconds=0.3)
        pool.start()

        def run(*words: Any) -> object:  # noqa: ANN401 -- a parser and its arguments
            name = str(uuid.uuid4())
            while True:
                try:
                    return pool.run("account", name, *words)
                except Pending as pending:
                    pending.done.result()

        for at, words in enumerate(JOBS[kind]()):
            yield Case(f"{kind} {at}", run, *words)
        pool.stop()

    return cases


WORST: Worst = WIRE | CSR | DOMAIN | {kind: apart(kind) for kind in set(APART.values())}


def measured(case: Case) -> float:
    """Give the milliseconds of CPU that a case takes in this thread, the best of a few."""
    best = float("inf")
    for _ in range(TIMES):
        began = time.thread_time()
        with contextlib.suppress(Exception):
            case.call()
        best = min(best, time.thread_time() - began)
    return 1000 * best


if __name__ == "__main__":
    [wanted] = sys.argv[1:]
    print(json.dumps({case.name: measured(case) for case in WORST[wanted]()}))  # noqa: T201 -- for the process that asked
