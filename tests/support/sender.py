"""A process of casework's own code that a test kills: `python -m tests.support.sender reply|send ...`.

It says `ready` before it begins and `done` when it is through, and then waits to be killed.
"""

import argparse
import asyncio
import functools
from dataclasses import replace
from datetime import datetime

from services.casework.mail import MailServer
from shared.settings import ServiceSettings
from tests.support.casework import MARIA, make_room


async def _run(given: argparse.Namespace) -> None:
    room = make_room(ServiceSettings(postgres=given.postgres, originals=given.originals), migrated=True)
    room.time.now = datetime.fromisoformat(given.now)
    print("ready", flush=True)
    if given.deed == "reply":
        await room.casework.reply.run(given.number, MARIA, given.text, given.key)
    else:
        server = functools.partial(MailServer, "127.0.0.1", given.port, "kontakt@kommun.example")
        await replace(room.casework.send_mail, server=server).run()
    print("done", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deed", choices=["reply", "send"])
    for name in ("postgres", "originals", "now", "number", "text", "key"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
