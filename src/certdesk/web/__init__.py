"""The ways to reach the desk: HTTP, and a local socket for the operator."""
