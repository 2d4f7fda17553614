"""Orders: their states, their material, and what comes next for them."""
