"""People who sign in to the console (docs/adr/0040-console.md)."""
