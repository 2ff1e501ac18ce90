"""What a mail server does once a year, by one that does as it is told: nothing is lost, and all recovers by itself."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from services.intake.channels.account import Account, OAuth2, Security
from services.intake.channels.mailbox import Mailbox
from services.intake.jobs import session
from services.intake.store.mailboxes import Place
from services.intake.usecases.receive_mail import RawMail
from shared.errors import TransientError
from tests.support.mailbox_life import Life, Memory, account_at
from tests.support.scripted_imap import BYE, CLOSE, DRIP, GARBAGE, HALF, HUGE, NO, SILENCE, ScriptedImap, scripted_imap
from tests.support.wait import eventually


def mail(number: int) -> bytes:
    return f"Message-ID: <{number}@example.se>\r\n\r\nHej\r\n".encode()


@pytest.fixture
def server() -> Iterator[ScriptedImap]:
    with scripted_imap() as made:
        yield made


@pytest.fixture
def life(server: ScriptedImap) -> Life:
    return Life(account_at(server.port))


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("GREETING", SILENCE),
        ("GREETING", GARBAGE),
        ("GREETING", DRIP),
        ("GREETING", CLOSE),
        ("LOGIN", BYE),
        ("LOGIN", SILENCE),
        ("SELECT", NO),
        ("SELECT", GARBAGE),
        ("SEARCH", BYE),
        ("SEARCH", NO),
        ("SEARCH", GARBAGE),
        ("SEARCH", SILENCE),
        ("FETCH", CLOSE),
        ("FETCH", HALF),
        ("FETCH", HUGE),
        ("FETCH", GARBAGE),
        ("FETCH", DRIP),
        ("IDLE", BYE),
        ("IDLE", NO),
        ("IDLE", SILENCE),
        ("IDLING", BYE),
        ("IDLING", CLOSE),
        ("IDLING", SILENCE),
        ("MOVE", CLOSE),
        ("NOOP", BYE),
    ],
)
async def test_whatever_the_server_does_the_mail_comes_in_and_the_trouble_ends(
    server: ScriptedImap, life: Life, command: str, fault: str
) -> None:
    server.faults[command] = [fault]
    server.mails[1] = mail(1)
    life.account = replace(life.account, timeout=0.3)
    async with life.running():
        await eventually(lambda: 1 in server.moved)
        server.mails[2] = mail(2)
        await eventually(lambda: 2 in server.moved, timeout=20)
        await eventually(lambda: not server.faults[command])
        await eventually(lambda: not life.health._problems)
    assert {raw.data for raw in life.memory.taken} == {mail(1), mail(2)}


async def test_a_refused_login_is_said_so_with_its_time_and_recovers_by_itself(
    server: ScriptedImap, life: Life
) -> None:
    server.password = "another"
    server.mails[1] = mail(1)
    async with life.running():
        await eventually(lambda: server.count("LOGIN") >= 3)
        problem, since = await life.problem(), life.health.since("imap")
        assert problem.startswith("the login is refused: [AUTHENTICATIONFAILED] wrong password; next attempt in")
        assert since is not None
        await eventually(lambda: server.count("LOGIN") >= 5)
        assert life.health.since("imap") == since
        assert not life.health.blocks(await life.health.failing())
        server.password = "any"
        await eventually(lambda: 1 in server.moved)
        await eventually(lambda: not life.health._problems)
    assert life.health.since("imap") is None


async def test_a_mailbox_in_trouble_never_delays_another(server: ScriptedImap, life: Life) -> None:
    with scripted_imap(ScriptedImap(mails={1: mail(1)}, faults={"GREETING": [SILENCE] * 100})) as stuck:
        slow = Life(account_at(stuck.port, label="trög", timeout=30.0), health=life.health)
        async with slow.running(), life.running():
            server.mails[1] = mail(1)
            await eventually(lambda: 1 in server.moved)
        assert not stuck.moved


async def test_a_mail_that_the_server_will_not_hand_over_stops_none_behind_it(server: ScriptedImap, life: Life) -> None:
    server.mails |= {number: mail(number) for number in range(1, 6)}
    server.unfetchable = {2}
    async with life.running():
        await eventually(lambda: len(server.moved) == 4)
        assert "UID 2" in await eventually(lambda: life.problem(".fetch"))
    assert sorted(life.memory.uids) == [1, 3, 4, 5]
    assert 2 in server.mails


async def test_a_mail_that_the_server_dies_of_stops_none_behind_it(server: ScriptedImap, life: Life) -> None:
    server.mails |= {number: mail(number) for number in range(1, 6)}
    server.deadly = {2}
    async with life.running():
        await eventually(lambda: len(server.moved) == 4)
        assert "UID 2" in await eventually(lambda: life.problem(".fetch"))
        server.mails[6] = mail(6)
        await eventually(lambda: 6 in server.moved)
    assert sorted(life.memory.uids) == [1, 3, 4, 5, 6]


async def test_a_refused_move_is_shown_and_the_mail_is_not_read_again(server: ScriptedImap, life: Life) -> None:
    server.mails |= {1: mail(1), 2: mail(2), 3: mail(3)}
    server.immovable = {2}
    async with life.running():
        await eventually(lambda: server.moved.keys() == {1, 3})
        problem = await eventually(lambda: life.problem(".move"))
        assert problem.startswith("1 taken in and not moved to Behandlat: MOVE answered NO: [OVERQUOTA]")
    async with life.running():  # after a restart, too
        await eventually(lambda: server.count("IDLE") >= 3)
        assert life.memory.uids == [1, 2, 3]
    server.immovable = set()
    async with life.running():
        await eventually(lambda: 2 in server.moved)
        await eventually(lambda: not life.health._problems)
    assert life.memory.uids == [1, 2, 3]
    assert not life.memory.unmoved


async def test_a_folder_that_cannot_be_made_keeps_no_mail_out(server: ScriptedImap, life: Life) -> None:
    server.folders = {"INBOX"}
    server.faults["CREATE"] = [NO]
    server.mails |= {1: mail(1), 2: mail(2)}
    async with life.running():
        await eventually(lambda: life.memory.uids == [1, 2])
        assert "not moved to Behandlat: not now" in await eventually(lambda: life.problem(".move"))
    async with life.running():
        await eventually(lambda: server.moved.keys() == {1, 2})
        await eventually(lambda: not life.health._problems)
    assert life.memory.uids == [1, 2]


@pytest.mark.parametrize("refused", ["MOVE", "CREATE"])
async def test_what_cannot_be_moved_is_tried_again_without_a_restart(
    server: ScriptedImap, life: Life, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    monkeypatch.setattr(session, "MOVE_AGAIN_SECONDS", 0.05)
    server.mails[1] = mail(1)
    server.folders = {"INBOX", "Behandlat"} if refused == "MOVE" else {"INBOX"}
    server.faults[refused] = [NO] * 3
    async with life.running():
        await eventually(lambda: life.problem(".move"))
        await eventually(lambda: 1 in server.moved)
        await eventually(lambda: not life.health._problems)
    assert server.count("LOGIN") == 1


async def test_without_move_what_is_copied_and_not_removed_is_copied_once(
    server: ScriptedImap, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOVE_AGAIN_SECONDS", 0.05)
    server.capabilities = "IMAP4rev1 IDLE UIDPLUS"
    server.mails |= {1: mail(1), 2: mail(2)}
    server.faults["STORE"] = [NO] * 8
    server.faults["IDLE"] = ["", BYE]  # another connection, the same numbers
    async with life.running():
        assert "STORE answered NO" in await eventually(lambda: life.problem(".move"))
        await eventually(lambda: server.moved.keys() == {1, 2})
        await eventually(lambda: not life.health._problems)
    assert sorted(server.copies) == [1, 2]


async def test_a_new_uidvalidity_makes_all_old_numbers_void(server: ScriptedImap, life: Life) -> None:
    life.memory.places[life.account.name] = Place(uidvalidity=6)
    server.mails[1] = mail(1)
    async with life.running():
        await eventually(lambda: 1 in server.moved)
    assert life.memory.places[life.account.name] == Place(uidvalidity=7)
    assert life.memory.taken[0].uidvalidity == 7


async def test_a_page_is_all_that_is_looked_at_in_one_go(server: ScriptedImap, life: Life) -> None:
    server.mails |= {number: mail(number) for number in range(1, 301)}
    life.account = replace(life.account, page=100)
    async with life.running():
        await eventually(lambda: len(server.moved) == 300)
    asked = [one for one in server.heard if one.startswith("FETCH") and "RFC822.SIZE" in one]
    assert [len(one.split(" ")[1].split(",")) for one in asked] == [100, 100, 100]
    assert life.memory.uids == list(range(1, 301))


class Slow(Memory):
    """Takes in a mail only when the next one is fetched."""

    def __init__(self, server: ScriptedImap) -> None:
        super().__init__()
        self.server = server

    async def receive(self, raws: Sequence[RawMail], mailbox: str) -> list[str]:
        if any(raw.uid <= 50 for raw in raws):
            await eventually(lambda: sum("BODY" in one for one in list(self.server.heard)) == 2)
            assert not self.server.moved
        return await super().receive(raws, mailbox)


async def test_the_next_mails_are_fetched_while_those_before_are_taken_in(server: ScriptedImap, life: Life) -> None:
    server.mails |= {number: mail(number) for number in range(1, 61)}
    life.memory = Slow(server)
    async with life.running():
        await eventually(lambda: len(server.moved) == 60)
    assert life.memory.uids == list(range(1, 61))


class Away(Memory):
    """A log that is found to be away while the server is slow with the next mails."""

    def __init__(self, server: ScriptedImap, times: int) -> None:
        super().__init__()
        self.left = [3 * number for number in reversed(range(times))]
        self.server = server

    async def receive(self, raws: Sequence[RawMail], mailbox: str) -> list[str]:
        if self.left:
            left = self.left.pop(0)
            await eventually(lambda: len(self.server.faults["FETCH"]) == left)
            raise TransientError("the log is away")
        return await super().receive(raws, mailbox)


async def test_while_a_part_of_ours_is_away_the_mail_waits_and_none_is_taken_for_a_bad_one(
    server: ScriptedImap, life: Life
) -> None:
    server.mails |= {number: mail(number) for number in range(1, 121)}
    server.faults["FETCH"] = ["", "", SILENCE] * 6  # the sizes, the first mails, the next
    life.memory = Away(server, 6)
    async with life.running():
        assert (await eventually(life.problem)).startswith("the log is away; next attempt in")
        await eventually(lambda: len(server.moved) == 120)
        await eventually(lambda: not life.health._problems)
    assert life.memory.uids == list(range(1, 121))


async def test_a_mail_says_where_it_lay_and_when_it_came(server: ScriptedImap, life: Life) -> None:
    server.mails[17] = mail(17)
    life.account = replace(life.account, entrance="mejl-bostad", address="bostad@kommun.example")
    async with life.running():
        await eventually(lambda: server.moved)
    (raw,) = life.memory.taken
    assert (raw.mailbox, raw.uidvalidity, raw.uid, raw.quiet) == (life.account.name, 7, 17, False)
    assert raw.internal_at is not None
    assert raw.internal_at.isoformat() == "2026-11-05T08:09:10+01:00"
    assert life.memory.to == {"mejl-bostad"}


async def test_a_silent_server_is_dropped_within_the_deadline_from_another_thread(server: ScriptedImap) -> None:
    server.faults["LOGIN"] = [DRIP]
    box = Mailbox(account_at(server.port))
    opening = asyncio.create_task(asyncio.to_thread(box.open))
    await eventually(lambda: server.count("LOGIN"))
    box.drop()
    with pytest.raises(Exception, match=r"EOF|closed|unexpected"):
        await opening


async def test_starttls_never_goes_on_in_clear(server: ScriptedImap) -> None:
    box = Mailbox(account_at(server.port, security=Security.STARTTLS))
    with pytest.raises(Exception, match="TLS not supported"):
        await asyncio.to_thread(box.open)
    assert not server.count("LOGIN")


def test_no_secret_is_shown_with_its_account() -> None:
    oauth2 = OAuth2("https://id.example/token", "app", "hemlig-nyckel")
    shown = repr(Account("h", 1, "u", "hemligt-ord", oauth2=oauth2))
    assert "hemlig" not in shown
