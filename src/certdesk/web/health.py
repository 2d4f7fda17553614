"""Whether the desk is well, for whoever watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from certdesk.workflow.probe import Probe


def health_route(probe: Probe) -> Route:
    """Answer 200 where all is well, else 503 with a line for each thing that is not."""

    async def healthz(_: Request) -> PlainTextResponse:
        faults = probe.faults()
        return PlainTextResponse("".join(f"{line}\n" for line in faults or ["ok"]), _status(faults))

    return Route("/healthz", healthz, methods=["GET"])


def _status(faults: list[str]) -> int:
    return 503 if faults else 200
