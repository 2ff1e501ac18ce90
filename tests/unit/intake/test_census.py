"""The census of a mailbox: paged, each header asked for once, and broken off when the server breaks."""

import asyncio
from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from services.intake.channels import census as census_module
from services.intake.channels.account import Account, Security
from services.intake.channels.census import Census
from services.intake.channels.imap_errors import ERRORS, ServerError
from services.intake.channels.mailbox import Mailbox
from services.intake.domain.reconciliation import mark_of
from services.intake.usecases.understand_mail import hash_of
from shared.errors import TransientError
from tests.support.scripted_imap import BYE, DRIP, NO, ScriptedImap, scripted_imap

BEFORE, AFTER = date(2026, 11, 5), date(2026, 11, 6)
"""The server of the tests took everything in on the fifth."""


def census(script: ScriptedImap) -> Census:
    return Census(Account("127.0.0.1", script.port, "k", "any", security=Security.NONE, timeout=2))


def full(count: int) -> ScriptedImap:
    return ScriptedImap({uid: f"Message-ID: <{uid}@example.se>\r\n\r\n".encode() for uid in range(1, count + 1)})


def test_a_large_mailbox_is_counted_by_pages_and_each_header_asked_for_once():
    with scripted_imap(full(1200)) as script:
        made = census(script)
        first = made.take(BEFORE, hash_of)
        assert len(first.inbox.uids) == 1200
        assert list(first.processed.uids) == list(range(1, 1201))
        assert first.processed.marks[41] == mark_of(hash_of(b"Message-ID: <42@example.se>\r\n\r\n"))
        longest = max(one.count(",") for one in script.heard)
        assert longest < 300
        script.heard.clear()
        script.mails[2000] = b"Message-ID: <2000@example.se>\r\n\r\n"
        del script.mails[1]
        again = made.take(BEFORE, hash_of)
        assert list(again.processed.uids) == [*range(2, 1201), 2000]
        assert list(again.processed.marks[:-1]) == list(first.processed.marks[1:])
        assert [one for one in script.heard if "BODY" in one] == ["FETCH 2000 (UID BODY.PEEK[HEADER])"]


def test_what_came_before_the_first_day_is_not_counted_though_the_server_names_it():
    with scripted_imap(full(3)) as script:
        assert list(census(script).take(AFTER, hash_of).processed.uids) == []
        assert any("SINCE 5-Nov-2026" in one for one in script.heard)


def test_after_a_change_of_uidvalidity_nothing_is_believed_of_before():
    with scripted_imap(full(3)) as script:
        made = census(script)
        made.take(BEFORE, hash_of)
        script.uidvalidity = 8
        script.mails = {1: b"Message-ID: <other@example.se>\r\n\r\n"}
        counted = made.take(BEFORE, hash_of)
        assert (counted.processed.uidvalidity, len(counted.processed.uids)) == (8, 1)
        assert counted.processed.marks[0] == mark_of(hash_of(b"Message-ID: <other@example.se>\r\n\r\n"))
        assert made.fetch("", 7, [1], 1000) == {}
        assert made.move(7, 1) is False
        assert script.moved == {}


def test_a_mark_that_the_whole_mail_tells_better_is_remembered():
    with scripted_imap(full(3)) as script:
        made = census(script)
        made.take(BEFORE, hash_of)
        made.correct(7, 2, hash_of(b"better"))
        made.correct(7, 99, hash_of(b"nowhere"))
        made.correct(6, 1, hash_of(b"another time"))
        marks = made.take(BEFORE, hash_of).processed.marks
        assert list(marks) == [mark_of(hash_of(raw)) for raw in (script.mails[1], b"better", script.mails[3])]


STEPS = ("LOGIN", "SELECT", "SEARCH", "FETCH")


@pytest.mark.parametrize(("command", "fault"), [("GREETING", BYE), *product(STEPS, (NO, BYE))])
def test_a_census_that_the_server_breaks_off_is_no_census(command: str, fault: str):
    with scripted_imap(full(3)) as script:
        made = census(script)
        script.faults[command] = [fault]
        with pytest.raises((*ERRORS, TransientError)):
            made.take(BEFORE, hash_of)
        assert len(made.take(BEFORE, hash_of).processed.uids) == 3


def test_a_folder_whose_numbers_are_a_line_beyond_the_librarys_bound_is_read():
    uids = range(1_000_000, 1_150_000)
    with scripted_imap(ScriptedImap(dict.fromkeys(uids, b""))) as script:
        box = Mailbox(census(script).account)
        box.open()
        assert [one.uid for one in box.look(uids[:-3])] == list(uids[-3:])
        box.close()


@pytest.mark.parametrize("command", ["GREETING", *STEPS, "LOGOUT"])
async def test_a_server_that_says_a_byte_now_and_then_holds_no_comparison(command: str) -> None:
    with scripted_imap(full(3)) as script:
        made = Census(replace(census(script).account, timeout=0.1))
        script.faults[command] = [DRIP]
        with pytest.raises(TimeoutError):
            await made.bounded(lambda: made.take(BEFORE, hash_of))
        await asyncio.get_running_loop().shutdown_default_executor()  # the thread has come back


async def test_a_server_whose_answer_is_no_imap_is_a_server_that_fails() -> None:
    with scripted_imap(full(3)) as script:
        script.uidvalidity = "5] ok [x"  # type: ignore[assignment] # that is the point
        made = census(script)
        with pytest.raises(ServerError, match="not understood: ValueError"):
            await made.bounded(lambda: made.take(BEFORE, hash_of))


def test_mails_are_read_by_as_many_bytes_as_memory_is_for_and_only_what_is_made_of_them_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(census_module, "PAGE_BYTES", 1000)
    mails = {1: b"a" * 600, 2: b"b" * 300, 3: b"c" * 200, 4: b"d" * 5000, 5: b"e" * 900}
    with scripted_imap(ScriptedImap(mails)) as script:
        made = census(script).read("", 7, [*mails, 6], 2000, lambda raw, found: (found.uid, raw[:1]))
        assert made == [(uid, raw[:1]) for uid, raw in mails.items()]
        asked = [one.split(" ", 2)[1:] for one in script.heard if "BODY" in one]
    header = "(UID BODY.PEEK[HEADER])"
    whole = "(UID BODY.PEEK[])"
    assert asked == [["1,2", whole], ["3", whole], ["4", header], ["5", whole]]


def test_times_are_asked_for_those_that_are_named_alone_and_under_their_uidvalidity():
    with scripted_imap(full(5)) as script:
        made = census(script)
        assert made.times(7, []) == []
        assert script.heard == []
        assert [one.uid for one in made.times(7, [5, 2, 9])] == [5, 2]
        script.uidvalidity = 8
        with pytest.raises(ServerError, match="renumbered"):
            made.times(7, [5])
