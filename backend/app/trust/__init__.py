"""Credentials: who may come in, and how that is proved."""
