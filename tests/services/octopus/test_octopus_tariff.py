import pytest

from app.domain.errors import InvalidInputError
from app.services.octopus.tariff import OctopusTariff


@pytest.mark.parametrize(
    ("code", "product", "region", "registers"),
    [
        ("E-1R-AGILE-24-10-01-C", "AGILE-24-10-01", "C", 1),
        ("E-2R-VAR-22-11-01-P", "VAR-22-11-01", "P", 2),
        ("e-1r-go-var-22-10-14-a", "GO-VAR-22-10-14", "A", 1),
    ],
)
def test_takes_a_tariff_code_apart_and_puts_it_together_again(code: str, product: str, region: str, registers: int) -> None:
    tariff = OctopusTariff.parse(code)

    assert (tariff.product, tariff.region, tariff.registers) == (product, region, registers)
    assert tariff.code == code.upper()


@pytest.mark.parametrize(
    "code", ["", "AGILE-24-10-01", "G-1R-VAR-22-11-01-C", "E-3R-VAR-22-11-01-C", "E-1R-VAR-22-11-01-I", "E-1R-A/../B-C"]
)
def test_refuses_what_is_no_electricity_tariff(code: str) -> None:
    with pytest.raises(InvalidInputError):
        OctopusTariff.parse(code)


def test_refuses_a_third_register() -> None:
    with pytest.raises(InvalidInputError):
        OctopusTariff(product="AGILE-24-10-01", region="C", registers=3)
