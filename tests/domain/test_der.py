"""The distinguished encoding rules (X.690), checked by shape."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.pki import der


@pytest.mark.parametrize(
    "written",
    [
        "0500",
        "010100",
        "0101ff",
        "020100",
        "02017f",
        "02020080",
        "020180",
        "0202ff7f",
        "0a0101",
        "030100",
        "0302 07 80",
        "0303 00 ffff",
        "0603 2a0304",
        "0603 2a8101",
        "0400",
        "0401ff",
        "0c03 e4bda0",
        "1e02 4f60",
        "1c04 00004f60",
        "3000",
        "3100",
        "3003 020101",
        "3005 3003 020101",
        "a000",
        "a003 020101",
        "8002 0001",
        "0481 80" + "00" * 128,
        "0482 0100" + "00" * 256,
    ],
)
def test_an_element_in_its_one_form_is_accepted(written: str) -> None:
    """Types, lengths and contents as X.690 writes them."""
    der.check(bytes.fromhex(written))


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("", "not one element"),
        ("0500 0500", "not one element"),
        ("05", "a length that is not in its shortest form (X.690, 10.1)"),
        ("0480", "a length that is not in its shortest form (X.690, 10.1)"),
        ("0481 00", "a length that is not in its shortest form (X.690, 10.1)"),
        ("0481 7f" + "00" * 127, "a length that is not in its shortest form (X.690, 10.1)"),
        ("0482 00ff" + "00" * 255, "a length that is not in its shortest form (X.690, 10.1)"),
        ("0483 000100" + "00" * 256, "a length that is not in its shortest form (X.690, 10.1)"),
        ("0481", "a length that is not in its shortest form (X.690, 10.1)"),
        ("3080 0500 0000", "a length that is not in its shortest form (X.690, 10.1)"),
        ("0402 00", "a length beyond the end (X.690, 8.1.3)"),
        ("3003 020201", "a length beyond the end (X.690, 8.1.3)"),
        ("1f8100 00", "a tag number above 30"),
        ("2400", "a type in the wrong form, primitive or constructed (X.690, 8 and 10.2)"),
        ("2c00", "a type in the wrong form, primitive or constructed (X.690, 8 and 10.2)"),
        ("1000", "a type in the wrong form, primitive or constructed (X.690, 8 and 10.2)"),
        ("0000", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0501 00", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0101 01", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0100", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0200", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0202 007f", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0202 ff80", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0300", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0301 01", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0302 0880", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0302 0101", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0600", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0602 2a80", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("0603 2a8001", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("1e01 00", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("1c02 0000", "content that is not in its canonical form (X.690, 8 and 11)"),
        ("a002 0200", "content that is not in its canonical form (X.690, 8 and 11)"),
    ],
)
def test_an_element_in_another_form_is_refused(written: str, rule: str) -> None:
    """Each rule by the shortest bytes that break it."""
    with pytest.raises(der.NotDer, match=re.escape(rule)):
        der.check(bytes.fromhex(written))


def test_elements_nested_too_deep_are_refused() -> None:
    """No request nests deeper than some ten levels; 32 are looked into."""
    nested = b""
    for _ in range(33):
        nested = bytes([0x30, len(nested)]) + nested
    with pytest.raises(der.NotDer, match="nested too deep"):
        der.check(nested)
    der.check(nested[2:])


def test_elements_are_read_in_order() -> None:
    """An identifier byte and a content each."""
    assert list(der.elements(bytes.fromhex("0500 020107"))) == [
        der.Element(0x05, b""),
        der.Element(0x02, b"\x07"),
    ]


def test_a_key_written_by_the_library_is_accepted() -> None:
    """What is known to be DER passes as a whole."""
    key = ec.derive_private_key(7, ec.SECP384R1()).public_key()
    der.check(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@given(st.binary(max_size=64))
def test_any_bytes_are_accepted_or_refused(data: bytes) -> None:
    """Nothing but NotDer is ever raised."""
    with suppress(der.NotDer):
        der.check(data)


@given(st.binary(max_size=700))
def test_what_is_encoded_is_read_back(content: bytes) -> None:
    """The length in its shortest form, of one, two or three bytes."""
    written = der.encode(0x04, content)

    der.check(written)
    assert list(der.elements(written)) == [der.Element(0x04, content)]


def test_more_elements_than_any_request_has_are_refused() -> None:
    """Counted as they are read, in a row and within each other."""
    row = der.encode(0x30, der.encode(0x05, b"") * (der.ELEMENTS_LIMIT - 1))
    der.check(row)
    with pytest.raises(der.NotDer, match="more than 1000 elements"):
        der.check(der.encode(0x30, row))
    assert not der.crowded(row)
    assert der.crowded(row + der.encode(0x05, b""))
    assert der.crowded(der.encode(0x04, b"") + row)
