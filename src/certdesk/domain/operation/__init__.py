"""What an operator is told of a running desk: counts, health, the clock."""
