"""The same use cases in a shell."""
