"""Orders of an account: bought, handed in, submitted, listed, downloaded."""
