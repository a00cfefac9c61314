"""Octopus Energy: prices, metered energy, regions."""
