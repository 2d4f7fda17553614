"""A search for secrets in files, as by someone who has stolen the disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

KINDS = {
    "KeyPass": ("KeyPass",),
    "identity number": ("OrgIdNumber", "AdminIdNumber", "TechIdNumber"),
    "telephone number": ("OrgPhoneNumber", "AdminPhone", "TechPhone"),
    "e-mail address": ("AdminEmail", "TechEmail"),
}
"""The secret or personal parts of an order's material."""

Secrets: TypeAlias = list[tuple[str, bytes]]
"""What to search for: its kind, and the exact bytes."""


def of_material(material: Mapping[str, Any]) -> Secrets:
    """Return the secret parts of what was submitted."""
    return [
        (kind, material[name].encode())
        for kind, names in KINDS.items()
        for name in names
        if material.get(name)
    ]


def of_private_key(pem: str | None) -> Secrets:
    """Return a private key as text and as the bytes that the text encodes."""
    if not pem:
        return []
    key = load_pem_private_key(pem.encode(), None)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return [("private key", pem.splitlines()[2].encode()), ("private key", der)]


def read_files(folder: Path) -> dict[str, bytes]:
    """Read all files under a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def search(files: Mapping[str, bytes], secrets: Secrets) -> Iterator[tuple[str, str]]:
    """Find each secret in each file: its kind, and the file."""
    for file, content in files.items():
        for kind, secret in secrets:
            if secret in content:
                yield kind, file
