"""What devices there are and what they may."""
