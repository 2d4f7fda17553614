"""The order of certificates in a chain: each behind the one that it issued (RFC 5280, 6.1)."""

from __future__ import annotations

from collections.abc import Sequence

from certdesk.domain.pki import extensions, outline
from certdesk.domain.pki.outline import CertificateOutline


class PathBroken(ValueError):
    """Certificates do not make a path; the text says which of them does not belong there."""


def arranged(found: Sequence[CertificateOutline]) -> list[CertificateOutline]:
    """Return each certificate once: the first one, its issuer, and so on to the last.

    If several could have issued a certificate, the first one is taken. Raises ``PathBroken``, and
    ``ExtensionRefused`` if extensions cannot be read. Messages count from 1.
    """
    places: dict[bytes, int] = {}
    for at, certificate in enumerate(found, start=1):
        places.setdefault(certificate.data, at)
    rest = [found[at - 1] for at in places.values()]
    path = [rest.pop(0)]
    while rest:
        issuer = next((one for one in rest if may_have_issued(one, path[-1])), None)
        if issuer is None:
            at, before = places[rest[0].data], places[path[-1].data]
            raise PathBroken(_fault(rest[0], at, before))
        rest.remove(issuer)
        path.append(issuer)
    return path


def is_ca(certificate: CertificateOutline) -> bool:
    """Whether its extensions let it issue (RFC 5280, 4.2.1.3 and 4.2.1.9); version 1 has none.

    Raises ``ExtensionRefused``.
    """
    constraints = certificate.values.get(extensions.BASIC_CONSTRAINTS)
    usage = certificate.values.get(extensions.KEY_USAGE)
    may = usage is None or extensions.may_certify(usage)
    return constraints is not None and extensions.is_ca(constraints) and may


def may_have_issued(issuer: CertificateOutline, subject: CertificateOutline) -> bool:
    """Whether a certificate is a CA's, has the name of the other one's issuer, and signed it."""
    if not is_ca(issuer):
        return False
    try:
        outline.require_issued(subject, issuer)
    except Exception:  # noqa: BLE001 -- the library promises no list of what it raises
        return False
    return True


def _fault(certificate: CertificateOutline, at: int, before: int) -> str:
    if not is_ca(certificate):
        return f"certificate {at} is not a CA certificate (RFC 5280, 4.2.1.3 and 4.2.1.9)"
    return f"certificate {at} did not issue certificate {before} (RFC 5280, 6.1.3)"
