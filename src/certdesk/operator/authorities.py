"""The private CA's authorities, for an operator who hands out their certificates."""

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import FailedOperation
from certdesk.domain.people.role import STAFF
from certdesk.domain.pki.authority import plan_of
from certdesk.domain.values.keys import describe
from certdesk.engine import Context
from certdesk.ports import Published, Unit
from certdesk.wire.model import Part, Reply, Request


class DescribeAuthoritiesRequest(Request):
    """No parameters."""


class AuthorityInfo(Part):
    """One authority; times are ISO 8601 in UTC, `certificate` is PEM, fingerprints are hex.

    `signer` is the name of the authority that signed it, null for a root; `crl_url` is null for a
    cross-signed root, which has the key of another.
    """

    name: str
    kind: str
    signer: str | None
    subject: str
    key: str
    serial_number: str
    begins_at: str
    ends_at: str
    sha256: str
    certificate_url: str
    crl_url: str | None
    certificate: str


class DescribeAuthoritiesReply(Reply):
    """All authorities, roots first."""

    authorities: list[AuthorityInfo]


@catalog.action(FailedOperation, internal=True, roles=STAFF)
def describe_authorities(
    context: Context, request: DescribeAuthoritiesRequest
) -> Commit[DescribeAuthoritiesReply]:
    """List the private CA's authorities; create the two hierarchies if they do not exist yet."""
    pki = context.desk.issuers.pki
    if pki is None:
        raise FailedOperation("This desk has no CA of its own (setting issuer.names).")
    pki.prepare()
    told = [_info(published) for published in pki.authorities()]

    def read(unit: Unit) -> DescribeAuthoritiesReply:
        return DescribeAuthoritiesReply(authorities=told)

    return read


def _info(published: Published) -> AuthorityInfo:
    plan = plan_of(published.name)
    certificate = x509.load_der_x509_certificate(published.certificate)
    return AuthorityInfo(
        name=published.name,
        kind=plan.rank.value,
        signer=plan.signer,
        subject=certificate.subject.rfc4514_string(),
        key=describe(certificate.public_key()),
        serial_number=f"{certificate.serial_number:x}",
        begins_at=certificate.not_valid_before_utc.isoformat(),
        ends_at=certificate.not_valid_after_utc.isoformat(),
        sha256=certificate.fingerprint(SHA256()).hex(),
        certificate_url=published.certificate_url,
        crl_url=published.crl_url,
        certificate=certificate.public_bytes(Encoding.PEM).decode("ascii"),
    )
