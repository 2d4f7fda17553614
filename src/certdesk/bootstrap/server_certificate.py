"""A check of the desk's own TLS certificate."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from certdesk.domain.operation.census import ENDING, Ending
from certdesk.domain.operation.checkup import Observation, failure, good, warning
from certdesk.ports import Clock
from certdesk.settings import Settings

SOON = timedelta(days=30)
REMEDY = "replace the file with a new certificate; the desk loads it by itself"


class ServerCertificate:
    """The chain and key in the files of `tls.cert` and `tls.key`."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Check the files that the settings name, if any."""
        self._certificate, self._key = settings.tls_cert, settings.tls_key
        self._clock = clock
        self._end: datetime | None = None

    def end(self) -> datetime | None:
        """Return when the certificate ends, or None if there is none.

        While the files cannot be used, it is the end of the last usable one, which is served.
        """
        if self._certificate and self.fault() is None:
            chain = Path(self._certificate).read_bytes()
            self._end = x509.load_pem_x509_certificate(chain).not_valid_after_utc
        return self._end

    def fault(self) -> str | None:
        """Return in plain words why the files cannot be used, if so."""
        if not self._certificate:
            return None
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate, self._key, lambda: "")
        except (OSError, ValueError) as error:
            return (
                "tls.cert and tls.key cannot be used, so the desk serves an earlier "
                f"certificate: {error}"
            )
        return None

    def faults(self) -> Iterator[str]:
        """Yield what is wrong now: a new certificate that cannot be used, or one that has ended."""
        fault, end = self.fault(), self.end()
        if fault is not None:
            yield fault
        if end is not None and end <= self._clock.now():
            yield f"the certificate of tls.cert ended at {end:%Y-%m-%d %H:%M} UTC"

    def examine(self) -> Iterator[Observation]:
        """Report the state of the certificate, if there is one."""
        fault, end = self.fault(), self.end()
        if fault is not None:
            yield failure(Ending.TLS, fault, REMEDY)
        if end is None:
            return
        what = f"the certificate of tls.cert ends at {end:%Y-%m-%d %H:%M} UTC"
        left = end - self._clock.now()
        if left < ENDING:
            yield failure(Ending.TLS, what, REMEDY)
        elif left < SOON:
            yield warning(Ending.TLS, what, REMEDY)
        elif fault is None:
            yield good(Ending.TLS, what)
