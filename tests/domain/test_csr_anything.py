"""Certificate signing requests: whatever is handed in, the refusal is the one error."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.pki import csr
from tests.domain.csr_texts import (
    SAN,
    common_name,
    der_of,
    extension,
    information,
    pem,
    refusal,
    requested,
    sequence,
    signed,
    tlv,
)

UPLOADED = (Path(__file__).parents[1] / "data" / "uploaded_csr.pem").read_text()


def test_no_request_with_one_bit_changed_is_accepted() -> None:
    """Every bit of a request is signed, or is the signature, or frames them."""
    der = der_of(signed(information(requested(SAN))))
    for bit in range(len(der) * 8):
        changed = bytearray(der)
        changed[bit // 8] ^= 1 << bit % 8
        refusal(pem(bytes(changed)))


@given(st.data())
def test_no_request_cut_or_changed_is_accepted(data: st.DataObject) -> None:
    """Bytes replaced, inserted and removed anywhere in an RSA request."""
    der = der_of(UPLOADED)
    at = data.draw(st.integers(0, len(der) - 1))
    removed = data.draw(st.integers(0, 8))
    changed = der[:at] + data.draw(st.binary(max_size=8)) + der[at + removed :]
    if changed != der:
        refusal(pem(changed))


@given(st.text() | st.text("-BEGINCRTFQUSD \r\n=A/+"))
def test_any_text_is_refused_and_raises_nothing_else(text: str) -> None:
    """No text by chance is a signed request."""
    refusal(text)
    refusal(UPLOADED.replace("\n", text + "!\n", 1))


@given(st.binary(max_size=400))
def test_any_bytes_in_the_frame_are_refused(der: bytes) -> None:
    """The same behind valid base64."""
    refusal(pem(der))


@given(st.binary(max_size=60), st.binary(max_size=60), st.integers(0, 255))
def test_any_signed_extension_is_read_or_refused(value: bytes, name: bytes, tag: int) -> None:
    """A valid signature over nonsense still raises CsrRefused alone."""
    san = extension("2.5.29.17", sequence(tlv(tag, name)))
    for attribute in (requested(extension("2.5.29.17", value)), requested(san), value):
        with suppress(csr.CsrRefused):
            csr.parse(signed(information(attribute, subject=common_name(name, tag))))
