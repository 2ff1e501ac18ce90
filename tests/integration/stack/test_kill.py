"""A part that a test kills stays down until it is started again, keeps its data, and takes no other part with it."""

import pytest
import redis

from deploy.local.part import StackError
from deploy.local.settings import Ports
from deploy.local.stack import Stack
from tests.support.stack import own_stack

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def stack():
    with own_stack(services=()) as started:
        yield started


@pytest.mark.parametrize("name", ["kafka", "valkey", "postgres", "mail"])
def test_a_killed_part_comes_back_and_the_others_stay(stack, name):
    before = stack.pids()
    stack.kill(name)
    assert name not in stack.pids()
    stack.restart(name)
    after = stack.pids()
    assert after[name] != before[name]
    assert {other: pid for other, pid in after.items() if other != name} == {
        other: pid for other, pid in before.items() if other != name
    }


def test_valkey_keeps_what_it_synced(stack):
    with redis.Redis.from_url(stack.info["redis"]) as client:
        client.set("kept", "yes")
        client.execute_command("WAITAOF", 1, 0, 3000)
    stack.kill("valkey")
    stack.restart("valkey")
    with redis.Redis.from_url(stack.info["redis"]) as client:
        assert client.get("kept") == b"yes"


def test_a_stack_that_is_not_started_says_so(tmp_path):

    with pytest.raises(StackError, match="not running"):
        Stack(tmp_path, Ports()).pids()
