"""The CAs that issue for the desk, one module a kind."""
