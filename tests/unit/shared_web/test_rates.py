"""Buckets of tokens."""

from ipaddress import ip_address

from shared.web import rates
from shared.web.rates import Rates, source_of

HERE = ip_address("192.0.2.1")


class Hand:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills_again():
    clock = Hand()
    turnstile = Rates({"webhooks": 2.0, "pages": 0.0}, clock)
    assert [turnstile.take("webhooks", HERE) for _ in range(5)] == [0, 0, 0, 0, 1]
    clock.now = 0.5
    assert [turnstile.take("webhooks", HERE) for _ in range(2)] == [0, 1]
    assert [turnstile.take("pages", HERE) for _ in range(50)] == [0] * 50
    assert turnstile.take("webhooks", ip_address("192.0.2.2")) == 0
    clock.now = 1000.0
    assert [turnstile.take("webhooks", HERE) for _ in range(5)] == [0, 0, 0, 0, 1]


def test_a_slow_rate_says_how_long():
    assert [Rates({"api": 0.1}, Hand()).take("api", HERE) for _ in range(1)] == [0]
    slow = Rates({"api": 0.1}, Hand())
    assert [slow.take("api", HERE), slow.take("api", HERE)] == [0, 10]


def test_the_table_is_bounded(monkeypatch):
    monkeypatch.setattr(rates, "MOST_SOURCES", 3)
    turnstile = Rates({"api": 1.0}, Hand())
    for number in range(10):
        turnstile.take("api", ip_address(f"192.0.2.{number}"))
    assert len(turnstile) == 3


def test_a_subscriber_of_ipv6_is_one_source():
    assert source_of(ip_address("2001:db8::1")) == source_of(ip_address("2001:db8::2")) == "2001:db8::/64"
    assert source_of(HERE) == "192.0.2.1"
    assert source_of(None) == "None"
