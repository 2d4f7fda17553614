"""Requests and certificates as node-forge writes them, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from typing import Any

from certdesk.domain.values.keys import KeyKind, private_key_pem
from tests import chains
from tests.clients.jobs import NODE_CLIENTS, ROOT
from tests.programs import path_of

Subject = Sequence[tuple[str, str]]
"""Short names of attributes, and their values."""

KEY = private_key_pem(chains.key_of(KeyKind.RSA_2048)).decode()
"""The key of what is written."""


def request(subject: Subject, *names: str) -> str:
    """Write a request whose attributes are in no order."""
    return _written(kind="request", key=KEY, subject=subject, names=names)


def chain(subject: Subject, issuer: Subject) -> tuple[str, str]:
    """Write a certificate and that of its issuer, which has the same key and signed itself."""
    times = {"begins": chains.BEGINS.isoformat(), "ends": chains.ENDS.isoformat()}
    ca = _written(
        kind="certificate", key=KEY, issuerKey=KEY, serial="01",
        subject=issuer, issuer=issuer, ca=True, **times,
    )  # fmt: skip
    leaf = _written(
        kind="certificate", key=KEY, issuerKey=KEY, serial="02",
        subject=subject, issuer=issuer, ca=False, **times,
    )  # fmt: skip
    return leaf, ca


def _written(**wish: Any) -> str:  # noqa: ANN401 -- what is written as JSON
    done = subprocess.run(
        (path_of("node"), "tests/clients/forge.cjs"),
        cwd=ROOT,
        env=os.environ | {"NODE_PATH": str(NODE_CLIENTS)},
        input=json.dumps([wish]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\r\n", "\n")
