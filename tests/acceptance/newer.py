"""A newer version of certdesk: the package as it is here, with one revision more."""

from __future__ import annotations

import shutil
from pathlib import Path

import certdesk
from certdesk.storage.migrate import newest_revision

NEWER = "9999"
REVISION = f"""
import sqlalchemy as sa
from alembic import op

revision = "{NEWER}"
down_revision = "{newest_revision()}"


def upgrade() -> None:
    op.add_column("projects", sa.Column("later", sa.Text(), nullable=True))
"""


def newer_version(folder: Path) -> dict[str, str]:
    """Return the variables with which the program is of that version, kept in `folder`."""
    package = folder / "certdesk"
    shutil.copytree(Path(certdesk.__file__).parent, package)
    revisions = package / "storage" / "migrations" / "versions"
    (revisions / f"{NEWER}_later.py").write_text(REVISION, "utf-8")
    return {"PYTHONPATH": str(folder)}
