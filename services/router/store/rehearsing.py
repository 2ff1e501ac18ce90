"""A rehearsal in a process of its own: it reads the past, decides and simulates, and its memory goes away with it.

`python -m services.router.store.rehearsing` reads what is asked as JSON and writes a `Rehearsal`.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter

from services.router.domain.rehearsal_figures import Rehearsal, rehearse
from services.router.domain.rule_table import RuleTableError, compile_table
from services.router.domain.rules import RuleTable
from services.router.domain.skills import Terms, parse_profile
from services.router.store.past import read_past
from shared.errors import TransientError
from shared.settings import ServiceSettings
from shared.vocabulary import Channel

DEADLINE = 120.0
_NICE = 10
_ANSWER = TypeAdapter(Rehearsal)


class RehearsalTimeoutError(TransientError):
    """It was not done within its deadline."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be rehearsed: the new table's rows, the published tables by version, the agents' terms."""

    rows: Sequence[object]
    tables: Mapping[str, Sequence[object]]
    terms: Mapping[str, Terms]
    weeks: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Rehearsing:
    """Rehearses outside this process."""

    settings: ServiceSettings
    deadline: float = DEADLINE

    async def run(self, asked: Asked) -> Rehearsal:
        """Return the answer; TransientError when the process died, RehearsalTimeoutError when it is too much."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        try:
            async with asyncio.timeout(self.deadline):
                answer, _ = await process.communicate(orjson.dumps(self._said(asked)))
        except TimeoutError as error:
            raise RehearsalTimeoutError(f"not done in {self.deadline:.0f} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise TransientError(f"the rehearsal ended with {process.returncode}")
        return _ANSWER.validate_json(answer)

    def _said(self, asked: Asked) -> dict[str, Any]:
        agents = {agent: _terms_as_json(terms) for agent, terms in asked.terms.items()}
        said = {"rows": asked.rows, "tables": asked.tables, "weeks": asked.weeks, "now": asked.now, "agents": agents}
        return said | {"kafka": self.settings.kafka, "prefix": self.settings.topic_prefix}


def _terms_as_json(terms: Terms) -> dict[str, Any]:
    return {
        "profile": f"{terms.profile.channel_words}#{terms.profile.skill_words}",
        "capacity": terms.capacity,
        "rest": terms.rest_seconds,
        "blend": {str(channel): seconds for channel, seconds in terms.blend_seconds.items()},
    }


def _terms_from_json(said: Mapping[str, Any]) -> Terms:
    blend = {Channel(channel): seconds for channel, seconds in said["blend"].items()}
    profile = parse_profile(said["profile"])
    return Terms(profile, capacity=said["capacity"], rest_seconds=said["rest"], blend_seconds=blend)


async def _answer(asked: Mapping[str, Any]) -> Rehearsal:
    now = datetime.fromisoformat(asked["now"])
    past = await read_past(asked["kafka"], asked["prefix"], weeks=asked["weeks"], now=now)
    terms = {agent: _terms_from_json(said) for agent, said in asked["agents"].items()}
    return rehearse(past, _tables(asked["tables"]), compile_table("rehearsed", asked["rows"]), terms)


def _tables(published: Mapping[str, Sequence[object]]) -> dict[str, RuleTable]:
    """Return the published tables that can still be read."""
    found = {}
    for version, rows in published.items():
        with suppress(RuleTableError):
            found[version] = compile_table(version, rows)
    return found


def main() -> None:
    """Read what is asked, rehearse, write the answer."""
    os.nice(_NICE)
    asked = orjson.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(orjson.dumps(asyncio.run(_answer(asked))))


if __name__ == "__main__":
    main()
