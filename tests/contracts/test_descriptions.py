"""What `docs/api` says of the doors is what the doors are."""

import pytest

from tests.contracts.descriptions import FOLDER, SERVICES, described


@pytest.mark.parametrize("service", SERVICES)
def test_the_committed_descriptions_are_true(service):
    for name, text in described(service).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name} has changed: `make docs` writes it"
