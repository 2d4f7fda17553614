"""Several processes that serve one desk, started and served by one parent (ADR 36)."""
