"""Fitting in a process of its own: the router goes on answering, and the memory of the fit goes away with it.

`python -m services.router.store.trainer` reads `{"seed": 1, "examples": [[text, label], …]}` and writes the model.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence

from services.router.domain.matching.model import Model
from services.router.domain.matching.training import Example, fit
from shared.errors import TransientError

_DEADLINE = 300.0
_NICE = 10


class Trainer:
    """Fits models outside this process."""

    async def fit(self, examples: Sequence[Example], *, seed: int = 1) -> Model:
        """Return the model of the examples; TransientError when the fit died or took too long."""
        asked = await asyncio.to_thread(_ask, examples, seed)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
        )
        try:
            async with asyncio.timeout(_DEADLINE):
                answer, _ = await process.communicate(asked)
        except TimeoutError as error:
            raise TransientError("the fit took too long") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise TransientError(f"the fit ended with {process.returncode}")
        return await asyncio.to_thread(Model.from_bytes, answer)


def _ask(examples: Sequence[Example], seed: int) -> bytes:
    return json.dumps({"seed": seed, "examples": [[each.text, each.label] for each in examples]}).encode()


def main() -> None:
    """Read the examples, fit, write the model."""
    os.nice(_NICE)
    asked = json.load(sys.stdin.buffer)
    model = fit([Example(text, label) for text, label in asked["examples"]], seed=asked["seed"])
    sys.stdout.buffer.write(model.to_bytes())


if __name__ == "__main__":
    main()
