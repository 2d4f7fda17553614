"""What an account may do: one module a topic, one function an action."""
