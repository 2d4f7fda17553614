"""Stand-ins for what lies at the rim, proven by the same contract tests as the real ones."""
