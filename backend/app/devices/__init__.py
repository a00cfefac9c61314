"""Devices: what is said to dongles and by them, and what each model reads and writes. They translate, they decide nothing."""
