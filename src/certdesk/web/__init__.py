"""How the desk is reached over HTTP and, for the operator, over a local socket."""
