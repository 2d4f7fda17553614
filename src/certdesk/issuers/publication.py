"""What the private CA publishes: its certificates, CRLs and OCSP answers."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.pki.authority import ECC_ISSUING, RSA_ISSUING, line_of
from certdesk.domain.pki.records import Authority
from certdesk.issuers.hierarchy import Hierarchy
from certdesk.issuers.responder import Responder
from certdesk.issuers.revocation_lists import RevocationLists
from certdesk.issuers.urls import PublicUrls
from certdesk.ports import OcspAnswer, Published


class Publication:
    """The `ports.Pki` of the private CA."""

    def __init__(
        self,
        hierarchy: Hierarchy,
        lists: RevocationLists,
        responder: Responder,
        urls: PublicUrls,
    ) -> None:
        """Publish existing authorities only."""
        self._hierarchy = hierarchy
        self._lists = lists
        self._responder = responder
        self._urls = urls

    def prepare(self) -> None:
        """Create the two lines and their CRLs if needed; see `ports.Pki`."""
        for name in (ECC_ISSUING, RSA_ISSUING):
            self._hierarchy.issuing(name)
        self._lists.renew()

    def authorities(self) -> list[Published]:
        """Return the existing authorities; see `ports.Pki`."""
        return [self._published(authority) for authority in self._hierarchy.made()]

    def certificate(self, name: str) -> bytes | None:
        """Return an authority's certificate; see `ports.Pki`."""
        found = self._hierarchy.find(name)
        return found.certificate if found else None

    def crl(self, name: str) -> bytes | None:
        """Return an authority's newest CRL; see `ports.Pki`."""
        return self._lists.current(name)

    def hand_over(self) -> None:
        """Create issuing authorities before the current ones end; see `ports.Pki`."""
        self._hierarchy.hand_over()

    def faults(self) -> list[str]:
        """Check every authority that has a key here; see `ports.Pki`."""
        return [
            fault
            for authority in self._hierarchy.made()
            if authority.private_key is not None
            for fault in (self._hierarchy.fault_of(authority), self._lists.fault_of(authority))
            if fault is not None
        ]

    def first_end(self) -> datetime | None:
        """Return the earliest end of the newest authorities of all lines; see `ports.Pki`."""
        newest = {line_of(each.name): each.name for each in self._hierarchy.made()}
        ends = (self._hierarchy.certificate(name).not_valid_after_utc for name in newest.values())
        return min(ends, default=None)

    def first_list_end(self) -> datetime | None:
        """Return the earliest end of the authorities' newest CRLs; see `ports.Pki`."""
        ends = map(self._lists.end_of, self._hierarchy.made())
        return min((end for end in ends if end is not None), default=None)

    def renew_lists(self) -> None:
        """Make new CRLs if they are old or incomplete; see `ports.Pki`."""
        self._lists.renew()

    def ocsp(self, request: bytes) -> OcspAnswer:
        """Answer with the status of a certificate; see `ports.Pki`."""
        return self._responder.answer(request)

    def _published(self, authority: Authority) -> Published:
        own = authority.private_key is not None
        return Published(
            name=authority.name,
            certificate=authority.certificate,
            certificate_url=self._urls.certificate(authority.name),
            crl_url=self._urls.crl(authority.name) if own else None,
        )
