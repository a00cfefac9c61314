"""A house and prices of our own making, for a demo and for tests."""
