"""Key pairs: the kinds that are made here, and the public keys that are accepted.

Sources: CA/Browser Forum Baseline Requirements 6.1.1.3, 6.1.5 and 6.1.6. The desk is stricter: RSA
moduli of three sizes with the exponent 65537, and two curves.
"""

from __future__ import annotations

import enum
import hashlib
import math
import re
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_DIGEST = re.compile("[0-9a-fA-F]{64}")
_EXPONENT = 65537
_RSA_SIZES = (2048, 3072, 4096)
_CURVES = {"secp256r1": "prime256v1", "secp384r1": "secp384r1"}
# The Baseline Requirements ask for 100 rounds (6.1.1.3); public CAs make 110.
_FERMAT_ROUNDS = 110

# badkeys and gmpy2 are imported by the first check of an RSA key: they take 30 milliseconds, and
# many commands, processes and desks never check one.

# Every call names its checks: the package's default checks end the whole process if its block list
# has not been downloaded.
_AT_ONCE = {
    "roca": "the RSA key has the ROCA weakness",
    "smallfactors": "the RSA modulus has a small prime factor",
}
_LATER = {
    "rsainvalid": "the RSA key has invalid values",
    "rsapoly": "the RSA modulus can be factored as a polynomial",
    "sharedprimes": "the RSA modulus shares a prime with a published key",
    "smalld": "the private exponent of the RSA key is small",
    "rsawarnings": "the RSA key has an unusual size or exponent",
    "rsabias": "the bits of the RSA modulus are not evenly spread",
    "pattern": "the RSA modulus repeats one byte many times",
    "xzbackdoor": "the RSA modulus carries the trigger of the xz back door",
}


class UnknownKeyKind(ValueError):
    """The desk makes no keys of this algorithm and parameter; the text says what it makes."""


class WeakKey(ValueError):
    """A public key is refused; ``rule`` says why in plain words, without key material."""

    def __init__(self, rule: str) -> None:
        """Keep the rule for messages."""
        super().__init__(rule)
        self.rule = rule


class KeyKind(enum.Enum):
    """The kinds of key pair that the desk makes; values are (algorithm, parameter)."""

    RSA_2048 = ("RSA", "2048")
    RSA_4096 = ("RSA", "4096")
    P_256 = ("ECC", "prime256v1")
    P_384 = ("ECC", "secp384r1")

    @property
    def algorithm(self) -> str:
        """``RSA`` or ``ECC``."""
        return self.value[0]

    @property
    def parameter(self) -> str:
        """Modulus length in bits (``2048``, ``4096``) or curve (``prime256v1``, ``secp384r1``)."""
        return self.value[1]

    @property
    def label(self) -> str:
        """Both, as ``describe`` names a key: ``RSA 2048``."""
        return f"{self.algorithm} {self.parameter}"

    @classmethod
    def of(cls, algorithm: str, parameter: str) -> KeyKind:
        """Return the kind with exactly these words; raises ``UnknownKeyKind``."""
        for kind in cls:
            if kind.value == (algorithm, parameter):
                return kind
        known = ", ".join(kind.label for kind in cls)
        message = f"key pairs are made of these kinds: {known}"
        raise UnknownKeyKind(message)


def generate(kind: KeyKind) -> PrivateKey:
    """Return a new private key; RSA takes from 50 milliseconds to seconds."""
    if kind is KeyKind.P_256:
        return ec.generate_private_key(ec.SECP256R1())
    if kind is KeyKind.P_384:
        return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(_EXPONENT, int(kind.parameter))


def private_key_pem(key: PrivateKey) -> bytes:
    """Return a private key as unencrypted PKCS#8 PEM (RFC 5958), which every server reads."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def digest_in(text: str) -> bytes | None:
    """Return a SHA-256 digest from hexadecimal, None if the text is not one."""
    return bytes.fromhex(text) if _DIGEST.fullmatch(text) else None


def spki_sha256(public_key: PublicKey) -> bytes:
    """Return the SHA-256 of the DER SubjectPublicKeyInfo: 32 bytes, the same for equal keys.

    The key is encoded again (named curve, uncompressed point), so that another encoding of the same
    key in a CSR does not give another digest.
    """
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest()


def describe(public_key: object) -> str:
    """Return a key's kind for people: ``RSA 2048``, ``ECC prime256v1``, ``Ed25519``."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return f"RSA {public_key.key_size}"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        curve = public_key.curve.name
        return f"ECC {_CURVES.get(curve, curve)}"
    return type(public_key).__name__.removesuffix("PublicKey")


def refuse_weak(public_key: object) -> None:
    """Raise ``WeakKey`` for a key that may not be certified.

    It takes about 0.2 milliseconds for RSA 2048; ``inspect_further`` has the slower checks.
    """
    if isinstance(public_key, rsa.RSAPublicKey):
        numbers = public_key.public_numbers()
        _refuse_weak_rsa(numbers.n, numbers.e)
    elif isinstance(public_key, ec.EllipticCurvePublicKey):
        if public_key.curve.name not in _CURVES:
            raise WeakKey("the curve must be P-256 or P-384")
    else:
        raise WeakKey("the key must be RSA or ECC")


def inspected_by_now(public_key: PublicKey) -> bool:
    """Whether ``inspect_further`` has nothing to add: all its checks are about RSA keys."""
    return not isinstance(public_key, rsa.RSAPublicKey)


def inspect_further(public_key: PublicKey) -> str | None:
    """Return why the remaining offline checks refuse a key, None if they do not.

    Some take longer and one reads data files of its package, so they run after the answer, and
    before anything is signed.
    """
    if not isinstance(public_key, rsa.RSAPublicKey):
        return None
    numbers = public_key.public_numbers()
    return _first_finding(numbers.n, numbers.e, _LATER) or _power(numbers.n)


def inspect_last(public_key: PublicKey) -> str | None:
    """Return why an RSA modulus is unsafe because it is prime, None if it is not.

    Anybody can compute the private key of a prime modulus. Whether a modulus has exactly two prime
    factors cannot be known without finding them. The check takes from 2 milliseconds for 2,048 bits
    to 15 for 4,096, several times as long as all other checks together, so it runs only right
    before a signature.
    """
    if not isinstance(public_key, rsa.RSAPublicKey):
        return None
    import gmpy2  # noqa: PLC0415 - see above

    is_prime = gmpy2.is_prime(public_key.public_numbers().n)
    return "the RSA modulus is a prime" if is_prime else None


def _refuse_weak_rsa(modulus: int, exponent: int) -> None:
    """Refuse by size first: the other checks are only bounded for the accepted sizes."""
    if modulus.bit_length() not in _RSA_SIZES:
        raise WeakKey("the RSA modulus must have 2048, 3072 or 4096 bits")
    if exponent != _EXPONENT:
        raise WeakKey(f"the RSA exponent must be {_EXPONENT}")
    if _has_close_primes(modulus):
        raise WeakKey("the primes of the RSA modulus are too close to each other")
    finding = _first_finding(modulus, exponent, _AT_ONCE)
    if finding is not None:
        raise WeakKey(finding)


def _first_finding(modulus: int, exponent: int, checks: dict[str, str]) -> str | None:
    """Run the named checks in order and return the text of the first that finds something."""
    import badkeys  # noqa: PLC0415 - see above

    findings = badkeys.checkrsa(modulus, e=exponent, checks=tuple(checks))
    return next((words for check, words in checks.items() if check in findings), None)


def _power(modulus: int) -> str | None:
    import gmpy2  # noqa: PLC0415 - see above

    return "the RSA modulus is a power of another number" if gmpy2.is_power(modulus) else None


def _has_close_primes(modulus: int) -> bool:
    """Whether Fermat's method factors the modulus: a² - n = b² with a just above the root of n.

    Written here because the package's own check stops after 100 rounds.
    """
    a = math.isqrt(modulus - 1) + 1
    for _ in range(_FERMAT_ROUNDS):
        rest = a * a - modulus
        # A square is 0, 1, 4 or 9 modulo 16, which saves most of the roots.
        if rest & 15 in {0, 1, 4, 9} and math.isqrt(rest) ** 2 == rest:
            return True
        a += 1
    return False
