"""What a running desk tells its operator: counts, health, figures, where files are."""
