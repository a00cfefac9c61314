"""From a problem to the cheapest plan that could be proved, or to the named fallback."""
