"""certdesk: a self-hosted desk for TLS certificates."""
