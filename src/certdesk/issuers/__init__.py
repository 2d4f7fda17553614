"""The CAs that issue for the desk: `private_ca`, and the modules that it is made of."""
