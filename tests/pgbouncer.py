"""PgBouncer before a server of PostgreSQL, as Debian has it."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING

from tests import programs
from tests.postgres import USER, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres import Cluster

PORT = 6432
CONFIGURATION = """
[databases]
* = host={folder} port=5432 user={user}
[pgbouncer]
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
default_pool_size = 25
"""


@contextlib.contextmanager
def pooling(cluster: Cluster, mode: str) -> Iterator[None]:
    """Run it beside the server's own socket as long as the context lasts."""
    socket = cluster.folder / f".s.PGSQL.{PORT}"
    file = cluster.folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(folder=cluster.folder, user=USER, port=PORT, mode=mode))
    command = [programs.path_of("pgbouncer"), str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, **cluster.who()) as process:
        try:
            wait_until(lambda: socket.exists() or process.poll() is not None)
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            yield
        finally:
            process.terminate()
            process.communicate()


def through(url: str) -> str:
    """Return the URL of the same database behind it."""
    return f"{url}&port={PORT}"
