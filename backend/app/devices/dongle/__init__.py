"""Sessions with dongles, over the broker or directly."""
