"""Solar forecasts, one file each."""
