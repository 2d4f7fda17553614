"""A name server and a web server on the loopback, for desks with no Internet to ask."""
