"""A mail server on a real socket that a test stops, starts, and has break off just where it wants."""

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

from deploy.local.part import HOST, free_ports

Before250 = Callable[[EmailMessage], Awaitable[bool]]
"""Called when a mail is wholly there and not yet taken; False hangs up without an answer."""


@dataclass(slots=True)
class SmtpPeer:
    """Speaks as much SMTP as a sender needs: EHLO, STARTTLS, AUTH PLAIN and LOGIN, MAIL, RCPT, DATA."""

    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    answers: dict[str, str] = field(default_factory=dict)
    """What is answered to lines that begin so, instead of 250."""
    before_250: Before250 | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    """What was taken, in order."""
    connections: int = 0
    said: list[str] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self.port = self.port or free_ports(1)[0]
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen (again) on the same port."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port)

    async def stop(self) -> None:
        """Listen no more, and hang up on everybody."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass  # hung up on, or stopped
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _say(writer, "220 peer ready")
        while line := (await reader.readline()).decode().strip():
            self.said.append(line)
            word = line.split(" ", 1)[0].upper()
            other = next((answer for start, answer in self.answers.items() if line.startswith(start)), "")
            if other:
                await _say(writer, other)
            elif word == "EHLO":
                await _say(writer, *self._offers(writer))
            elif word == "STARTTLS" and self.tls:
                await _say(writer, "220 go on")
                await writer.start_tls(self.tls)
            elif word == "AUTH":
                await _say(writer, await self._known(line, reader, writer))
            elif word == "DATA":
                if not await self._take(reader, writer):
                    return
            elif word == "QUIT":
                await _say(writer, "221 bye")
                return
            else:
                await _say(writer, "250 OK")

    def _offers(self, writer: asyncio.StreamWriter) -> list[str]:
        safe = writer.get_extra_info("ssl_object") is not None
        offers = ["peer"] + (["STARTTLS"] if self.tls and not safe else []) + (["AUTH PLAIN"] if self.login else [])
        return [f"250{' ' if one is offers[-1] else '-'}{one}" for one in offers]

    async def _known(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        parts = line.split(" ")
        if len(parts) < 3:
            await _say(writer, "334 ")
            parts.append((await reader.readline()).decode().strip())
        given = base64.b64decode(parts[2]).decode().split("\0")
        return "235 welcome" if self.login and tuple(given[1:]) == self.login else "535 who are you"

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await _say(writer, "354 go on")
        raw = await reader.readuntil(b"\r\n.\r\n")
        mail = message_from_bytes(raw[:-5].replace(b"\r\n..", b"\r\n."), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        if self.before_250 is not None and not await self.before_250(mail):
            return False
        self.mails.append(mail)
        await _say(writer, "250 taken")
        return True


async def _say(writer: asyncio.StreamWriter, *lines: str) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    await writer.drain()
