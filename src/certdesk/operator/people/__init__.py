"""People who sign in to the console: the actions of the console and of the operator."""
