"""Loads the device models, for devices and for the firmware."""
