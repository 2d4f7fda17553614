"""The program itself as a process, for what the other helpers take care of by themselves."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.running import PROGRAM, START_SECONDS, Keys

READY = "certdesk ready on "

NO_STOCK = {"CERTDESK_KEYS_STOCK_RSA_2048": "0", "CERTDESK_KEYS_STOCK_RSA_4096": "0"}
"""Variables for a desk that makes no RSA keys ahead, which costs seconds at every first start."""

NO_RSA_STOCK = "[keys.stock]\nrsa_2048 = 0\nrsa_4096 = 0\n"
"""The same as a settings file."""


@dataclasses.dataclass(frozen=True)
class Served:
    """A server that has said that it is ready, with all lines that it wrote until then."""

    process: subprocess.Popen[str]
    lines: list[str]
    errors: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.lines[-1].removeprefix(READY)

    @property
    def endpoint(self) -> str:
        """HOST:PORT of it."""
        return self.url.partition("://")[2]


def environment(**variables: str) -> dict[str, str]:
    """Give the environment of a process, without the settings that this one was given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CERTDESK")}
    return clean | NO_STOCK | variables


@contextlib.contextmanager
def serving(
    errors: Path, *words: str, variables: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Start `certdesk WORDS`, wait until it is ready, and end it with the context.

    `errors` is the file for what it writes to stderr.
    """
    with errors.open("w") as log, begun(log.fileno(), *words, variables=variables) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith(READY):
            line = process.stdout.readline()
            assert line, errors.read_text()
            lines.append(line.rstrip("\n"))
        yield Served(process, lines, errors)


@contextlib.contextmanager
def begun(
    errors: int = subprocess.PIPE, *words: str, variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start `certdesk WORDS` with pipes; whatever it does, it has ended after the context."""
    with subprocess.Popen(
        [PROGRAM, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=environment(**(variables or {})),
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(START_SECONDS)
            process.kill()


def certdesk(
    *words: str, text: str | None = None, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `certdesk WORDS` to its end, with `text` as its standard input."""
    return subprocess.run(
        [PROGRAM, *words],
        input=text or "",
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env=environment(**(variables or {})),
    )


def printed(done: subprocess.CompletedProcess[str]) -> Any:  # noqa: ANN401 -- whatever JSON it is
    """Give the JSON that a command printed: one line of it and nothing else."""
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def keys_in(added: dict[str, str]) -> Keys:
    """Read the keys that a command printed."""
    return Keys(added["Uin"], added["SecretId"], added["SecretKey"])


def names_of(data: str) -> list[str]:
    """Give the names of all accounts, in order."""
    return sorted(each["Name"] for each in printed(certdesk("account", "list", "--data", data)))
