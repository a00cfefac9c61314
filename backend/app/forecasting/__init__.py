"""What load and solar power to expect, from the house's own history."""
