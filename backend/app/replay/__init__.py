"""A house played back: the backtest, its study and its report."""
