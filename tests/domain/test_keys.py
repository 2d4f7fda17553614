"""Key pairs: the kinds made here, and the public keys refused."""

from __future__ import annotations

import functools
import hashlib
import math

import badkeys
import gmpy2
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from certdesk.domain.values import keys

SIZE = "the RSA modulus must have 2048, 3072 or 4096 bits"
CURVE = "the curve must be P-256 or P-384"
KIND = "the key must be RSA or ECC"
CLOSE = "the primes of the RSA modulus are too close to each other"
SMALL = "the RSA modulus has a small prime factor"


def number(bits: int, seed: str) -> int:
    """Make a number that looks random and has its two highest bits set."""
    digest = hashlib.shake_256(seed.encode()).digest(bits // 8 + 1)
    return int.from_bytes(digest) >> (8 - bits % 8) | 3 << (bits - 2)


@functools.cache
def prime_after(start: int) -> int:
    """Find the first prime above a number."""
    return int(gmpy2.next_prime(start))


def public(modulus: int, exponent: int = 65537) -> rsa.RSAPublicKey:
    """Make an RSA public key from its numbers."""
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def good_modulus(bits: int) -> int:
    """Make a modulus of two unrelated primes."""
    return prime_after(number(bits // 2, "p")) * prime_after(number((bits + 1) // 2, "q"))


def primes_found_after(rounds: int) -> int:
    """Make a modulus that Fermat's method factors after so many rounds, within one or two.

    With n = (a + b)(a - b), a is reached b² / 2a steps above the root of n.
    """
    a = number(1024, "a")
    b = math.isqrt(2 * a * rounds)
    return prime_after(a + b) * prime_after(a - b)


def without_small_factors(start: int) -> int:
    """Find the first odd number from here on that no prime up to 65537 divides."""
    product = gmpy2.primorial(65537)
    found = start | 1
    while gmpy2.gcd(found, product) != 1:
        found += 2
    return found


def roca_modulus() -> int:
    """Make a modulus as the flawed library did: primes are k·M + (65537^a mod M).

    M is the product of the first 126 primes for 2048-bit keys (Nemec and others, 2017).
    """
    product = int(gmpy2.primorial(701))
    found = []
    for power in (1_000_003, 2_000_003):
        residue = pow(65537, power, product)
        k = number(1024, str(power)) // product
        while not gmpy2.is_prime(k * product + residue):
            k += 1
        found.append(k * product + residue)
    return found[0] * found[1]


@pytest.mark.parametrize(
    ("algorithm", "parameter", "kind", "label"),
    [
        ("RSA", "2048", keys.KeyKind.RSA_2048, "RSA 2048"),
        ("RSA", "4096", keys.KeyKind.RSA_4096, "RSA 4096"),
        ("ECC", "prime256v1", keys.KeyKind.P_256, "ECC prime256v1"),
    ],
)
def test_the_three_kinds_are_found_by_their_words(
    algorithm: str, parameter: str, kind: keys.KeyKind, label: str
) -> None:
    """The words are those of CsrEncryptAlgo and CsrKeyParameter."""
    assert keys.KeyKind.of(algorithm, parameter) is kind
    assert (kind.algorithm, kind.parameter, kind.label) == (algorithm, parameter, label)


@pytest.mark.parametrize(
    ("algorithm", "parameter"),
    [("RSA", "1024"), ("RSA", "prime256v1"), ("ECC", "2048"), ("ECC", "secp521r1"), ("", "")],
)
def test_other_words_are_no_kind(algorithm: str, parameter: str) -> None:
    """An unknown pair is refused, and the message says what there is."""
    with pytest.raises(keys.UnknownKeyKind, match="RSA 2048, RSA 4096, ECC prime256v1"):
        keys.KeyKind.of(algorithm, parameter)


@pytest.mark.parametrize("kind", list(keys.KeyKind))
def test_a_key_pair_made_here_is_of_its_kind_and_is_accepted(kind: keys.KeyKind) -> None:
    """What the desk makes it also takes."""
    key = keys.generate(kind)
    assert keys.describe(key.public_key()) == kind.label
    keys.refuse_weak(key.public_key())
    assert keys.inspect_further(key.public_key()) is None


def test_two_key_pairs_differ() -> None:
    """Each call makes a new pair."""
    made = {keys.spki_sha256(keys.generate(keys.KeyKind.P_256).public_key()) for _ in range(4)}
    assert len(made) == 4


@pytest.mark.parametrize("kind", [keys.KeyKind.RSA_2048, keys.KeyKind.P_256])
def test_a_private_key_is_written_as_pkcs8_and_read_back(kind: keys.KeyKind) -> None:
    """One frame for both algorithms (RFC 5958), without a password."""
    key = keys.generate(kind)
    pem = keys.private_key_pem(key)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    read = load_pem_private_key(pem, password=None)
    assert isinstance(read, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    assert keys.spki_sha256(read.public_key()) == keys.spki_sha256(key.public_key())


def test_a_key_has_one_digest_however_its_point_is_written() -> None:
    """The digest is of the key, not of a spelling."""
    key = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    again = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    assert keys.spki_sha256(again) == keys.spki_sha256(key)
    assert len(keys.spki_sha256(key)) == 32


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_a_sound_rsa_key_of_an_accepted_size_passes(bits: int) -> None:
    """BR 6.1.5, in the three sizes that servers use."""
    key = public(good_modulus(bits))
    assert keys.describe(key) == f"RSA {bits}"
    keys.refuse_weak(key)
    assert keys.inspect_further(key) is None


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()])
def test_the_two_accepted_curves_pass(curve: ec.EllipticCurve) -> None:
    """P-256 and P-384."""
    key = ec.derive_private_key(7, curve).public_key()
    keys.refuse_weak(key)
    assert keys.inspect_further(key) is None


@pytest.mark.parametrize("bits", [1024, 1536, 2046, 2050, 2056, 8192])
def test_an_rsa_key_of_another_size_is_refused(bits: int) -> None:
    """Small ones are unsafe, odd ones a sign of a broken maker, big ones slow."""
    with pytest.raises(keys.WeakKey) as refused:
        keys.refuse_weak(public((3 << (bits - 2)) + 1))
    assert refused.value.rule == str(refused.value) == SIZE


def test_an_rsa_key_of_2049_bits_is_refused() -> None:
    """BR 6.1.5: the length must be a multiple of eight."""
    with pytest.raises(keys.WeakKey, match=SIZE):
        keys.refuse_weak(public(good_modulus(2049)))


@pytest.mark.parametrize("exponent", [3, 17, 65539, 2**64 + 13])
def test_an_exponent_other_than_65537_is_refused(exponent: int) -> None:
    """BR 6.1.6 recommends it and every maker uses it."""
    with pytest.raises(keys.WeakKey, match="the RSA exponent must be 65537"):
        keys.refuse_weak(public(good_modulus(2048), exponent))


@pytest.mark.parametrize("rounds", [0, 1, 50, 98, 105])
def test_primes_that_fermat_finds_are_refused(rounds: int) -> None:
    """BR 6.1.1.3 asks for 100 rounds; 110 are made."""
    with pytest.raises(keys.WeakKey, match=CLOSE):
        keys.refuse_weak(public(primes_found_after(rounds)))


def test_a_square_is_refused() -> None:
    """The closest that two primes can be."""
    with pytest.raises(keys.WeakKey, match=CLOSE):
        keys.refuse_weak(public(prime_after(number(1024, "p")) ** 2))


def test_primes_beyond_the_rounds_of_fermat_pass() -> None:
    """The search is bounded, as the rule is."""
    keys.refuse_weak(public(primes_found_after(115)))


@pytest.mark.parametrize("factor", [3, 5, 751, 65537])
def test_a_modulus_with_a_small_factor_is_refused(factor: int) -> None:
    """BR 6.1.6 names factors below 752; all up to 65537 are looked for."""
    prime = prime_after(number(1024, "p"))
    modulus = factor * prime * prime_after(number(2048, "n") // factor // prime)
    assert modulus.bit_length() == 2048
    with pytest.raises(keys.WeakKey, match=SMALL):
        keys.refuse_weak(public(modulus))


def test_a_roca_key_is_refused() -> None:
    """CVE-2017-15361, made by the published recipe."""
    modulus = roca_modulus()
    assert modulus.bit_length() == 2048
    with pytest.raises(keys.WeakKey, match="the RSA key has the ROCA weakness"):
        keys.refuse_weak(public(modulus))


@pytest.mark.parametrize(
    ("curve", "name"),
    [
        (ec.SECP224R1(), "ECC secp224r1"),
        (ec.SECP256K1(), "ECC secp256k1"),
        (ec.SECP521R1(), "ECC secp521r1"),
        (ec.BrainpoolP256R1(), "ECC brainpoolP256r1"),
    ],
)
def test_another_curve_is_refused(curve: ec.EllipticCurve, name: str) -> None:
    """Browsers take P-256 and P-384 everywhere, others not."""
    key = ec.derive_private_key(7, curve).public_key()
    assert keys.describe(key) == name
    with pytest.raises(keys.WeakKey, match=CURVE):
        keys.refuse_weak(key)


def test_a_key_that_is_neither_rsa_nor_ecc_is_refused() -> None:
    """DSA and Ed25519 have no place in a server certificate."""
    ed_key = ed25519.Ed25519PrivateKey.generate().public_key()
    parameters = dsa.DSAParameterNumbers(number(2048, "p") | 1, number(256, "q") | 1, 4)
    dsa_key = dsa.DSAPublicNumbers(16, parameters).public_key()
    assert keys.describe(ed_key) == "Ed25519"
    assert keys.describe(dsa_key) == "DSA"
    for key in (ed_key, dsa_key, None, "RSA"):
        with pytest.raises(keys.WeakKey, match=KIND):
            keys.refuse_weak(key)


def test_a_refusal_shows_no_key_material() -> None:
    """Rules are words; the numbers of the key stay out of them."""
    modulus = primes_found_after(3)
    with pytest.raises(keys.WeakKey) as refused:
        keys.refuse_weak(public(modulus))
    assert f"{modulus:x}"[:16] not in str(refused.value)
    assert str(modulus)[:16] not in str(refused.value)


def test_a_modulus_that_repeats_a_byte_is_set_aside() -> None:
    """Twenty equal bytes in a row are no accident."""
    repeated = good_modulus(2048) >> 960 << 960 | int("aa" * 20, 16) << 800 | number(800, "n") | 1
    assert keys.inspect_further(public(repeated)) == "the RSA modulus repeats one byte many times"


def test_a_modulus_of_two_sparse_primes_is_set_aside() -> None:
    """Primes next to round numbers leave a modulus that is mostly zeros."""
    sparse = prime_after(3 << 1022) * prime_after(769 << 1014)
    finding = "the RSA modulus can be factored as a polynomial"
    assert keys.inspect_further(public(sparse)) == finding


def test_a_modulus_with_far_more_ones_than_zeros_is_set_aside() -> None:
    """The bits of a sound modulus are even to within ten in a hundred."""
    biased = without_small_factors(number(2048, "one") | number(2048, "two"))
    finding = "the bits of the RSA modulus are not evenly spread"
    assert keys.inspect_further(public(biased)) == finding


def test_a_modulus_that_is_a_prime_is_found_before_a_signature() -> None:
    """Anybody who has the public key computes the private one; nothing else finds it."""
    prime = public(prime_after(number(2048, "prime")))
    keys.refuse_weak(prime)
    assert keys.inspect_last(prime) == "the RSA modulus is a prime"


@pytest.mark.parametrize("power", [2, 4, 8])
def test_a_modulus_that_is_a_power_is_set_aside(power: int) -> None:
    """Its root is found at once."""
    modulus = prime_after(number(2048 // power, "root")) ** power
    assert modulus.bit_length() == 2048
    finding = "the RSA modulus is a power of another number"
    assert keys.inspect_further(public(modulus)) == finding


@pytest.mark.parametrize("sizes", [(24, 2024), (40, 2008), (682, 683, 683)])
def test_factors_that_are_dear_to_find_are_not_looked_for(sizes: tuple[int, ...]) -> None:
    """`SECURITY.md` says so: they hurt who made the key."""
    modulus = math.prod(prime_after(number(size, str(at))) for at, size in enumerate(sizes))
    assert modulus.bit_length() == 2048
    keys.refuse_weak(public(modulus))
    assert keys.inspect_further(public(modulus)) is None


def test_an_unusual_exponent_or_size_is_named_by_the_slower_checks_too() -> None:
    """They stand on their own: nothing is taken for checked before."""
    finding = "the RSA key has an unusual size or exponent"
    assert keys.inspect_further(public(good_modulus(2048), 3)) == finding
    assert keys.inspect_further(public(good_modulus(2049))) == finding


def test_every_offline_check_of_the_package_has_its_place() -> None:
    """A check that a new release brings is to be given words, or left out with a reason.

    "fermat" is done here with more rounds, "dsasparse" is for keys that are refused anyway and
    "blocklist" stops the process where its list has not been downloaded.
    """
    assert set(badkeys.allchecks) == {
        *("roca", "smallfactors"),
        *("rsainvalid", "rsapoly", "sharedprimes", "smalld"),
        *("rsawarnings", "rsabias", "pattern", "xzbackdoor"),
        *("fermat", "dsasparse", "blocklist"),
    }
