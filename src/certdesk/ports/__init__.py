"""The ports: protocols for everything that the inner layers need from outside.

Adapters (`storage`, `vault`, `issuers` and others) implement them, and `bootstrap` joins both.
"""

from certdesk.ports.admission import Admission, RateLimitExceeded, Slot
from certdesk.ports.blocking import (
    block,
    block_known,
    block_of,
    blocks_of,
    carry_blocks,
    has_shown,
    in_force_elsewhere,
    in_force_with,
    issued_with,
    number_blocked,
    orders_with,
)
from certdesk.ports.clock import Clock
from certdesk.ports.collections import (
    AuditLog,
    Collection,
    Orders,
    Stale,
    Stored,
    Taken,
    Usage,
    all_of,
)
from certdesk.ports.dns_providers import (
    DnsProvider,
    DnsProviders,
    Given,
    Setting,
    SettingRefused,
    UpdateFailed,
    settings_of,
)
from certdesk.ports.issuing import Challenger, Issuer, Issuers, has_begun
from certdesk.ports.keys import Keys, KeysBusy, KeyUsedUp, ReadyKey
from certdesk.ports.lineage import (
    followers_of,
    ids_with_key_of,
    keep_denied_keys,
    neighbours_of,
    successors_of,
)
from certdesk.ports.locks import NamedLocks
from certdesk.ports.notices import Notices
from certdesk.ports.noting import note, note_of
from certdesk.ports.parsing import Parsers, ParsersBusy
from certdesk.ports.passwords import HashesBusy, PasswordHasher
from certdesk.ports.pki import OcspAnswer, Pki, Published
from certdesk.ports.reviewing import (
    entries_of,
    put_entry,
    put_review,
    remove_entry,
    remove_review,
    withdraw_review,
)
from certdesk.ports.sign_in import (
    ProviderFailed,
    ProviderUnreachable,
    Question,
    SignInProvider,
    SignInProviders,
    Vouched,
)
from certdesk.ports.specs import CollectionSpec
from certdesk.ports.store import Result, Store, StoreUnavailable
from certdesk.ports.suspension import disabled_account, is_suspended
from certdesk.ports.unit import COLLECTIONS, Unit, spec_of
from certdesk.ports.validation import CaaChecker, Validator
from certdesk.ports.vault import (
    DESK,
    Place,
    Vault,
    VaultError,
    place_of,
    place_of_entry,
    place_of_letter,
    place_of_party,
    place_of_submission,
    place_of_zone,
)
from certdesk.ports.watching import Counts, Examiner, Resolvers
from certdesk.ports.work import Pending, Work

__all__ = [
    "COLLECTIONS",
    "DESK",
    "Admission",
    "AuditLog",
    "CaaChecker",
    "Challenger",
    "Clock",
    "Collection",
    "CollectionSpec",
    "Counts",
    "DnsProvider",
    "DnsProviders",
    "Examiner",
    "Given",
    "HashesBusy",
    "Issuer",
    "Issuers",
    "KeyUsedUp",
    "Keys",
    "KeysBusy",
    "NamedLocks",
    "Notices",
    "OcspAnswer",
    "Orders",
    "Parsers",
    "ParsersBusy",
    "PasswordHasher",
    "Pending",
    "Pki",
    "Place",
    "ProviderFailed",
    "ProviderUnreachable",
    "Published",
    "Question",
    "RateLimitExceeded",
    "ReadyKey",
    "Resolvers",
    "Result",
    "Setting",
    "SettingRefused",
    "SignInProvider",
    "SignInProviders",
    "Slot",
    "Stale",
    "Store",
    "StoreUnavailable",
    "Stored",
    "Taken",
    "Unit",
    "UpdateFailed",
    "Usage",
    "Validator",
    "Vault",
    "VaultError",
    "Vouched",
    "Work",
    "all_of",
    "block",
    "block_known",
    "block_of",
    "blocks_of",
    "carry_blocks",
    "disabled_account",
    "entries_of",
    "followers_of",
    "has_begun",
    "has_shown",
    "ids_with_key_of",
    "in_force_elsewhere",
    "in_force_with",
    "is_suspended",
    "issued_with",
    "keep_denied_keys",
    "neighbours_of",
    "note",
    "note_of",
    "number_blocked",
    "orders_with",
    "place_of",
    "place_of_entry",
    "place_of_letter",
    "place_of_party",
    "place_of_submission",
    "place_of_zone",
    "put_entry",
    "put_review",
    "remove_entry",
    "remove_review",
    "settings_of",
    "spec_of",
    "successors_of",
    "withdraw_review",
]
