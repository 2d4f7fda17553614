"""An uploaded private key, in any PEM format that programs write, encrypted or not.

Sources: RFC 7468 (PEM), RFC 5958 and RFC 8018 (PKCS#8, encrypted), RFC 1421 as OpenSSL uses it for
its older, encrypted form.
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certdesk.domain.pki import der, ec_number, outline, pem
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.secret import Secret

SIZE_LIMIT = 3000
"""Most bytes of a key that are read: an RSA key of 4096 bits has 2,400."""

RSA_LIMIT = 4096
"""Most bits of an RSA modulus. The time to check a key grows with the cube of its primes' size."""

TEXT_LIMIT = 32 * 1024
"""Most characters of its text: OpenSSL's description of an RSA key of 4096 bits has 11,000."""

_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
_PLAIN = "PRIVATE KEY"
_OF_CURVE = "EC PRIVATE KEY"
_LABELS = (_PLAIN, _ENCRYPTED, "RSA PRIVATE KEY", _OF_CURVE)
# OpenSSL writes the curve in a block of its own before the key.
_CURVE = "EC PARAMETERS"
_TAKEN = (outline.RSA, outline.RSASSA_PSS, outline.EC)
# Its cost is memory as well.
_SCRYPT = der.identifier("1.3.6.1.4.1.11591.4.11")
_ROUNDS_LIMIT = 1_000_000


class KeyRefused(ValueError):
    """A private key cannot be read; ``rule`` says why, without a bit of the key."""

    def __init__(self, rule: str) -> None:
        """Keep the rule for messages."""
        super().__init__(rule)
        self.rule = rule


def read(text: Secret, password: Secret | None = None) -> PrivateKey:
    """Read one PEM key, RSA or ECC, with its password if it is encrypted.

    A password for a key that is not encrypted is ignored. Raises ``KeyRefused`` and nothing else.
    An RSA key of 4096 bits takes 0.3 seconds, because all of it is checked, and an encrypted one up
    to a second: call this in a process that nothing else waits for.
    """
    block = _one_block(text)
    encrypted = block.label == _ENCRYPTED or bool(block.head)
    if encrypted and password is None:
        raise KeyRefused("the private key is encrypted, and its password is missing")
    secret = password.reveal() if encrypted and password is not None else None
    try:
        # Checked below, once its size is known: a prime of 11,213 bits would take 38 seconds.
        key = load_pem_private_key(block.text.encode(), secret, unsafe_skip_rsa_key_validation=True)
    except Exception:  # noqa: BLE001 -- the library promises no narrower class
        what = "with that password" if encrypted else "or is damaged"
        raise KeyRefused(f"the private key cannot be read {what}") from None
    if isinstance(key, rsa.RSAPrivateKey):
        return _checked(key)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyRefused("the private key must be RSA or ECC")
    return key


def _checked(key: rsa.RSAPrivateKey) -> rsa.RSAPrivateKey:
    """Return a key after checking its arithmetic, if it is not too large for that."""
    numbers = key.private_numbers()
    size = numbers.public_numbers.n.bit_length()
    if size > RSA_LIMIT:
        raise KeyRefused(f"the RSA modulus may have at most {RSA_LIMIT} bits, not {size}")
    if max(numbers.p, numbers.q).bit_length() > (size + 1) // 2:
        raise KeyRefused("the primes of the RSA key must have the same size")
    try:
        return numbers.private_key()
    except ValueError:
        raise KeyRefused("the private key cannot be read or is damaged") from None


def _one_block(text: Secret) -> pem.Block:
    """Return the block of the key, checked; there may be text around it."""
    try:
        lines = text.text()
    except UnicodeDecodeError:
        lines = ""
    if len(lines) > TEXT_LIMIT:
        raise KeyRefused(f"the private key is longer than {TEXT_LIMIT} characters")
    found = [block for block in pem.blocks(lines) or () if block.label != _CURVE]
    data = pem.decoded(found[0].body) if found else None
    if len(found) != 1 or not data or found[0].label not in _LABELS:
        raise KeyRefused("the private key must be one PEM block, PRIVATE KEY (RFC 7468, 10)")
    if len(data) > SIZE_LIMIT:
        raise KeyRefused(f"the private key has more than {SIZE_LIMIT} bytes")
    return _screened(found[0], data)


def _screened(block: pem.Block, data: bytes) -> pem.Block:
    """Refuse a key that would take long to load; return an ECC key in the library's form."""
    if block.label == _ENCRYPTED:
        _refuse_costly(data)
    elif block.label == _PLAIN:
        _refuse_other_kinds(data)
        return pem.block(_PLAIN, ec_number.in_own_length_within(data))
    elif block.label == _OF_CURVE and not block.head:
        return pem.block(_OF_CURVE, ec_number.in_own_length(data))
    return block


def _refuse_other_kinds(data: bytes) -> None:
    """Refuse keys other than RSA and ECC before they load: DSA takes a second (RFC 5958, 2)."""
    try:
        (whole,) = der.elements(data)
        _, algorithm, *_ = der.elements(whole.content)
        identifier, *_ = der.elements(algorithm.content)
    except ValueError:
        return  # the library has nothing to load either
    if identifier.tag == der.IDENTIFIER and identifier.content not in _TAKEN:
        raise KeyRefused("the private key must be RSA or ECC")


def _refuse_costly(data: bytes) -> None:
    """Refuse an encrypted key whose own parameters ask for minutes of work (RFC 8018, A.2)."""
    try:
        der.check(data)
        (whole,) = der.elements(data)
        algorithm, _ = der.elements(whole.content)
    except ValueError:
        raise KeyRefused("the private key is not well-formed (RFC 5958, 3)") from None
    found = list(_within(algorithm))
    if any(each.tag == der.IDENTIFIER and each.content == _SCRYPT for each in found):
        raise KeyRefused("the private key is encrypted with scrypt; PBKDF2 is read (RFC 8018, 6.2)")
    numbers = (int.from_bytes(each.content) for each in found if each.tag == der.INTEGER)
    if any(number > _ROUNDS_LIMIT for number in numbers):
        raise KeyRefused(f"the private key is encrypted with more than {_ROUNDS_LIMIT} rounds")


def _within(element: der.Element) -> Iterator[der.Element]:
    """Yield an algorithm and all elements of its parameters, which are well-formed."""
    yield element
    if element.tag & der.CONSTRUCTED:
        for inner in der.elements(element.content):
            yield from _within(inner)
