"""The operator's actions: one module for each topic, one function for each action."""
