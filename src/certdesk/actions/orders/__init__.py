"""Orders of an account: bought, submitted, listed, downloaded."""
