import re
from pathlib import Path

import pytest

from app.domain.errors import InvalidInputError, InvalidSiteError
from app.domain.money import CURRENCIES, currency
from tests.builders import GBP, SEK, house

ROOT = Path(__file__).parents[2]
TOLD_IN_HUNDREDTHS = {code for code, each in CURRENCIES.items() if each.minor}
TABLES = (
    ("backend/app/api/static/format.js", r"const MINOR = \{(.*?)\}"),
    ("nodered/functions/now.js", r"function minor\(currency\) \{\s*return \{(.*?)\}"),
    ("nodered/functions/price_chart.js", r"const scale = \[(.*?)\]"),
    ("nodered/functions/decisions_table.js", r"const scale = .*?\[(.*?)\]"),
)


def test_a_pound_is_the_yardstick_and_ten_kronor_make_one() -> None:
    assert (GBP.scale, SEK.scale, SEK.of(0.02)) == (1, 10, 0.2)


def test_a_currency_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InvalidInputError, match=r"'GPB' is no currency known here; there are .*GBP.*SEK"):
        currency("GPB")
    with pytest.raises(InvalidSiteError, match="is no currency"):
        house(currency="XYZ")  # type: ignore[arg-type]  # what a mistyped setting gives


@pytest.mark.parametrize(("code", "per_kwh"), [("GBP", 10.0), ("GBP", -10.0), ("SEK", 70.0), ("CZK", 100.0), ("HUF", 900.0), ("AUD", 20.0)])
def test_a_high_price_is_one(code: str, per_kwh: float) -> None:
    currency(code).must_be_plausible(per_kwh, "the import price")


@pytest.mark.parametrize(("code", "per_kwh"), [("GBP", 20.3), ("GBP", 100.0), ("EUR", -31.0), ("SEK", 180.0), ("GBP", float("nan"))])
def test_a_number_in_another_unit_is_none(code: str, per_kwh: float) -> None:
    with pytest.raises(InvalidInputError, match=f"the import price of .* {code} per kWh cannot be"):
        currency(code).must_be_plausible(per_kwh, "the import price")


@pytest.mark.parametrize(("file", "table"), TABLES)
def test_page_and_flow_tell_the_same_currencies_in_hundredths(file: str, table: str) -> None:
    found = re.search(table, (ROOT / file).read_text(encoding="utf-8"), re.DOTALL)

    assert found is not None
    assert set(re.findall(r"\b[A-Z]{3}\b", found.group(1))) == TOLD_IN_HUNDREDTHS
