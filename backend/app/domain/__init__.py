"""The nouns every stage shares. Pure data: no network, disk, database, clock or randomness."""
