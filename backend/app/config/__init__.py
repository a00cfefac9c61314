"""Settings of the service, one group a file."""
