"""A check-up of the providers that people sign in with: whether they answer, and let anybody in."""

from __future__ import annotations

from collections.abc import Iterator

from certdesk.domain.operation.checkup import Observation, good, warning
from certdesk.domain.people.provider import PREFIX, has_groups
from certdesk.ports import ProviderFailed, SignInProviders

CHECK = "sign-in"


class ProvidersCheckup:
    """A check-up that reads what each provider says of itself.

    What is wrong is a warning: certificates do not need it, and passwords and passkeys still work.
    """

    def __init__(self, providers: SignInProviders, public_url: str) -> None:
        """Check these providers, which send people back to `public_url`."""
        self._providers = providers
        self._public_url = public_url

    def examine(self) -> Iterator[Observation]:
        """Report on each provider."""
        for each in self._providers.all():
            provider = each.provider
            prefix = f"{PREFIX}{provider.name}"
            try:
                each.check()
            except ProviderFailed as failed:
                remedy = f"nobody signs in with it; check {prefix}.issuer and the network"
                yield warning(CHECK, f"{provider.issuer}: {failed}", remedy)
            else:
                yield good(CHECK, f"{provider.issuer} answers")
            if not has_groups(provider):
                remedy = f"name groups, such as {prefix}.reviewer_groups"
                yield warning(CHECK, f"{provider.issuer}: no group may sign in", remedy)
        if self._providers.all() and not self._public_url:
            yield warning(
                CHECK,
                "http.public_url is not set, so providers know no address to send people back to",
                "set it to the address that people use",
            )
