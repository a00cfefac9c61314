"""Money: a currency with its minor unit, and what a kWh usually costs in it, so that no threshold is a bare number of pounds."""

from dataclasses import dataclass

from app.domain.errors import InvalidInputError

DEAREST_PER_KWH = 10.0
"""Beyond this many yardsticks a number is in another unit or no price: ten times the cap of Agile, twice that of Europe's auctions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """A currency as prices of energy are told in it."""

    code: str
    scale: float = 1.0
    """How much of it makes a yardstick: as much money for energy as a pound is in Britain, to the next of 1, 2, 5, 10, … Every threshold
    is tuned in yardsticks and counts so many times this much."""
    minor: str = ""
    """What a hundredth is called in texts, as it follows a number; empty where nobody tells energy in hundredths."""
    dearest: float = DEAREST_PER_KWH
    """The highest price per kWh that may be one, in yardsticks."""

    @property
    def dearest_per_kwh(self) -> float:
        """The highest price, up or down, that may be one; above it a number is in another unit."""
        return self.dearest * self.scale

    def of(self, yardsticks: float) -> float:
        """Return an amount tuned in yardsticks as money."""
        return yardsticks * self.scale

    def must_be_plausible(self, per_kwh: float, what: str) -> None:
        """Refuse what cannot be a price per kWh.

        Raises:
            InvalidInputError: names the price and the highest that could be.
        """
        if not abs(per_kwh) <= self.dearest_per_kwh:
            limit = f"{self.dearest_per_kwh:g} {self.code}"
            raise InvalidInputError(f"{what} of {per_kwh:g} {self.code} per kWh cannot be: up to {limit} is plausible")


YARDSTICK = Currency(code="GBP", minor="p")
"""The currency every threshold was tuned in."""

CURRENCIES = {
    each.code: each
    for each in (
        YARDSTICK,
        Currency(code="EUR", minor="c"),
        Currency(code="CHF", minor=" Rp."),
        Currency(code="USD", minor="c"),
        Currency(code="CAD", minor="c"),
        Currency(code="AUD", minor="c", dearest=30.0),  # its market goes up to 20 AUD
        Currency(code="NZD", minor="c", dearest=30.0),
        Currency(code="SGD", minor="c"),
        Currency(code="SEK", scale=10.0, minor=" öre"),
        Currency(code="NOK", scale=10.0, minor=" øre"),
        Currency(code="DKK", scale=10.0, minor=" øre"),
        Currency(code="ISK", scale=100.0),
        Currency(code="PLN", scale=5.0),
        Currency(code="CZK", scale=20.0),
        Currency(code="HUF", scale=200.0),
        Currency(code="RON", scale=5.0),
        Currency(code="BGN", scale=2.0),
        Currency(code="RSD", scale=50.0),
        Currency(code="UAH", scale=20.0),
        Currency(code="TRY", scale=20.0),
        Currency(code="ILS", scale=2.0),
        Currency(code="ZAR", scale=10.0),
        Currency(code="INR", scale=50.0),
        Currency(code="JPY", scale=100.0),
        Currency(code="BRL", scale=5.0),
        Currency(code="MXN", scale=10.0),
        Currency(code="CNY", scale=2.0),
    )
}


def currency(code: str) -> Currency:
    """Return what is known of a currency. One nobody knows is refused: its thresholds would be guessed, and mostly it is mistyped.

    Raises:
        InvalidInputError: it is not known; says which are.
    """
    found = CURRENCIES.get(code)
    if found is None:
        raise InvalidInputError(f"{code!r} is no currency known here; there are {', '.join(sorted(CURRENCIES))}")
    return found


def money(per_kwh: float, code: str) -> str:
    """Return a price in the unit people use: 11.2p, 84 öre, 5.200 CZK."""
    known = CURRENCIES.get(code)
    return f"{100 * per_kwh:.1f}{known.minor}" if known is not None and known.minor else f"{per_kwh:.3f} {code}"
