"""OAuth2 of a mailbox: the token is asked for once, kept until shortly before its end, replaced when it is refused."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from services.intake.channels.account import Account, OAuth2
from services.intake.channels.imap_errors import LoginRefusedError, ServerError, words
from services.intake.channels.imap_oauth import Tokens
from services.intake.channels.mailbox import Mailbox
from tests.support.mailbox_life import Life, account_at
from tests.support.scripted_imap import ScriptedImap, scripted_imap
from tests.support.token_server import TokenServer, token_server
from tests.support.wait import eventually


@pytest.fixture
def giver() -> Iterator[TokenServer]:
    with token_server() as made:
        yield made


@pytest.fixture
def server() -> Iterator[ScriptedImap]:
    with scripted_imap(ScriptedImap(mails={1: b"Subject: hej\r\n\r\n"})) as made:
        yield made


class Clock:
    """A clock that stands still until it is told to go on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def oauth2(giver: TokenServer, secret: str = "hemligt") -> OAuth2:
    return OAuth2(giver.token_url, "app-1", secret, "https://outlook.office365.example/.default")


def account(giver: TokenServer, server: ScriptedImap, secret: str = "hemligt") -> Account:
    return account_at(server.port, password="", oauth2=oauth2(giver, secret))


def test_a_token_is_asked_for_with_the_application_s_own_credentials_and_kept_until_shortly_before_its_end(
    giver: TokenServer,
) -> None:
    clock = Clock()
    tokens = Tokens(oauth2(giver), 2, clock)
    assert tokens.token() == ("token-1", True)
    clock.now = 3539
    assert tokens.token() == ("token-1", False)
    clock.now = 3540
    assert tokens.token() == ("token-2", True)
    assert giver.asked[0] == {
        "grant_type": "client_credentials",
        "client_id": "app-1",
        "client_secret": "hemligt",
        "scope": "https://outlook.office365.example/.default",
    }


def test_a_token_of_a_minute_is_used_for_half_of_it(giver: TokenServer) -> None:
    giver.expires_in = 60
    clock = Clock()
    tokens = Tokens(oauth2(giver), 2, clock)
    tokens.token()
    clock.now = 29
    assert tokens.token() == ("token-1", False)
    clock.now = 30
    assert tokens.token() == ("token-2", True)


def test_a_wrong_secret_is_a_refused_login_in_the_token_server_s_words(giver: TokenServer) -> None:
    with pytest.raises(LoginRefusedError) as raised:
        Tokens(oauth2(giver, "fel"), 2).token()
    assert words(raised.value) == (
        "the login is refused: the token's server: invalid_client AADSTS7000215: Invalid client secret provided."
    )


@pytest.mark.parametrize(
    ("status", "body"),
    [(503, b""), (429, b"slow down"), (302, b""), (200, b"<html>"), (200, b"{}"), (200, b"x" * 200_000)],
)
def test_a_token_server_in_trouble_says_nothing_of_our_login(giver: TokenServer, status: int, body: bytes) -> None:
    giver.answers = [(status, body)]
    tokens = Tokens(oauth2(giver), 2)
    with pytest.raises(ServerError) as raised:
        tokens.token()
    assert not isinstance(raised.value, LoginRefusedError)
    assert tokens.token() == ("token-1", True)


def test_a_silent_token_server_is_given_up_in_time(giver: TokenServer) -> None:
    giver.silent = threading.Event()
    try:
        with pytest.raises(ServerError, match="Timeout"):
            Tokens(oauth2(giver), 0.1).token()
    finally:
        giver.silent.set()


async def test_a_mailbox_is_read_by_xoauth2(giver: TokenServer, server: ScriptedImap) -> None:
    server.token = "token-1"
    async with Life(account(giver, server)).running():
        await eventually(lambda: 1 in server.moved)
    assert not server.count("LOGIN")


async def test_a_kept_token_that_the_server_refuses_is_replaced_once(giver: TokenServer, server: ScriptedImap) -> None:
    server.token = "token-1"
    box = Mailbox(account(giver, server))
    await asyncio.to_thread(box.open)
    await asyncio.to_thread(box.close)
    server.token = "token-2"  # the first was withdrawn, long before its end
    await asyncio.to_thread(box.open)
    await asyncio.to_thread(box.close)
    assert giver.given == ["token-1", "token-2"]
    server.token = "none"
    with pytest.raises(LoginRefusedError, match="the token is no good"):
        await asyncio.to_thread(box.open)
    assert giver.given == ["token-1", "token-2", "token-3"]


async def test_a_refused_token_is_shown_as_a_refused_login_and_recovers(
    giver: TokenServer, server: ScriptedImap
) -> None:
    life = Life(account(giver, server))
    async with life.running():
        problem = await eventually(life.problem)
        assert problem.startswith("the login is refused: [AUTHENTICATIONFAILED] the token is no good")
        server.token = giver.given[-1]
        giver.answers = [(200, b'{"access_token": "%s"}' % server.token.encode())] * 3
        await eventually(lambda: 1 in server.moved)
        await eventually(lambda: not life.health._problems)
