"""The DNS providers that the desk supports, one module each."""

from certdesk.validation.providers.rfc2136 import Rfc2136

PROVIDERS = (Rfc2136(),)
"""The only list of providers; the first is the default of `certdesk zone add`."""
