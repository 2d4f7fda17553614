"""Runs certdesk with one more kind of issuer: `elsewhere`, a CA that makes its own challenges."""

from __future__ import annotations

import sys

from certdesk.bootstrap.issuing import ISSUERS
from certdesk.cli.main import main
from certdesk.testing.external_ca import ExternalIssuer

if __name__ == "__main__":
    ISSUERS["elsewhere"] = lambda world, *_: ExternalIssuer(world.clock)
    # Behind this program stands the path of the other one.
    del sys.argv[1]
    main()
