"""The actions of the API: one module for each topic, one function for each action."""
