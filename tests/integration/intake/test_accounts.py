"""Mailboxes on a real Dovecot: TLS and its refusal, XOAUTH2, MOVE and none, IDLE, new numbers, old mail in pages."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
import pytest

from deploy.local.part import HOST
from services.intake.channels.account import Account, OAuth2, Security
from services.intake.usecases.receive_mail import RawMail
from tests.support.dovecot import Dovecot, dovecot, needs_dovecot, password_of
from tests.support.mailbox_life import Life, Memory
from tests.support.token_server import TokenServer, token_server
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, needs_dovecot]

OLD, NEW = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC)


def mail(number: int) -> bytes:
    return f"Message-ID: <{number}@example.se>\r\nSubject: {number}\r\n\r\nHej\r\n".encode()


def account_of(server: Dovecot, user: str) -> Account:
    return Account(
        HOST, server.port, user, password_of(user), security=Security.NONE, timeout=10, poll_seconds=60, label="prov"
    )


def fill(server: Dovecot, user: str, numbers: Sequence[int], when: datetime) -> None:
    """Put mails into the maildir as the server itself would have, at an hour of old."""
    home = server.maildir(user)
    with server.client(user) as box:
        box.select("INBOX")
    owner = home.stat()
    for number in numbers:
        path = home / "tmp" / f"{int(when.timestamp())}.M{number:06}P1.prov"
        path.write_bytes(mail(number))
        os.utime(path, (when.timestamp(), when.timestamp()))
        os.chown(path, owner.st_uid, owner.st_gid)
        path.rename(home / "new" / path.name)


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_a_mailbox_is_read_over_tls_whose_certificate_is_trusted_and_by_no_other(
    dovecot: Dovecot, security: Security
) -> None:
    user = dovecot.new_user()
    dovecot.append(user, [mail(1)])
    port = dovecot.tls_port if security is Security.TLS else dovecot.port
    account = replace(account_of(dovecot, user), port=port, security=security, timeout=20)
    strange = Life(account)
    async with strange.running():
        problem = await eventually(strange.problem)
    assert problem.startswith("the server's certificate is not trusted: self"), problem
    trusted = Life(replace(account, ca_file=str(dovecot.trusted)))
    async with trusted.running():
        await eventually(lambda: dovecot.holds(user, "Behandlat", 1))
    assert (len(strange.memory.taken), len(trusted.memory.taken)) == (0, 1)


async def test_a_certificate_of_another_name_is_not_trusted(dovecot: Dovecot) -> None:
    account = replace(account_of(dovecot, dovecot.new_user()), host="localhost", port=dovecot.tls_port)
    life = Life(replace(account, security=Security.TLS, ca_file=str(dovecot.trusted)))
    async with life.running():
        assert "not valid for 'localhost'" in await eventually(life.problem)


async def test_a_wrong_password_is_a_refused_login_in_words(dovecot: Dovecot) -> None:
    life = Life(replace(account_of(dovecot, dovecot.new_user()), password="fel"))
    async with life.running():
        assert (await eventually(life.problem)).startswith("the login is refused: [AUTHENTICATIONFAILED]")


async def test_a_password_may_have_swedish_letters_and_quotes(dovecot: Dovecot) -> None:
    user, password = dovecot.new_user(), 'lösen"åäö\\ 1'
    (dovecot.data / "users" / user).write_text(f"{user}:{{PLAIN}}{password}\n")
    life = Life(replace(account_of(dovecot, user), password=password))
    async with life.running():
        await eventually(lambda: life.account.name in life.memory.places)


async def test_idle_tells_of_a_mail_long_before_the_next_poll(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    life = Life(account_of(dovecot, user))
    async with life.running():
        await eventually(lambda: life.account.name in life.memory.places)
        for number in range(3):
            dovecot.append(user, [mail(number)])
            await eventually(lambda: len(life.memory.taken) == number + 1)  # noqa: B023 - waited for within the turn
        await eventually(lambda: dovecot.count(user, "Behandlat") == 3)


async def test_folders_have_swedish_names_and_lie_within_others(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    with dovecot.client(user) as box:
        box.create('"Inkorg &AOU-r 2026"')
    dovecot.append(user, [mail(1)], "Inkorg &AOU-r 2026")
    account = replace(account_of(dovecot, user), folder="Inkorg år 2026", processed='Färdigt/"Ärenden"')
    async with Life(account).running():
        await eventually(lambda: dovecot.holds(user, r"F&AOQ-rdigt/\"&AMQ-renden\"", 1))


async def test_a_server_without_move_and_idle_is_read_all_the_same() -> None:
    with dovecot("imap_capability = IMAP4rev1 UIDPLUS") as server:
        user = server.new_user()
        life = Life(account_of(server, user))
        async with life.running():
            server.append(user, [mail(1), mail(2)])
            await eventually(lambda: server.holds(user, "Behandlat", 2))
        assert server.count(user) == 0


async def test_a_server_that_is_killed_is_shown_with_its_time_and_read_again_when_it_is_back() -> None:
    with dovecot() as server:
        user = server.new_user()
        life = Life(account_of(server, user))
        assert server.running is not None
        async with life.running():
            server.append(user, [mail(1)])
            await eventually(lambda: len(life.memory.taken) == 1)
            server.running.kill()
            await eventually(life.problem)
            since = life.health.since("imap:prov")
            assert since is not None
            await eventually(life.problem)
            assert life.health.since("imap:prov") == since
            server.running.again()
            server.append(user, [mail(2)])
            await eventually(lambda: server.holds(user, "Behandlat", 2))
            await eventually(lambda: not life.health._problems)


async def test_a_new_uidvalidity_under_way_reads_on_and_nothing_twice(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    life = Life(account_of(dovecot, user))
    dovecot.append(user, [mail(1)])
    async with life.running() as mailbox:
        await eventually(lambda: dovecot.holds(user, "Behandlat", 1))
        before = life.memory.places[life.account.name].uidvalidity
        await asyncio.to_thread(dovecot.renumber, user)
        mailbox.drop()
        dovecot.append(user, [mail(2)])
        await eventually(lambda: dovecot.holds(user, "Behandlat", 2))
    assert life.memory.places[life.account.name].uidvalidity != before
    assert [raw.data for raw in life.memory.taken] == [mail(1), mail(2)]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the server's own user may read."""
    made = Path(tempfile.mkdtemp(prefix="kontaktcenter-accounts-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


async def test_a_move_that_the_server_forbids_is_shown_and_the_mail_is_not_read_for_ever(open_folder: Path) -> None:
    rights = open_folder / "acl"
    rights.write_text("INBOX owner lrwstipekxa\nBehandlat owner lr\n")
    extra = f"mail_plugins = acl\nplugin {{\n  acl = vfile:{rights}\n}}\n"
    with dovecot(extra) as server:
        user = server.new_user()
        life = Life(account_of(server, user))
        server.append(user, [mail(1)])
        server.doveadm("mailbox", "create", "-u", user, "Behandlat")
        for _ in range(2):
            async with life.running():
                problem = await eventually(lambda: life.problem(".move"))
                assert "[NOPERM]" in problem
            life.health.set("imap:prov.move", None)
        assert len(life.memory.taken) == 1
        assert server.count(user) == 1


OAUTH2 = """
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


@pytest.fixture
def giver() -> Iterator[TokenServer]:
    with token_server() as made:
        yield made


async def test_a_mailbox_is_opened_by_a_token_that_the_server_looks_into(giver: TokenServer, open_folder: Path) -> None:
    (open_folder / "oauth2").write_text(OAUTH2.format(url=giver.introspection_url))
    extra = (
        "auth_mechanisms = plain xoauth2 oauthbearer\n"
        f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {open_folder / 'oauth2'}\n}}\n"
    )
    with dovecot(extra) as server:
        giver.user = user = server.new_user()
        oauth2 = OAuth2(giver.token_url, "app-1", "hemligt", "imap")
        life = Life(replace(account_of(server, user), password="", oauth2=oauth2))
        server.append(user, [mail(1)])
        async with life.running() as mailbox:
            await eventually(lambda: server.holds(user, "Behandlat", 1))
            giver.given.append("the server knows another token by now")
            mailbox.drop()
            server.append(user, [mail(2)])
            await eventually(lambda: server.holds(user, "Behandlat", 2))
    assert len(giver.asked) == 2


@dataclass(slots=True)
class Count(Memory):
    """Remembers of each mail only its number and whether it was quiet."""

    seen: list[tuple[int, bool]] = field(default_factory=list)

    async def receive(self, raws: Sequence[RawMail], _mailbox: str) -> list[str]:
        self.seen.extend((raw.uid, raw.quiet) for raw in raws)
        self.unmoved |= {raw.uid: raw.spot for raw in raws}
        return []


@pytest.mark.parametrize("count", [2_000, pytest.param(50_000, marks=[pytest.mark.long, pytest.mark.timeout(1_200)])])
async def test_old_mail_comes_in_quietly_in_pages_after_what_is_new_and_goes_on_after_a_stop(
    dovecot: Dovecot, count: int
) -> None:
    user = dovecot.new_user()
    fill(dovecot, user, range(count), OLD)
    fill(dovecot, user, range(count, count + 10), NEW)
    memory = Count()
    life = Life(replace(account_of(dovecot, user), import_before=date(2026, 11, 1), page=250), memory)
    before = psutil.Process().memory_info().rss
    async with life.running():
        await eventually(lambda: len(memory.seen) > count // 4, timeout=300)
        assert [quiet for _, quiet in memory.seen[:10]] == [False] * 10
        fill(dovecot, user, [count + 10], NEW)
        await eventually(lambda: sum(not quiet for _, quiet in memory.seen) == 11, timeout=60)
        assert len(memory.seen) < count
    async with life.running():
        await eventually(lambda: len(memory.seen) >= count + 11, timeout=900)
        await eventually(lambda: not memory.unmoved)
    assert psutil.Process().memory_info().rss - before < 60_000_000
    assert len({uid for uid, _ in memory.seen}) == len(memory.seen) == count + 11
    assert sum(quiet for _, quiet in memory.seen) == count
    assert (dovecot.count(user), dovecot.count(user, "Behandlat")) == (0, count + 11)
