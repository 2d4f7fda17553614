"""What the operator may do: one module a topic, one function an action."""
