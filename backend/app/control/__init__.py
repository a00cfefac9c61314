"""From a plan to one command an inverter can carry out, with its reason."""
