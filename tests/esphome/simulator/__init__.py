"""Simulated inverters, made of the same templates as the firmware's packages."""
