"""Clients of outside services, and the simulations that stand in for them. They translate; they decide nothing."""
