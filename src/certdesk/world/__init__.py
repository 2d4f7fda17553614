"""A name server and a web server on loopback, for desks without the Internet."""
