"""What the desk counts and measures for Prometheus; no series names a tenant."""
