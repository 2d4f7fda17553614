"""The server's certificate and key: checked at the start, and reloaded when they change."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import NoReturn

import structlog
import uvicorn

from certdesk.settings import Settings, SettingsError

CERTIFICATE_CHECK_SECONDS = 0.5
FAILURES_TOLD = 2

log = structlog.get_logger()


def check_tls(settings: Settings) -> None:
    """Check that certificate and key are both set and match.

    Raises:
        SettingsError: they cannot be used.
    """
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise SettingsError("tls.cert and tls.key: set both or neither")
    if not settings.tls_cert:
        return
    try:
        _check_pair(Path(settings.tls_cert), Path(settings.tls_key))
    except (OSError, ValueError) as error:
        raise SettingsError(f"tls.cert and tls.key cannot be used: {error}") from error


def _check_pair(certificate: Path, key: Path) -> None:
    """Load a certificate and its key into a trial context.

    If they do not match, a context in use would be left with only one of them. Raises OSError
    (including ssl.SSLError) or ValueError.
    """
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, _no_pass_phrase)


def _no_pass_phrase() -> NoReturn:
    """Refuse an encrypted key, for which OpenSSL would ask a pass phrase at the terminal."""
    raise ValueError("the key is encrypted; use an unencrypted one")


async def renew_certificate(config: uvicorn.Config) -> None:
    """Reload a changed certificate, so that a renewal needs no restart."""
    if not isinstance(config.ssl, ssl.SSLContext):
        return
    certificate, key = Path(str(config.ssl_certfile)), Path(str(config.ssl_keyfile))
    known = _changed_at(certificate, key)
    failures = 0
    while True:
        await asyncio.sleep(CERTIFICATE_CHECK_SECONDS)
        try:
            found = _changed_at(certificate, key)
            if found != known:
                _check_pair(certificate, key)
                config.ssl.load_cert_chain(certificate, key)
                known = found
                log.info("the desk serves the changed certificate", setting="tls.cert")
        except (OSError, ValueError) as error:
            # It is retried at each check, since the first may have read a half-written pair.
            failures += 1
            if failures == FAILURES_TOLD:
                log.warning(
                    "the changed certificate cannot be used, so the desk still serves the "
                    "one before it",
                    setting="tls.cert",
                    error=str(error),
                )
        else:
            failures = 0


def _changed_at(*files: Path) -> list[int]:
    return [file.stat().st_mtime_ns for file in files]
