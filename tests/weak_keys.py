"""RSA keys with each weakness that the installed checks find without a network, made for tests.

Each is made by the recipe that its weakness comes from, and has a private key that signs CSRs.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable

import gmpy2
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.domain import csr_texts

BITS = 2048
HALF = BITS // 2
EXPONENT = 65537

# The head of a DigestInfo with SHA-256 (RFC 8017, 9.2).
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")

# A prime of a key on the web (crt.sh 5534506057) that others have too; the package lists it.
SHARED = int(
    "f97e6869f1b6fba6b580e39ed2c318b7addb3c4141686df19279a1a025cd6d12"
    "442915d2a0acbd86a7726df832bde9850b9df0eff5c837dbcf0465bf629888bc"
    "9e6d332f04afd06fc7b97cbea861eed2a1b16ec188732a2ac05dee0f5c4be2cf"
    "c891f6ba2a2b2b41aa48bd2f4353e8bdd40995a86c8465a155bb72d05362f8b9",
    16,
)


def number(bits: int, seed: str) -> int:
    """Make a number that looks random and has its two highest bits set."""
    digest = hashlib.shake_256(seed.encode()).digest(bits // 8 + 1)
    return int.from_bytes(digest) >> (8 - bits % 8) | 3 << (bits - 2)


def prime_after(start: int) -> int:
    """Find the first prime above a number, of which a CSR's exponent is no divisor."""
    found = int(gmpy2.next_prime(start))
    while found % EXPONENT == 1:
        found = int(gmpy2.next_prime(found))
    return found


def of_primes(p: int, q: int) -> rsa.RSAPrivateKey:
    """Make the private key of two primes."""
    d = pow(EXPONENT, -1, math.lcm(p - 1, q - 1))
    public = rsa.RSAPublicNumbers(EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def beginning_with(start: int) -> rsa.RSAPrivateKey:
    """Make a key whose modulus has the upper half of a number of 2048 bits."""
    p = prime_after(number(HALF, "p"))
    return of_primes(p, prime_after(start // p))


def request_of(modulus: int, order: int) -> str:
    """Write a CSR for example.com with a modulus that no library signs for.

    `order` is Euler's function of the modulus, from which whoever knows it has the private key.
    """
    public = rsa.RSAPublicNumbers(EXPONENT, modulus).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    content = csr_texts.information(spki=spki)
    digest = SHA256_INFO + hashlib.sha256(content).digest()
    size = (modulus.bit_length() + 7) // 8
    padded = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
    private = pow(EXPONENT, -1, order)
    signature = pow(int.from_bytes(padded), private, modulus).to_bytes(size)
    algorithm = csr_texts.sequence(csr_texts.oid("1.2.840.113549.1.1.11"), b"\5\0")
    whole = csr_texts.sequence(content, algorithm, csr_texts.tlv(0x03, b"\0", signature))
    return csr_texts.pem(whole)


@functools.cache
def of_one_prime() -> str:
    """Write a CSR whose modulus is a prime: its private key is no secret."""
    modulus = prime_after(number(BITS, "one"))
    return request_of(modulus, modulus - 1)


@functools.cache
def of_a_power() -> str:
    """Write a CSR whose modulus is a prime to the third power."""
    root = int(gmpy2.iroot(number(BITS, "power"), 3)[0])
    prime = prime_after(root)
    return request_of(prime**3, prime**2 * (prime - 1))


def fermat() -> rsa.RSAPrivateKey:
    """Two primes that are close to each other: Fermat's method takes 50 rounds."""
    middle = number(HALF, "a")
    apart = math.isqrt(2 * middle * 50)
    return of_primes(prime_after(middle + apart), prime_after(middle - apart))


def roca() -> rsa.RSAPrivateKey:
    """Primes as the flawed library made them: k·M + (65537^a mod M) (CVE-2017-15361)."""
    product = int(gmpy2.primorial(701))
    found = []
    for power in (1_000_003, 2_000_003):
        residue = pow(EXPONENT, power, product)
        k = number(HALF, str(power)) // product
        while not gmpy2.is_prime(k * product + residue):
            k += 1
        found.append(k * product + residue)
    return of_primes(*found)


def smallfactors() -> rsa.RSAPrivateKey:
    """A prime of 16 bits beside a large one."""
    return of_primes(65521, prime_after(number(BITS, "n") // 65521))


def rsapoly() -> rsa.RSAPrivateKey:
    """Two primes next to round numbers: the modulus is a polynomial of few terms."""
    return of_primes(prime_after(3 << 1022), prime_after(769 << 1014))


def rsapoly_32() -> rsa.RSAPrivateKey:
    """Primes with a few bits in each chunk of 32."""
    return of_primes(_sparse(3), _sparse(1))


def _sparse(digit: int) -> int:
    start = sum(digit << (32 * at) for at in range(HALF // 32))
    return prime_after(start | 3 << (HALF - 2))


def sharedprimes() -> rsa.RSAPrivateKey:
    """A prime that keys on the web have in common."""
    return of_primes(SHARED, prime_after(number(HALF, "q")))


def rsabias() -> rsa.RSAPrivateKey:
    """A modulus whose upper half is nearly all ones."""
    ones = number(HALF, "x") | number(HALF, "y") | number(HALF, "z")
    return beginning_with(ones << HALF)


def pattern() -> rsa.RSAPrivateKey:
    """A modulus that repeats one byte twenty times."""
    digits = number(BITS, "n").to_bytes(BITS // 8)
    return beginning_with(int.from_bytes(digits[:8] + b"\xaa" * 20 + digits[28:]))


def xzbackdoor() -> rsa.RSAPrivateKey:
    """A modulus that begins with the trigger of the xz back door: a·b + c is small."""
    digits = number(BITS, "n").to_bytes(BITS // 8)
    head = b"\x00" + digits[:7]
    a, b = int.from_bytes(head[:4], "little"), int.from_bytes(head[4:], "little")
    c = (1 - a * b) & 0xFFFFFFFFFFFFFFFF
    return beginning_with(int.from_bytes(head[1:] + c.to_bytes(8, "little") + digits[15:]))


MADE: dict[str, Callable[[], rsa.RSAPrivateKey]] = {
    make.__name__: functools.cache(make)
    for make in (
        fermat,
        roca,
        smallfactors,
        rsapoly,
        rsapoly_32,
        sharedprimes,
        rsabias,
        pattern,
        xzbackdoor,
    )
}
"""A key for each of the package's checks that finds something in keys of our sizes and exponent.

Behind the check's name there may be `_` and a kind of the weakness."""

OF_OTHER_SHAPES = {
    "rsainvalid": "the exponent must be 65537",
    "rsawarnings": "size and exponent are fixed",
    "smalld": "such a key has a long exponent",
    "dsasparse": "keys are RSA or ECC",
    "blocklist": "the desk has a list of its own",
}
"""The other checks, and why no key that they find gets as far."""
