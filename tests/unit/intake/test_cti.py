"""What an exchange posts is read in whatever way it writes it, and whom it names is found among the agents."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.channels import cti
from services.intake.channels.cti import CallNewsError
from services.intake.domain.exchange import ELSEWHERE, Happened, News, after, colleague, who_answered

RING = {"event": "newCall", "from": "46701740601", "to": "46846500400", "direction": "in", "callId": "a-1"}
MARIA = colleague("agent-maria", "Maria Lind", "+46701740605", "5101", "maria.lind@kommun.example")
JONAS = colleague("agent-jonas", "Jonas Berg", "+46701740606", "5102")


def read(**changed: Any) -> News:
    return cti.read({name: value for name, value in (RING | changed).items() if value is not None})


def test_a_ring_with_numbers_without_plus():
    news = read(user=["Växeln"], queue="Vaxel", unknown="?")
    assert (news.happened, news.key, news.caller) == (Happened.RINGS, "cti/a-1", "+46701740601")
    assert news.dialled == ("+46846500400", "46846500400", "Vaxel")
    assert news.incoming
    assert not news.internal


@pytest.mark.parametrize(
    ("written", "number", "extension"),
    [
        ("+46 70-174 06 01", "+46701740601", False),
        ("070-174 06 01", "+46701740601", False),
        ("0046701740601", "+46701740601", False),
        ("sip:+46701740601@pbx.example;user=phone", "+46701740601", False),
        ("4930600000000", "+4930600000000", False),
        (46701740601, "+46701740601", False),
        ("5101", None, True),
        ("anonymous", None, False),
        ("", None, False),
        (None, None, False),
        ("+", None, False),
        ("9" * 40, None, False),
    ],
)
def test_callers_as_exchanges_write_them(written: object, number: str | None, extension: bool):
    news = read(**{"from": written})
    assert (news.caller, news.internal) == (number, extension)


def test_what_is_dialled_may_be_an_extension_or_a_name():
    assert read(to="5000").dialled == ("5000",)
    assert read(to="kundtjanst").dialled == ("kundtjanst",)


@pytest.mark.parametrize("name", ["user", "user[]"])
@pytest.mark.parametrize("users", ["5101", ["5101"], [5101], ["5101", None, {}, ""]])
def test_users_are_one_or_many(name: str, users: object):
    assert who_answered(read(event="answer", **{name: users}), [MARIA, JONAS]) == "agent-maria"


@pytest.mark.parametrize(
    "named",
    ["agent-maria", "AGENT-Maria", "maria  lind", "Maria.Lind@kommun.example", "5101", "46701740605", "070-174 06 05"],
)
def test_an_agent_is_known_by_each_of_her_names(named: str):
    assert who_answered(read(event="answer", user=named), [MARIA, JONAS]) == "agent-maria"
    assert who_answered(read(event="answer", answeringNumber=named), [MARIA, JONAS]) == "agent-maria"


def test_the_user_counts_before_the_number_and_a_name_of_two_names_neither():
    both = [MARIA, JONAS]
    assert who_answered(read(event="answer", user="5102", answeringNumber="5101"), both) == "agent-jonas"
    assert who_answered(read(event="answer", user=["5102", "5101"], answeringNumber="5101"), both) == "agent-maria"
    assert who_answered(read(event="answer", user=["5102", "5101"]), both) == ELSEWHERE
    assert who_answered(read(event="answer", user="Växeln"), both) == ELSEWHERE
    assert who_answered(read(event="answer"), both) == ELSEWHERE
    twin = colleague("agent-maria-2", "Maria Lind")
    assert who_answered(read(event="answer", user="Maria Lind"), [MARIA, twin]) == ELSEWHERE


@pytest.mark.parametrize(
    ("cause", "reason", "forwarded"),
    [
        ("normalClearing", "hung_up", False),
        ("cancel", "hung_up", False),
        ("busy", "busy", False),
        ("noAnswer", "no_answer", False),
        ("congestion", "failed", False),
        ("forwarded", "forwarded", True),
        (None, "hung_up", False),
        ("<script>", "other", False),
    ],
)
def test_how_it_ended(cause: str | None, reason: str, forwarded: bool):
    news = read(event="hangup", cause=cause)
    assert (news.happened, news.reason, news.forwarded) == (Happened.ENDED, reason, forwarded)


@pytest.mark.parametrize(
    ("changed", "pointers"),
    [
        ({"event": "dial"}, ["/event"]),
        ({"event": None}, ["/event"]),
        ({"direction": "sideways"}, ["/direction"]),
        ({"callId": ""}, ["/callId"]),
        ({"callId": ["x"]}, ["/callId"]),
        ({"callId": "x" * 251}, ["/callId"]),
        ({"to": None}, ["/to"]),
        ({"event": True, "direction": 7, "callId": {}}, ["/event", "/direction", "/callId"]),
    ],
)
def test_every_field_that_is_wrong_is_named(changed: dict[str, Any], pointers: list[str]):
    with pytest.raises(CallNewsError) as caught:
        read(**changed)
    assert [error.pointer for error in caught.value.errors] == pointers


def test_the_longest_call_id_is_taken_and_an_outgoing_call_needs_no_number():
    assert read(callId="x" * 250).call_id == "x" * 250
    assert not read(direction="out", to=None).incoming


def test_a_later_answer_is_later_by_any_clock():
    now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert after(now, None) == now
    assert after(now, now - timedelta(seconds=1)) == now
    assert after(now, now + timedelta(seconds=5)) > now + timedelta(seconds=5)
