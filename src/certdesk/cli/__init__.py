"""The `certdesk` command."""
