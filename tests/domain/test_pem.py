"""Blocks of PEM within other text, and the digests of the keys in them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certdesk.domain.pki import pem
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind
from tests import chains
from tests.domain import csr_texts

KEY = chains.key_of(KeyKind.P_256).public_key()
CERTIFICATE = chains.pem(chains.leaf(chains.key_of(KeyKind.P_256), "a.example"))
ODD = csr_texts.tlv(
    0x31, csr_texts.sequence(csr_texts.oid("2.5.4.10"), csr_texts.tlv(0x13, b"A & B"))
)
REQUEST = csr_texts.signed(csr_texts.information(subject=ODD))
PUBLIC = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_the_digest_of_a_key_is_that_of_whatever_it_comes_in() -> None:
    """A certificate, a public key, and a request whose subject does not matter."""
    found = pem.spki_digest_of_pem(f"one\n{CERTIFICATE}two\n{PUBLIC}\n{REQUEST}")
    its, others = keys.spki_sha256(KEY), keys.spki_sha256(csr_texts.KEY.public_key())
    assert found == [its, its, others]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "there is no complete PEM block"),
        (CERTIFICATE[:200], "there is no complete PEM block"),
        (CERTIFICATE[:200] + "\n" + CERTIFICATE, "there is no complete PEM block"),
        (pem.encoded("CERTIFICATE", b"0\0"), "a block CERTIFICATE cannot be read"),
        (pem.encoded("CERTIFICATE REQUEST", b""), "a block CERTIFICATE REQUEST cannot be read"),
        (pem.encoded("PUBLIC KEY", b"x"), "a block PUBLIC KEY cannot be read"),
    ],
)
def test_what_holds_no_key_is_refused(text: str, rule: str) -> None:
    """With the block that holds none."""
    with pytest.raises(pem.NoPublicKey, match=f"^{rule}$"):
        pem.spki_digest_of_pem(text)


def test_blocks_are_written_as_they_are_read() -> None:
    """In lines of 64 characters, as OpenSSL writes them."""
    found = pem.blocks(CERTIFICATE)
    assert found is not None
    (block,) = found
    data = pem.decoded(block.body) or b""
    assert pem.block("CERTIFICATE", data) == block
    assert pem.encoded("CERTIFICATE", data) == block.text == CERTIFICATE
