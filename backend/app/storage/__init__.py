"""What is kept: one store per kind of record. Domain in, domain out, one transaction per call."""
