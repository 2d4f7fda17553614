"""Test doubles for adapters, checked by the same contract tests as the real ones."""
