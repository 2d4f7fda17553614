"""The check-up of a PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy.exc

from certdesk.domain.operation.checkup import Observation, failure, good
from certdesk.ports import StoreUnavailable
from certdesk.storage.checkup import DATABASE
from certdesk.storage.postgresql.session_settings import MUST_BE_ON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from certdesk.storage.postgresql.pool import Pool


def examine_server(pool: Pool) -> Iterator[Observation]:
    """Report the state of a PostgreSQL server.

    Its settings were checked when the desk connected. To check its files, use `pg_amcheck`.
    """
    try:
        with pool.connection() as connection:
            read = connection.exec_driver_sql
            (version,) = read("SELECT current_setting('server_version')").one()
            (revision,) = read("SELECT version_num FROM alembic_version").one()
            (standby,) = read("SELECT pg_is_in_recovery()").one()
    except (sqlalchemy.exc.DBAPIError, StoreUnavailable) as error:
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        remedy = "start it again, or repair the network; the desk recovers by itself"
        yield failure(DATABASE, f"the server does not answer: {reason}", remedy)
        return
    if standby:
        remedy = "change the URL to the primary, or promote this server"
        yield failure(DATABASE, "the server is a standby and accepts no changes", remedy)
        return
    kept = ", ".join(MUST_BE_ON)
    yield good(DATABASE, f"PostgreSQL {version} at revision {revision}; on are {kept}")
