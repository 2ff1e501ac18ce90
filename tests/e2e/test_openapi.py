"""What the OpenAPI of each service promises, asked in ways nobody thought of: no answer is a fault of ours.

Requests that fit the schema and requests that break it, by schemathesis, as the machine and as a person who may do all.
The examples are the same in every run; `make test-long` asks many more.
"""

import asyncio
import base64
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from hypothesis import strategies as some
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from deploy.local.plan import Plan
from deploy.local.stack import Stack
from deploy.prepare import SERVICES
from shared.settings import ServiceSettings
from shared.vocabulary import Role
from shared.web.access import ALL_UNITS, Person
from shared.web.csrf import HEADER, token_for
from shared.web.session import COOKIE, make_sessions
from tests.support.stack import own_stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
FEW, MANY = 4, 150
BOSS = Person("person-boss", "Berit Boss", frozenset(Role), frozenset({ALL_UNITS}))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack of one's own: what is asked here would leave no other test its agents and queues."""
    with own_stack() as made:
        yield made


@dataclass(frozen=True)
class Callers:
    """Who asks, as headers; and the key that forms are signed with."""

    machine: dict[str, str]
    person: dict[str, str]
    signing: bytes


@pytest.fixture(scope="module")
def callers(stack: Stack) -> Callers:
    settings = ServiceSettings(redis=stack.info["redis"], secret=Plan.of(stack.root, stack.ports).keys.secret)

    async def log_in() -> dict[str, str]:
        sessions = make_sessions(settings)
        token = await sessions.start(BOSS)
        session = await sessions.find(token)
        await sessions.close()
        assert session is not None
        return {"cookie": f"{COOKIE}={token}", HEADER: token_for(settings.key_for("csrf"), session.key)}

    key = base64.b64decode(stack.info["webhook_secret"].removeprefix("whsec_"))
    return Callers({"authorization": f"Bearer {stack.info['token']}"}, asyncio.run(log_in()), key)


def signed(request: requests.PreparedRequest, key: bytes) -> None:
    body = request.body or b""
    data = body if isinstance(body, bytes) else str(body).encode()
    name, moment = hashlib.sha256(data).hexdigest(), str(int(time.time()))
    right = hmac.digest(key, f"{name}.{moment}.".encode() + data, "sha256")
    signature = f"v1,{base64.b64encode(right).decode()}"
    request.headers.update({"webhook-id": name, "webhook-timestamp": moment, "webhook-signature": signature})


def ask(url: str, case: Any, headers: dict[str, str], callers: Callers, session: requests.Session) -> int:
    if "wait" in case.query:
        case.query["wait"] = 0  # a pull that waits shows nothing more
    words = case.as_transport_kwargs(base_url=url, headers=headers)
    words.pop("timeout", None)
    request = session.prepare_request(requests.Request(**words))
    request.headers.update(headers)
    if case.operation.path == "/webhooks/forms":
        signed(request, callers.signing)
    with session.send(request, timeout=60, stream=True, allow_redirects=False) as answer:
        said = answer.raw.read(2000, decode_content=True)
        assert answer.status_code < 500, (
            f"{answer.status_code} to {case.method} {request.url} with {request.body!r}: {said!r}"
        )
        return answer.status_code


def question_all(service: str, stack: Stack, callers: Callers, examples: int) -> Counter[int]:
    """Ask every operation of a service; return how often each status was answered."""
    url = stack.info[service]
    schema = schemathesis.openapi.from_dict(httpx.get(f"{url}/openapi.json", timeout=30).json())
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    with requests.Session() as session:
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            try:
                question(found.ok(), examples, lambda case, who: ask(url, case, who, callers, session), statuses)(
                    callers
                )
            except AssertionError as error:
                faults.append(str(error))
    assert not faults, "\n".join(faults)
    return statuses


def question(operation: Any, examples: int, put: Callable[..., int], statuses: Counter[int]) -> Callable[..., None]:
    """Return what asks one operation so many times."""

    def each(callers: Callers, data: some.DataObject) -> None:
        mode = data.draw(some.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
        case = data.draw(strategy_of(operation, mode))
        statuses[put(case, data.draw(some.sampled_from([callers.machine, callers.person])))] += 1

    bounded = hypothesis.settings(
        max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    asking: Callable[..., None] = hypothesis.seed(7)(bounded(hypothesis.given(data=some.data())(each)))
    return asking


def strategy_of(operation: Any, mode: GenerationMode) -> Any:
    """Return what asks an operation; one that takes nothing cannot be asked wrongly."""
    takes = operation.path_parameters or operation.query or operation.body
    return operation.as_strategy(generation_mode=mode if takes else GenerationMode.POSITIVE)


@pytest.mark.parametrize("service", SERVICES)
def test_no_answer_is_a_fault_of_ours(service: str, stack: Stack, callers: Callers) -> None:
    statuses = question_all(service, stack, callers, FEW)
    assert sum(number for status, number in statuses.items() if status < 300) > 3, statuses
    assert set(statuses) & {404, 422}, statuses


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("service", SERVICES)
def test_none_of_many_answers_is_a_fault_of_ours(service: str, stack: Stack, callers: Callers) -> None:
    question_all(service, stack, callers, MANY)
