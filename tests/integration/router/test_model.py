"""The store against a model in Python: tens of thousands of random commands, and between any two of them a crash.

What fails is repeated by hypothesis with fewer and shorter bursts. `make test-long` goes on to a million transitions.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Coroutine
from secrets import token_hex
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from redis.asyncio import Redis

from services.router.settings import Settings
from services.router.store.library import read_library
from services.router.store.reconcile import Reconciler
from shared.vocabulary import Presence
from tests.integration.router.acts import Acts
from tests.integration.router.audit import check, picture
from tests.integration.router.drive import TERMS, Driver
from tests.integration.router.story import tell

pytestmark = pytest.mark.integration

T = TypeVar("T")
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("KC_MODEL_SHRINK", "1") == "1" else (Phase.generate,)
seeds = st.integers(0, 2**32)


class Machine(RuleBasedStateMachine):
    """One domain for an example; `url` is set by the test, `done` counts over all examples."""

    url: ClassVar[str]
    done: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.redis = Redis.from_url(self.url)
        own = Settings(redis=self.url, domain=f"m{token_hex(4)}", cooldown_seconds=45, connecting_seconds=10)
        self.driver = Driver(own, read_library(own), self.redis, random.Random(0))
        self.acts = Acts(self.driver)
        self.do(self.driver.open())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def all_come_in(self) -> None:
        for agent in TERMS:
            self.do(self.acts.be(agent, Presence.READY))

    @rule(seed=seeds, commands=st.integers(1, 150))
    def much_happens(self, seed: int, commands: int) -> None:
        self.driver.dice.seed(seed)
        self.do(self.acts.burst(commands))

    @rule(seed=seeds, how=st.sampled_from(["another server", "emptied", "with a tail"]))
    def the_store_is_lost(self, seed: int, how: str) -> None:
        self.driver.dice.seed(seed)
        self.do(self.driver.lose(how))
        self.all_come_in()

    @rule()
    def all_is_looked_at(self) -> None:
        self.do(self._look())

    async def _look(self) -> None:
        await self.driver.notice()
        check(await picture(self.redis, self.driver.key("")))
        drift = await Reconciler(self.driver.processes[0].domain).drift()
        assert drift.wrong == 0, drift.named

    def teardown(self) -> None:
        try:
            self.do(self._end())
        finally:
            model = self.driver.model
            self.done.update(transitions=model.transitions, commands=self.driver.commands)
            self.done.update(self.driver.losses)
            self.done["worst_contest"] = max(self.done["worst_contest"], model.worst_contest)
            self.runner.close()

    async def _end(self) -> None:
        """The day is over: everything is ended, nobody holds anything, and Kafka tells it as it was, each end once."""
        await self.acts.end_everything()
        await self._look()
        await self.driver.relayed()
        tell(self.driver.kafka, {f"c{number + 1}" for number in range(self.acts.serial)})
        await self.driver.close()
        await self.redis.aclose()


def run(url: str, transitions: int) -> None:
    """Run examples until there have been that many transitions, and say how many of what there were."""
    Machine.url, Machine.done = url, Counter()
    some = settings(
        max_examples=8,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=PHASES,
    )
    started = time.monotonic()
    while Machine.done["transitions"] < transitions:
        run_state_machine_as_test(Machine, settings=some)
    seconds = time.monotonic() - started
    print(f"{dict(Machine.done)} in {seconds:.0f} s: {Machine.done['transitions'] / seconds:.0f} transitions/s")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_twenty_thousand_transitions_with_a_crash_between_any_two_commands(redis_url: str):
    run(redis_url, 20_000)


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_a_million_transitions_with_a_crash_between_any_two_commands(redis_url: str):
    run(redis_url, int(os.environ.get("KC_MODEL_TRANSITIONS", "1000000")))
