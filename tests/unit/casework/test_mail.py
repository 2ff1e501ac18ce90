"""What goes over the wire when a mail is handed to the mail server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from services.casework.mail import MailRefusedError, MailServer, MailUnknownError, MailUnsentError, answering, compose

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def mail(**facts: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "kind": "reply",
        "recipient": "olle@medborgare.example",
        "sender_name": "ÅFA kundtjänst",
        "subject": "Re: Kallt",
        "body": "Hej på dig\n",
        "message_id": "<1@kommun.example>",
        "in_reply_to": None,
        "reference_ids": [],
    }
    return {**plain, **facts}


@asynccontextmanager
async def smtp(*answers: tuple[str, str]) -> AsyncIterator[tuple[int, list[str]]]:
    """A mail server that says `250` to everything but what `answers` name; `drop` hangs up."""
    said: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := (await reader.readline()).decode().strip():
            said.append(line)
            answer = next((answer for start, answer in answers if line.startswith(start)), "250 OK")
            if answer == "drop":
                break
            if line == "DATA" and answer == "250 OK":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(f"{answer}\r\n".encode())
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], said
    finally:
        server.close()


async def _send(port: int, **facts: Any) -> None:
    async with MailServer("127.0.0.1", port, "kontakt@kommun.example") as server:
        await server.send(mail(**facts), NOW)


def _paths(said: list[str]) -> list[str]:
    return [line.split()[1] for line in said if line.startswith("MAIL")]


async def test_a_receipt_has_a_null_reverse_path_and_a_reply_has_ours():
    async with smtp() as (port, said):
        await _send(port, kind="receipt")
        await _send(port)
    assert _paths(said) == ["FROM:<>", "FROM:<kontakt@kommun.example>"]


async def test_a_server_that_forgets_the_null_path_gets_the_receipt_once_by_ours():
    async with smtp(("RCPT", "503 MAIL first")) as (port, said):
        with pytest.raises(MailRefusedError):
            await _send(port, kind="receipt")
    assert _paths(said) == ["FROM:<>", "FROM:<kontakt@kommun.example>"]


@pytest.mark.parametrize(
    ("start", "answer", "error"),
    [
        ("RCPT", "550 unknown", MailRefusedError),
        ("RCPT", "451 later", MailUnsentError),
        ("MAIL", "421 busy", MailUnsentError),
        ("DATA", "drop", MailUnknownError),
    ],
)
async def test_what_is_known_when_it_fails(start: str, answer: str, error: type[Exception]):
    async with smtp((start, answer)) as (port, _):
        with pytest.raises(error):
            await _send(port)


async def test_nobody_there_means_surely_unsent():
    with pytest.raises(MailUnsentError):
        await _send(9)


@pytest.mark.parametrize("recipient", ["", "olle", "a b@c.se", "a@b\r\nBcc: x@y.se", "@x.se", "a@"])
def test_an_impossible_address_is_refused(recipient: str):
    with pytest.raises(MailRefusedError):
        compose(mail(recipient=recipient), "kontakt@kommun.example", NOW)


def test_no_header_can_be_smuggled_in():
    made = compose(
        mail(subject="Hej\r\nBcc: x@y.se", sender_name="A\nB", in_reply_to="<1@x>\r\nX: y"),
        "kontakt@kommun.example",
        NOW,
    )
    assert made["Bcc"] is None
    assert made["X"] is None
    assert made["Subject"] == "Hej Bcc: x@y.se"


@pytest.mark.parametrize("subject", ["Kallt", "Re: Kallt", "SV: re: Sv : Kallt"])
def test_an_answer_says_re_once(subject: str):
    assert answering(subject) == "Re: Kallt"
