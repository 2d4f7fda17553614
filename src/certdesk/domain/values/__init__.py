"""Values that mean something by themselves: names, keys, texts, products, times."""
