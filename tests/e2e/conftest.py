"""One whole stack for all end-to-end tests, in a folder and on ports of its own."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from deploy.demo.agents import AgentClient
from deploy.demo.citizens import Citizens
from deploy.demo.stack_info import StackInfo
from deploy.local.settings import Ports
from deploy.local.stack import Stack
from tests.support.parts import MailServer
from tests.support.wait import eventually


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    root = Path(tempfile.mkdtemp(prefix="kontaktcenter-e2e-"))
    stack = Stack(root, Ports.free())
    stack.start()
    yield stack
    stack.stop()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
async def info(stack: Stack, http: httpx.AsyncClient) -> StackInfo:
    """The stack's addresses, once the router has fitted its first model to the seed."""
    info = StackInfo.of(stack.info)

    async def knows() -> bool:
        question = {"text": "Det är kallt inne och elementen är iskalla, bara 16 grader i vardagsrummet"}
        answer = await http.post(f"{info.router}/api/v1/match", json=question, headers=info.machine)
        return any("kallt inne" in best["question"] for best in answer.json()["candidates"][:1])

    await eventually(knows, timeout=150, every=0.5)
    return info


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=40, limits=httpx.Limits(max_connections=200)) as client:
        yield client


@pytest.fixture
def citizens(info: StackInfo, http: httpx.AsyncClient) -> Citizens:
    return Citizens(info, http)


@pytest.fixture
def mailboxes(info: StackInfo) -> MailServer:
    """The stack's mail server, to read what citizens and officers get."""
    return MailServer(int(info.smtp.rsplit(":", 1)[1]), int(info.imap.rsplit(":", 1)[1]))


@pytest.fixture
async def maria(info: StackInfo, http: httpx.AsyncClient) -> AsyncIterator[AgentClient]:
    """An agent at work: ready before the test, gone after it."""
    agent = AgentClient(info, http, info.agents[0])
    await agent.presence("ready")
    yield agent
    await agent.presence("offline")
