"""Validators with scripted results."""

from __future__ import annotations

from certdesk.domain.validation.caa import CaaIdentity
from certdesk.domain.validation.challenge import CaaFinding, Challenge, Finding, ProofKind, Verdict
from certdesk.domain.values.names import DomainName
from certdesk.ports import Clock


class ScriptedValidator:
    """A `ports.Validator` with a verdict for each name; it records the challenges."""

    def __init__(self, clock: Clock, *, absent: Verdict = Verdict.TXT_ABSENT) -> None:
        """Return the verdict `absent` for names without a scripted one."""
        self.verdicts: dict[str, Verdict] = {}
        """The verdicts, by the challenge's name."""
        self.checked: list[Challenge] = []
        """Every checked challenge, in order."""
        self.silent = False
        """Whether no server answers for any name."""
        self._clock = clock
        self._absent = absent

    def validate(self, challenge: Challenge) -> Finding:
        """Return the verdict of the challenge's name."""
        self.checked.append(challenge)
        verdict = self.verdicts.get(challenge.name, self._absent)
        proved = verdict is Verdict.PROVED
        now = self._clock.now()
        return Finding(
            verdict=verdict,
            reason="" if proved else f"{verdict.name.lower().replace('_', ' ')}, as was scripted",
            seen=(challenge.value,) if proved else (),
            resolver="192.0.2.53:53",
            steps=(f"looked for {challenge.record}",),
            answered=not self.silent,
            began_at=now,
            ended_at=now,
        )


class ScriptedCaa:
    """A `ports.CaaChecker` that permits all names but the refused ones, and records its calls."""

    def __init__(self, clock: Clock) -> None:
        """Permit every name at first."""
        self.refused: dict[str, str] = {}
        """Why a name is refused, by the name in ASCII with `*.`."""
        self.checked: list[str] = []
        """Every checked name, in order."""
        self.identities: list[CaaIdentity] = []
        """The identity of each check, in order."""
        self._clock = clock

    def check(self, name: DomainName, kind: ProofKind, identity: CaaIdentity) -> CaaFinding:
        """Permit the name, or refuse it for the scripted reason."""
        self.checked.append(name.ascii)
        self.identities.append(identity)
        reason = self.refused.get(name.ascii, "")
        now = self._clock.now()
        return CaaFinding(
            permitted=not reason,
            reason=reason,
            found_at=name.base if reason else None,
            resolver="192.0.2.53:53",
            steps=(f"looked for CAA records of {name.base}, which was proved by {kind}",),
            began_at=now,
            ended_at=now,
        )
