"""Home Assistant: the house it shows, and the device we show it."""
