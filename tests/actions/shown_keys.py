"""An account that shows the desk the private key of what it orders certificates for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from certdesk.domain.values.keys import PrivateKey, private_key_pem
from tests import chains


def show_key(call: Callable[..., dict[str, Any]], key: PrivateKey) -> str:
    """Upload a certificate for a key with its private key; give the certificate id.

    `call` carries an action out for an account.
    """
    path = chains.leaf(key, "www.example.com"), chains.intermediate().certificate
    reply = call(
        "UploadCertificate",
        CertificatePublicKey=chains.pem(*path),
        CertificatePrivateKey=private_key_pem(key).decode(),
    )
    return str(reply["CertificateId"])
