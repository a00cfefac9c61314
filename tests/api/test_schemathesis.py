"""Whatever is sent to any route: no 500, and every answer is as the document says."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.served_app import served

EXAMPLES = 20
HERE = {"Host": "127.0.0.1"}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def operations() -> Iterator[list[Any]]:
    """Every operation of a service that has prices, history and a decision."""
    with served() as running:
        running.service.rounds.turn(running.clock())
        schema = schemathesis.openapi.from_asgi("/openapi.json", running.app, headers=HERE)
        yield [found.ok() for found in schema.get_all_operations()]


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as documented", "otherwise"])
def test_every_answer_is_as_the_document_says(operations: list[Any], mode: GenerationMode) -> None:
    assert len(operations) >= 17
    for operation in operations:
        if mode is GenerationMode.POSITIVE or _can_be_wrong(operation):
            _probe(operation, mode)


def _probe(operation: Any, mode: GenerationMode) -> None:  # noqa: ANN401  (schemathesis has no types here)
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def probe(case: Any) -> None:  # noqa: ANN401
        case.call_and_validate(headers=HERE, checks=CHECKS)

    probe()


def _can_be_wrong(operation: Any) -> bool:  # noqa: ANN401
    return bool(list(operation.iter_parameters()) or operation.body)
