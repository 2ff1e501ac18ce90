"""A receipt says what it must, and nothing that nobody knows yet; a file that does otherwise is refused by its line."""

import pytest

from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.files.templates_yaml import read_templates

GOOD = "Hej {namn}, {ärendenummer} besvaras senast {svar_senast}. {enhet} {avsändare}"


def receipt(body: str, more: str = "") -> bytes:
    return f'templates:\n  - id: a\n    kind: receipt\n    name: A\n    body: "{body}"\n{more}'.encode()


def test_a_receipt_with_its_fields_is_taken() -> None:
    [row] = read_templates(receipt(GOOD, "    unit: Bostadsbolag\n"), {"Bostadsbolag": "bostadsbolag"}, {})
    assert (row["kind"], row["unit"], row["language"]) == ("receipt", "bostadsbolag", "sv")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (receipt(GOOD + " {fråga}"), "{fråga}"),
        (receipt(GOOD.replace("{ärendenummer}", "")), "{ärendenummer}"),
        (receipt(GOOD.replace("{svar_senast}", "")), "{svar_senast}"),
        (receipt(GOOD, '    case_type: "A | B"\n'), "ärendetypen"),
    ],
)
def test_a_receipt_that_cannot_be_kept_is_refused_with_its_fault(data: bytes, said: str) -> None:
    with pytest.raises(RejectedFileError) as refused:
        read_templates(data, {}, {"A | B": "ct-1"})
    assert said in str(refused.value)
