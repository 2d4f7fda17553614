"""Personal data: how long they are kept, and how a person is found in them."""
