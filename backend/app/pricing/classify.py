"""Price classes: how a slot compares with the known horizon."""

from collections.abc import Sequence

from app.domain.money import Currency
from app.domain.price import PriceClass, price_at

CHEAP_SHARE, EXPENSIVE_SHARE = 0.25, 0.75
"""The cheapest and the dearest quarter of the horizon: about six hours each a day."""
FLAT_SPREAD = 0.01
"""Below this difference between the quarters, in yardsticks per kWh, a tariff counts as flat: nothing is cheap or expensive."""


def classify(import_per_kwh: Sequence[float], hours: Sequence[float], money: Currency) -> list[PriceClass]:
    """Return the class of each import price among all of them; each counts for as many hours as it holds."""
    if not import_per_kwh:
        return []
    cheap, expensive = price_at(import_per_kwh, hours, CHEAP_SHARE, EXPENSIVE_SHARE)
    flat = expensive - cheap < money.of(FLAT_SPREAD)
    return [_class_of(price, cheap=cheap, expensive=expensive, flat=flat) for price in import_per_kwh]


def _class_of(price: float, *, cheap: float, expensive: float, flat: bool) -> PriceClass:
    if price < 0:
        return PriceClass.NEGATIVE
    if flat:
        return PriceClass.NORMAL
    if price <= cheap:
        return PriceClass.CHEAP
    return PriceClass.EXPENSIVE if price >= expensive else PriceClass.NORMAL
