"""A transaction's view of all records: every collection, declared once.

Tables, statements, stores and everything that reads all records follow from the declarations. A
column is a field of the record, in the field's type. So a changed record needs a migration, and a
test compares the two.
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, cast

from certdesk.domain.accounts.account import AccessKey, Account
from certdesk.domain.accounts.policy import Policy, Project, User
from certdesk.domain.accounts.records import RateLimit, SeenSignature
from certdesk.domain.orders.records import Renewal, Submission, Task
from certdesk.domain.people.records import (
    Authenticator,
    Invitation,
    OidcIdentity,
    Passkey,
    Password,
    Person,
    PersonLink,
    RecoveryCode,
    Session,
    SignInAttempt,
    SignInFailure,
)
from certdesk.domain.pki.records import (
    Authority,
    BlockedKey,
    Certificate,
    DeniedKey,
    Issuance,
    RevocationList,
    RevokedCertificate,
    StockedKey,
)
from certdesk.domain.usage import (
    of_certificate,
    of_letter,
    of_order,
    of_question,
    of_submission,
    of_vetting_file,
    one,
)
from certdesk.domain.validation.dns_zone import Zone
from certdesk.domain.validation.records import Evidence, Proof, ValidationBucket
from certdesk.domain.values.mark import Mark
from certdesk.domain.values.organisation import Company, Manager
from certdesk.domain.vetting.dossier import Note, Question, Tick, VettingFile
from certdesk.domain.vetting.records import Letter, Review, SeenReview
from certdesk.ports.collections import AuditLog, Collection, Orders, Stored, Usage
from certdesk.ports.specs import (
    CollectionSpec,
    CountedBy,
    Index,
    Key,
    LimitedBy,
    Numbering,
    Unique,
    specs_of,
)


@dataclasses.dataclass(slots=True, kw_only=True, eq=False)
class Unit:
    """One transaction's view of all records."""

    accounts: Annotated[
        Collection[Account], Key("uin"), LimitedBy("only the operator opens accounts")
    ]
    """Accounts, by Uin."""

    access_keys: Annotated[
        Collection[AccessKey],
        Key("secret_id"),
        Index("uin", "user_id"),
        CountedBy(one("access_keys")),
    ]
    """Access keys, by SecretId."""

    orders: Annotated[
        Orders,
        Key("certificate_id"),
        Numbering("number"),
        Index("uin", "number"),
        Index("uin", "status", "number"),
        Index("uin", "project_id", "status", "number"),
        Index("uin", "ends_at", "number"),
        Index("uin", "manager_id"),
        Index("uin", "product_id", "certificate_type", "number"),
        Index("uin", "product_id", "status", "registrable"),
        Index("status"),
        CountedBy(of_order),
    ]
    """Orders, by certificate id."""

    submissions: Annotated[
        Collection[Submission],
        Key("certificate_id", "number"),
        Index("inspected"),
        Index("identity_since"),
        Index("spki_sha256"),
        CountedBy(of_submission),
    ]
    """Submissions, by certificate id and number."""

    companies: Annotated[
        Collection[Company],
        Key("company_id"),
        Index("uin"),
        Index("uin", "fingerprint"),
        CountedBy(one("companies")),
    ]
    """Companies, by id."""

    managers: Annotated[
        Collection[Manager],
        Key("manager_id"),
        Index("company_id"),
        Index("uin", "company_id", "fingerprint"),
        Index("identity_since"),
        CountedBy(one("managers")),
    ]
    """Managers, by id."""

    key_stock: Annotated[
        Collection[StockedKey],
        Key("stock_id"),
        Index("kind"),
        LimitedBy("the desk makes them for itself"),
    ]
    """Keys made ahead of need, by number."""

    blocked_keys: Annotated[
        Collection[BlockedKey],
        Key("spki_sha256", "uin"),
        LimitedBy("one for a certificate that was revoked, and each is in the audit log"),
    ]
    """Keys never accepted again, by SPKI hash and whom they are not accepted from."""

    denied_keys: Annotated[
        Collection[DeniedKey],
        Key("uin", "spki_sha256"),
        LimitedBy("one for a key of an order or an upload, and each is in the audit log"),
    ]
    """Keys of denied certificates that an account has no more, by Uin and SHA-256 (SPKI)."""

    audit: Annotated[
        AuditLog,
        Key("entry_id"),
        Index("uin", "at", "action"),
        Index("subject"),
        Index("actor", "at"),
        Index("at"),
        CountedBy(one("audit")),
    ]
    """The audit log, by number."""

    marks: Annotated[Collection[Mark], Key("name"), LimitedBy("the desk makes them for itself")]
    """The desk's own named values."""

    users: Annotated[Collection[User], Key("user_id"), Index("uin"), CountedBy(one("users"))]
    """Sub-users of accounts, by number."""

    policies: Annotated[
        Collection[Policy], Key("policy_id"), Index("uin"), CountedBy(one("policies"))
    ]
    """Policies of accounts, by number."""

    projects: Annotated[
        Collection[Project], Key("project_id"), Index("uin"), CountedBy(one("projects"))
    ]
    """Projects of accounts, by number."""

    seen_signatures: Annotated[
        Collection[SeenSignature],
        Key("digest"),
        Index("seen_at"),
        LimitedBy("removed after 15 minutes, and no more than the rate limit allows"),
    ]
    """Signatures that have changed something, by digest."""

    pace_limits: Annotated[
        Collection[RateLimit],
        Key("uin", "action"),
        LimitedBy("only the operator sets them, one for an action that there is"),
    ]
    """Rate limits that are not the default, by Uin and action."""

    proofs: Annotated[
        Collection[Proof], Key("certificate_id", "attempt", "name"), CountedBy(one("proofs"))
    ]
    """Proofs of names, by certificate id, attempt and name."""

    evidence: Annotated[
        Collection[Evidence],
        Key("evidence_id"),
        Index("certificate_id"),
        Index("ended_at"),
        LimitedBy("quota.looks for each proof; CAA is asked once a minute until the deadline"),
    ]
    """Checks for proofs and of CAA records, by number."""

    issuances: Annotated[
        Collection[Issuance],
        Key("certificate_id", "attempt"),
        Unique("issuer", "serial"),
        LimitedBy("one for a submission of an order to the CA, which has proofs"),
    ]
    """Issuers' own records, by certificate id and attempt."""

    certificates: Annotated[
        Collection[Certificate],
        Key("certificate_id", "attempt"),
        Index("uin", "sha256"),
        Index("uin", "spki_sha256"),
        Index("issuer", "serial"),
        Index("spki_sha256", "uin"),
        CountedBy(of_certificate),
    ]
    """Stored certificates, by certificate id and attempt."""

    reviews: Annotated[
        Collection[Review],
        Key("subject"),
        Index("verdict"),
        LimitedBy("one for a manager, an order, a revocation or a key that was revoked"),
    ]
    """Reviews, by their subject."""

    sights: Annotated[
        Collection[SeenReview],
        Key("subject", "operator"),
        LimitedBy("one for a review and an operator who looked at it"),
    ]
    """What operators saw of reviews, by subject and operator."""

    letters: Annotated[
        Collection[Letter], Key("certificate_id", "attempt", "kind"), CountedBy(of_letter)
    ]
    """Letters that were uploaded, by certificate id, attempt and kind."""

    questions: Annotated[
        Collection[Question],
        Key("question_id"),
        Index("subject"),
        Index("answered_at"),
        Index("uin", "asked_at"),
        CountedBy(of_question),
    ]
    """Questions to applicants, with their answers, by id."""

    notes: Annotated[
        Collection[Note],
        Key("note_id"),
        Index("subject"),
        LimitedBy("only reviewers write them, 200 at most about one thing"),
    ]
    """Reviewers' notes, by id."""

    vetting_files: Annotated[
        Collection[VettingFile],
        Key("file_id"),
        Index("subject"),
        Index("question_id"),
        CountedBy(of_vetting_file),
    ]
    """Files of answers and of reviewers, by id."""

    ticks: Annotated[
        Collection[Tick],
        Key("subject", "attempt", "operator"),
        LimitedBy("one for an attempt of a review and a reviewer"),
    ]
    """Ticked items of checklists, by subject, attempt and reviewer."""

    authorities: Annotated[
        Collection[Authority], Key("name"), LimitedBy("the desk makes them for itself")
    ]
    """CA certificates of the private CA, by name."""

    revocation_lists: Annotated[
        Collection[RevocationList], Key("authority"), LimitedBy("the desk makes them for itself")
    ]
    """The newest CRLs, by the authority's name."""

    revoked_certificates: Annotated[
        Collection[RevokedCertificate],
        Key("authority", "serial"),
        LimitedBy("one for a certificate, and each is in the audit log"),
    ]
    """Certificates that the private CA has revoked, by authority and serial number."""

    renewals: Annotated[
        Collection[Renewal],
        Key("certificate_id"),
        Index("due_at"),
        Index("ends_at"),
        Index("uin", "reason"),
        LimitedBy("one for an order"),
    ]
    """Certificates that are to have a successor, by certificate id."""

    zones: Annotated[Collection[Zone], Key("uin", "name"), CountedBy(one("zones"))]
    """Zones in which the desk may add records for an account, by Uin and name."""

    look_paces: Annotated[
        Collection[ValidationBucket],
        Key("domain", "kind"),
        Index("even_at"),
        LimitedBy("removed ten minutes after the last check"),
    ]
    """State of the rate limits on checks, by registrable domain and kind of check."""

    tasks: Annotated[
        Collection[Task],
        Key("certificate_id"),
        Index("due_at"),
        Index("set_aside"),
        Index("uin", "reason"),
        LimitedBy("one for an order"),
    ]
    """Background work, by certificate id."""

    people: Annotated[
        Collection[Person],
        Key("person_id"),
        Unique("uin", "folded"),
        Index("user_id"),
        LimitedBy("only the operator invites people, and one for a user of an account"),
    ]
    """Logins of the console, by number."""

    passwords: Annotated[Collection[Password], Key("person_id"), LimitedBy("one for a person")]
    """Passwords, by person."""

    authenticators: Annotated[
        Collection[Authenticator], Key("person_id", "confirmed"), LimitedBy("two for a person")
    ]
    """Apps for one-time codes, by person and whether they are confirmed."""

    recovery_codes: Annotated[
        Collection[RecoveryCode], Key("person_id", "digest"), LimitedBy("ten for a person")
    ]
    """Codes for a lost second step, by person and digest."""

    passkeys: Annotated[
        Collection[Passkey],
        Key("credential_id"),
        Index("person_id"),
        LimitedBy("ten for a person"),
    ]
    """Passkeys, by credential id."""

    oidc_identities: Annotated[
        Collection[OidcIdentity],
        Key("issuer", "subject", "person_id"),
        Index("person_id"),
        Index("check_at"),
        LimitedBy("one for a person and a provider, which the operator sets"),
    ]
    """Identities at providers of OpenID Connect, by issuer, subject and person."""

    sign_in_attempts: Annotated[
        Collection[SignInAttempt],
        Key("digest"),
        Index("network"),
        Index("asked_at"),
        LimitedBy("removed after five minutes, and at most 200 of one network"),
    ]
    """Questions to browsers that may be answered once, by the digest of their random value."""

    invitations: Annotated[
        Collection[Invitation],
        Key("digest"),
        Index("person_id"),
        Index("expires_at"),
        LimitedBy("one for a person, removed after half an hour"),
    ]
    """Invitations to the console, by the digest of their tokens."""

    sessions: Annotated[
        Collection[Session],
        Key("digest"),
        Index("person_id"),
        Index("seen_at"),
        LimitedBy("twenty for a person, removed when they are over"),
    ]
    """People who are signed in, by the digest of their cookies."""

    sign_in_failures: Annotated[
        Collection[SignInFailure],
        Key("subject"),
        Index("last_at"),
        LimitedBy("removed an hour after the last failure, and each costs a hash or a code"),
    ]
    """Failures to sign in, by login or network."""

    person_links: Annotated[
        Collection[PersonLink],
        Key("person_id", "login"),
        Index("login"),
        LimitedBy("only the operator links logins"),
    ]
    """Logins of the same human being, by person and login."""

    usage: Usage
    """How much accounts have of what their quotas limit."""

    def collection(self, spec: CollectionSpec[Stored]) -> Collection[Stored]:
        """Return a collection by its declaration."""
        return cast("Collection[Stored]", getattr(self, spec.name))


COLLECTIONS = specs_of(Unit)
_BY_RECORD = {spec.record: spec for spec in COLLECTIONS}


def spec_of(record: type[Stored]) -> CollectionSpec[Stored]:
    """Return the declaration of the collection that has such records."""
    return _BY_RECORD[record]
