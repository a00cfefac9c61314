"""Who gets what, for the service and for each site. Nothing else picks a provider."""
