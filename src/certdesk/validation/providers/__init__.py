"""The DNS providers that the desk knows, one file each."""

from certdesk.validation.providers.rfc2136 import Rfc2136

PROVIDERS = (Rfc2136(),)
"""Each is declared here and nowhere else; the first is what `certdesk zone add` takes unasked."""
