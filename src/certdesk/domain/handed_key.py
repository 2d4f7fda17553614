"""A private key that was handed in, in whatever PEM programs write it, with a password or not.

Sources: RFC 7468 (PEM), RFC 5958 and RFC 8018 (PKCS#8, encrypted), RFC 1421 as OpenSSL uses it
for its older, encrypted form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certdesk.domain import der, pem
from certdesk.domain.keys import PrivateKey
from certdesk.domain.secret import Secret

SIZE_LIMIT = 3000
"""Most bytes of a key that are looked at: an RSA key of 4096 bits has 2,400."""

RSA_LIMIT = 4096
"""Most bits of an RSA modulus. The time to check a key grows with the cube of its primes' size."""

_TEXT_LIMIT = 2 * SIZE_LIMIT
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
_PLAIN = "PRIVATE KEY"
# OpenSSL writes the curve in a block of its own before the key, and two lines at the head of one
# that it encrypts in its older way.
_PEM = re.compile(
    r"(?:-----BEGIN EC PARAMETERS-----\n[A-Za-z0-9+/=\n]*-----END EC PARAMETERS-----\n\s*)?"
    r"(?P<block>-----BEGIN (?P<label>(?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----[ \t]*\n"
    r"(?P<head>Proc-Type: 4,ENCRYPTED\nDEK-Info: [A-Z0-9-]+,[0-9A-Fa-f]+\n\n)?"
    r"(?P<body>[A-Za-z0-9+/=\n\t ]*)"
    r"-----END (?P=label)-----\n)",
    re.ASCII,
)
_INTEGER = 0x02
_CONSTRUCTED = 0x20
_IDENTIFIER = 0x06
# The object identifiers of rsaEncryption, RSASSA-PSS and ecPublicKey: the content of each in DER.
_TAKEN = tuple(map(bytes.fromhex, ("2a864886f70d010101", "2a864886f70d01010a", "2a8648ce3d0201")))
# The object identifier of scrypt, 1.3.6.1.4.1.11591.4.11, in DER; its cost is memory as well.
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_ROUNDS_LIMIT = 1_000_000


class KeyRefused(ValueError):
    """A private key cannot be read; ``rule`` says why, without a bit of the key."""

    def __init__(self, rule: str) -> None:
        """Keep the rule for messages."""
        super().__init__(rule)
        self.rule = rule


def read(text: Secret, password: Secret | None = None) -> PrivateKey:
    """Read one PEM key, RSA or ECC, with its password where it is encrypted.

    A password for a key that is not encrypted is passed over. Raises ``KeyRefused`` and nothing
    else. An RSA key of 4096 bits takes 0.3 seconds, because all of it is checked, and an encrypted
    one up to a second: this is for a process that nothing else waits for.
    """
    block, encrypted = _one_block(text)
    if encrypted and password is None:
        raise KeyRefused("the private key is encrypted, and its password is missing")
    secret = password.reveal() if encrypted and password is not None else None
    try:
        # Checked below, once its size is known: a prime of 11,213 bits would take 38 seconds.
        key = load_pem_private_key(block, secret, unsafe_skip_rsa_key_validation=True)
    except Exception:  # noqa: BLE001 -- the library promises no narrower class
        what = "with that password" if encrypted else "or is damaged"
        raise KeyRefused(f"the private key cannot be read {what}") from None
    if isinstance(key, rsa.RSAPrivateKey):
        return _checked(key)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyRefused("the private key must be RSA or ECC")
    return key


def _checked(key: rsa.RSAPrivateKey) -> rsa.RSAPrivateKey:
    """Check the arithmetic of a key that is not too large for that."""
    numbers = key.private_numbers()
    size = numbers.public_numbers.n.bit_length()
    if size > RSA_LIMIT:
        raise KeyRefused(f"the RSA modulus may have at most {RSA_LIMIT} bits, not {size}")
    if max(numbers.p, numbers.q).bit_length() > (size + 1) // 2:
        raise KeyRefused("the primes of the RSA key must be of one size")
    try:
        return numbers.private_key()
    except ValueError:
        raise KeyRefused("the private key cannot be read or is damaged") from None


def _one_block(text: Secret) -> tuple[bytes, bool]:
    """Check the frame; give the block of the key, and whether it is encrypted."""
    try:
        lines = pem.uniform(text.text())
    except UnicodeDecodeError:
        lines = ""
    if len(lines) > _TEXT_LIMIT:
        raise KeyRefused(f"the private key is longer than {_TEXT_LIMIT} characters")
    found = _PEM.fullmatch(lines)
    data = pem.decoded(found["body"]) if found else None
    if not found or not data:
        raise KeyRefused("the private key must be one PEM block, PRIVATE KEY, and nothing else")
    if len(data) > SIZE_LIMIT:
        raise KeyRefused(f"the private key has more than {SIZE_LIMIT} bytes")
    if found["label"] == _ENCRYPTED:
        _refuse_costly(data)
    elif found["label"] == _PLAIN:
        _refuse_other_kinds(data)
    return found["block"].encode(), found["label"] == _ENCRYPTED or bool(found["head"])


def _refuse_other_kinds(data: bytes) -> None:
    """Refuse what is neither RSA nor ECC before it is loaded: DSA takes a second (RFC 5958, 2)."""
    try:
        (whole,) = der.elements(data)
        _, algorithm, *_ = der.elements(whole.content)
        identifier, *_ = der.elements(algorithm.content)
    except ValueError:
        return  # the library has nothing to load either
    if identifier.tag == _IDENTIFIER and identifier.content not in _TAKEN:
        raise KeyRefused("the private key must be RSA or ECC")


def _refuse_costly(data: bytes) -> None:
    """Refuse an encrypted key whose own parameters ask for minutes of work (RFC 8018, A.2)."""
    if _SCRYPT in data:
        raise KeyRefused("the private key is encrypted with scrypt; PBKDF2 is read")
    try:
        der.check(data)
        (whole,) = der.elements(data)
        algorithm, _ = der.elements(whole.content)
    except ValueError:
        raise KeyRefused("the private key is not well-formed") from None
    if any(number > _ROUNDS_LIMIT for number in _numbers(algorithm)):
        raise KeyRefused(f"the private key is encrypted with more than {_ROUNDS_LIMIT} rounds")


def _numbers(element: der.Element) -> Iterator[int]:
    """Give each integer in an algorithm and its parameters, which are well-formed."""
    if element.tag == _INTEGER:
        yield int.from_bytes(element.content)
    elif element.tag & _CONSTRUCTED:
        for inner in der.elements(element.content):
            yield from _numbers(inner)
