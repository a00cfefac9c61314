"""A product for selling is not taken for one for buying, nor the reverse."""

import pytest
from pydantic import ValidationError

from app.document.tariff import Agreement
from app.domain.price import Direction
from app.services.tariffs.octopus import Octopus

AGILE, OUTGOING = "AGILE-24-10-01", "AGILE-OUTGOING-19-05-13"


def agreement(bought: str, sold: str) -> Agreement:
    given = {way: {"source": "octopus", "product": code, "region": "C"} for way, code in (("import", bought), ("export", sold))}
    return Agreement.model_validate(given)


@pytest.mark.parametrize(
    ("bought", "sold", "complaint"),
    [
        (OUTGOING, AGILE, "what stands under import is for export by its own name"),
        ("FLUX-EXPORT-23-02-14", "FLUX-IMPORT-23-02-14", "under import is for export"),
        ("outgoing-var-24-10-26", OUTGOING, "under import is for export"),
        (AGILE, "FLUX-IMPORT-23-02-14", "under export is for import"),
    ],
)
def test_a_product_that_says_itself_that_it_is_for_the_other_way_is_refused(bought: str, sold: str, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        agreement(bought, sold)


@pytest.mark.parametrize(
    ("bought", "sold"),
    [
        (AGILE, OUTGOING),
        ("FLUX-IMPORT-23-02-14", "FLUX-EXPORT-23-02-14"),
        ("INTELLI-FLUX-IMPORT-23-07-14", "INTELLI-FLUX-IMPORT-23-07-14"),
        ("IOG-SMB-TOU-25-12-12", "OUTGOING-PRIME-FIX-12M-26-06-23"),
    ],
)
def test_products_where_they_belong_are_taken_without_a_doubt(bought: str, sold: str) -> None:
    found = agreement(bought, sold)

    assert [options.doubt(direction) for direction, options in found.directions] == [None, None]


def test_a_product_under_export_that_does_not_call_itself_one_is_doubted() -> None:
    wrong = Octopus(product=AGILE, region="C")

    assert "AGILE-24-10-01 stands under export" in str(wrong.doubt(Direction.EXPORT))
    assert wrong.doubt(Direction.IMPORT) is None
