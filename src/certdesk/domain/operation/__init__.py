"""What a running desk tells its operator: counts, health, the clock."""
