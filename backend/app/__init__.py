"""Battery optimizer: prices, forecasts, state → Problem → solve → Plan → Decision → Command → Ledger."""
