"""What every vault promises, proven on each adapter; a new one joins by a line in ADAPTERS."""

from __future__ import annotations

import dataclasses
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.ports import DESK, Place, Vault, VaultError
from certdesk.vault.local_keyset import LocalKeyset
from certdesk.vault.tink_vault import TinkVault

ALICE = "100000000001"
BORIS = "100000000002"
KEY = Secret("private key 5up3r-s3cr3t")
PLACE = Place(uin=ALICE, table="submission", row="aB3dE5fG/1", column="private_key")

Keysets = Callable[[str], bytes | None]
Adapter = Callable[[Path, Keysets], Vault]


def tink_with_local_keyset(folder: Path, keysets: Keysets) -> Vault:
    """Open a Tink vault whose key-encryption key lies in `folder`."""
    return TinkVault(LocalKeyset.open(folder / "kek.json", create=True), keysets)


# How to open a vault with the key-encryption key that belongs to a folder, made if it is new.
ADAPTERS: dict[str, Adapter] = {
    "tink, local keyset": tink_with_local_keyset,
}


@dataclasses.dataclass(frozen=True)
class Desk:
    """A desk's stored keysets, and the way to open a vault on them."""

    folder: Path
    adapter: Adapter
    stored: dict[str, bytes]

    def vault(self) -> Vault:
        """Open the vault as a process that has just started does."""
        return self.adapter(self.folder, self.stored.get)

    def vault_with_another_key(self) -> Vault:
        """Open the stored keysets with a key-encryption key that is not theirs."""
        return self.adapter(self.folder / "another", self.stored.get)

    def add(self, *uins: str) -> None:
        """Make accounts with keysets of their own."""
        vault = self.vault()
        self.stored.update({uin: vault.new_keyset(uin) for uin in uins})


@pytest.fixture(scope="module", params=ADAPTERS.values(), ids=list(ADAPTERS))
def common(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with two accounts for tests that leave its keysets alone."""
    desk = Desk(tmp_path_factory.mktemp("desk"), request.param, {})
    desk.add(ALICE, BORIS)
    return desk


@pytest.fixture
def desk(common: Desk, tmp_path: Path) -> Desk:
    """A desk of the test's own, with two accounts."""
    desk = Desk(tmp_path, common.adapter, {})
    desk.add(ALICE, BORIS)
    return desk


# Few letters, among them those of many notations, so that fields run into each other often.
fields = st.text(alphabet='ab/"\\,[]\x00é', max_size=3)
places = st.builds(
    Place, uin=st.sampled_from([ALICE, BORIS]), table=fields, row=fields, column=fields
)


@given(value=st.binary(max_size=5000), place=places)
def test_what_was_sealed_for_a_place_opens_there(common: Desk, value: bytes, place: Place) -> None:
    """Sealing and opening gives the same bytes back, none included."""
    vault = common.vault()
    assert vault.open(vault.seal(Secret(value), place), place) == Secret(value)


@given(place=places, other=places)
def test_what_was_sealed_for_a_place_opens_at_no_other(
    common: Desk, place: Place, other: Place
) -> None:
    """Any other table, row, account or column is refused."""
    assume(place != other)
    vault = common.vault()
    sealed = vault.seal(KEY, place)
    with pytest.raises(VaultError):
        vault.open(sealed, other)


@given(data=st.data())
def test_a_flipped_bit_is_refused(common: Desk, data: st.DataObject) -> None:
    """Each bit of what is stored counts."""
    vault = common.vault()
    sealed = bytearray(vault.seal(KEY, PLACE))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VaultError):
        vault.open(bytes(sealed), PLACE)


@given(sealed=st.binary(max_size=200))
def test_what_was_never_sealed_is_refused(common: Desk, sealed: bytes) -> None:
    """Bytes from elsewhere are a VaultError and nothing else."""
    with pytest.raises(VaultError):
        common.vault().open(sealed, PLACE)


def test_a_cut_value_is_refused(common: Desk) -> None:
    """No beginning of a sealed value opens."""
    vault = common.vault()
    sealed = vault.seal(KEY, PLACE)
    for length in range(len(sealed)):
        with pytest.raises(VaultError):
            vault.open(sealed[:length], PLACE)


def test_a_value_opens_after_a_restart(desk: Desk) -> None:
    """All that is needed is in the stored keyset and the key-encryption key."""
    sealed = desk.vault().seal(KEY, PLACE)
    assert desk.vault().open(sealed, PLACE) == KEY


def test_a_new_accounts_keys_work_before_its_record_is_stored(desk: Desk) -> None:
    """An account's first secrets are sealed before the transaction that stores it all."""
    vault = desk.vault()
    place = replace(PLACE, uin="100000000003")
    keyset = vault.new_keyset(place.uin)
    sealed = vault.seal(KEY, place)
    alike = vault.fingerprint(place.uin, b"a company")
    desk.stored[place.uin] = keyset
    assert vault.open(sealed, place) == KEY
    assert desk.vault().open(sealed, place) == KEY
    assert desk.vault().fingerprint(place.uin, b"a company") == alike


def test_keys_that_were_not_stored_give_way_to_those_that_were(desk: Desk) -> None:
    """Of two processes that set the desk up at once, both go on with the keys of the first."""
    first, second = desk.vault(), desk.vault()
    place = replace(PLACE, uin=DESK)
    kept, lost = first.new_keyset(DESK), second.new_keyset(DESK)
    assert kept != lost
    second.seal(KEY, place)
    desk.stored[DESK] = kept
    assert first.open(second.seal(KEY, place), place) == KEY
    assert first.fingerprint(DESK, b"x") == second.fingerprint(DESK, b"x")


def test_a_new_keyset_for_a_known_account_does_not_replace_its_keys(desk: Desk) -> None:
    """A number drawn twice costs nobody their data: the first account's keys stay in force."""
    vault = desk.vault()
    sealed = vault.seal(KEY, PLACE)
    vault.new_keyset(ALICE)
    assert vault.open(sealed, PLACE) == KEY
    assert desk.vault().open(vault.seal(KEY, PLACE), PLACE) == KEY


def test_an_account_without_a_keyset_is_named(desk: Desk) -> None:
    """Whoever sealed for an unknown account would lose the value."""
    place = replace(PLACE, uin="100000000009")
    with pytest.raises(VaultError, match="100000000009"):
        desk.vault().seal(KEY, place)
    with pytest.raises(VaultError, match="100000000009"):
        desk.vault().fingerprint(place.uin, b"x")


def test_an_accounts_values_do_not_open_without_its_keyset(desk: Desk) -> None:
    """Erasing the stored keyset erases the account."""
    sealed = desk.vault().seal(KEY, PLACE)
    del desk.stored[ALICE]
    with pytest.raises(VaultError, match=ALICE):
        desk.vault().open(sealed, PLACE)


def test_keysets_swapped_between_accounts_are_refused(desk: Desk) -> None:
    """A keyset is bound to its account, not to the row in which it lies."""
    desk.stored[ALICE], desk.stored[BORIS] = desk.stored[BORIS], desk.stored[ALICE]
    for uin in (ALICE, BORIS):
        with pytest.raises(VaultError, match=uin):
            desk.vault().seal(KEY, replace(PLACE, uin=uin))


@given(data=st.data())
def test_an_altered_keyset_is_refused_or_is_still_the_same(
    common: Desk, data: st.DataObject
) -> None:
    """No bit of a stored keyset can be used to bring other keys in."""
    sealed = common.vault().seal(KEY, PLACE)
    keyset = bytearray(common.stored[ALICE])
    bit = data.draw(st.integers(0, 8 * len(keyset) - 1))
    keyset[bit // 8] ^= 1 << bit % 8
    altered = dataclasses.replace(common, stored={ALICE: bytes(keyset)})
    try:
        value = altered.vault().open(sealed, PLACE)
    except VaultError:
        return
    assert value == KEY


@given(keyset=st.one_of(st.binary(max_size=200), st.text(max_size=50).map(str.encode)))
def test_bytes_that_are_no_keyset_are_refused(common: Desk, keyset: bytes) -> None:
    """Whatever the column holds, the answer is a VaultError that names the account."""
    broken = dataclasses.replace(common, stored={ALICE: keyset})
    with pytest.raises(VaultError, match=ALICE):
        broken.vault().seal(KEY, PLACE)


def test_another_key_encryption_key_opens_nothing(desk: Desk) -> None:
    """A stolen database is of no use without the key."""
    sealed = desk.vault().seal(KEY, PLACE)
    with pytest.raises(VaultError, match=ALICE):
        desk.vault_with_another_key().open(sealed, PLACE)
    with pytest.raises(VaultError, match=ALICE):
        desk.vault_with_another_key().fingerprint(ALICE, b"x")


def test_the_same_value_is_sealed_differently_each_time(common: Desk) -> None:
    """Equal values cannot be told from what is stored."""
    vault = common.vault()
    assert len({vault.seal(KEY, PLACE) for _ in range(100)}) == 100


def test_a_fingerprint_is_equal_for_equal_values_of_an_account_only(common: Desk) -> None:
    """Equal data is found again within an account and cannot be compared outside it."""
    vault = common.vault()
    alike = vault.fingerprint(ALICE, b"91440300708461136T")
    assert len(alike) == 32
    assert vault.fingerprint(ALICE, b"91440300708461136T") == alike
    assert common.vault().fingerprint(ALICE, b"91440300708461136T") == alike
    assert vault.fingerprint(ALICE, b"91440300708461136U") != alike
    assert vault.fingerprint(ALICE, b"") != alike
    assert vault.fingerprint(BORIS, b"91440300708461136T") != alike


def test_nothing_printable_shows_a_value(desk: Desk) -> None:
    """Neither what is stored nor any error holds the value or a part of it."""
    vault = desk.vault()
    sealed = vault.seal(KEY, PLACE)
    with pytest.raises(VaultError) as refused:
        vault.open(sealed, replace(PLACE, row="other"))
    shown = "".join(traceback.format_exception(refused.value)) + repr(vault) + repr(sealed)
    for part in ("5up3r", "s3cr3t", "private key"):
        assert part not in shown
    assert KEY.reveal() not in sealed


def test_the_key_encryption_key_is_described(common: Desk) -> None:
    """An operator can tell which key is in use; two keys are told apart."""
    description = common.vault().describe()
    assert description["provider"]
    assert description["location"]
    assert description == common.vault().describe()
    assert description != common.vault_with_another_key().describe()


def test_eight_threads_may_use_a_vault_at_once(desk: Desk) -> None:
    """Threads that meet an account for the first time together all work with the same keys."""
    vault, start = desk.vault(), threading.Barrier(8)

    def work(number: int) -> list[tuple[bytes, bytes, Place]]:
        start.wait()
        done = []
        for turn in range(50):
            uin = (ALICE, BORIS)[turn % 2]
            place = replace(PLACE, uin=uin, row=f"{number}/{turn}")
            done.append((vault.seal(KEY, place), vault.fingerprint(uin, b"x"), place))
        return done

    with ThreadPoolExecutor(8) as threads:
        done = [each for result in threads.map(work, range(8)) for each in result]
    reader = desk.vault()
    assert len(done) == 400
    for sealed, alike, place in done:
        assert reader.open(sealed, place) == KEY
        assert reader.fingerprint(place.uin, b"x") == alike
