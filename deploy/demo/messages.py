"""What the invented citizens say: the seed's messages, drawn by channel as a municipality's contacts are mixed."""

import csv
import gzip
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SEED = Path(__file__).parents[1] / "seed"
CHANNELS = {"call": "phone", "email": "email", "visit": "visit", "e_service": "e_service"}
MIX = {"phone": 0.62, "email": 0.22, "visit": 0.06, "e_service": 0.10}
"""Assumed mix of channels (reference: municipal centres report three calls in four)."""
COLD = "Bostadsbolag | Felanmälan | Det är kallt inne, räknas det som ett fel?"


@dataclass(frozen=True, slots=True)
class CitizenMessage:
    """One thing a citizen wants: the channel, the words, and the case type that is right (`path`)."""

    channel: str
    subject: str
    text: str
    path: str

    @property
    def unit(self) -> str:
        """Name of the unit it is about."""
        return self.path.split(" | ")[0]


def load(path: Path = SEED / "contacts-sv.jsonl.gz") -> list[CitizenMessage]:
    """Return every message of the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [CitizenMessage(CHANNELS[row["channel"]], row["subject"], row["text"], row["case_type"]) for row in rows]


def shares(path: Path = SEED / "catalogue-sv.csv") -> dict[str, float]:
    """Return the assumed share of each case type, by path."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {
            " | ".join((row["unit"], row["area"], row["question"])): float(row["share_hint"])
            for row in csv.DictReader(lines)
        }


class Crowd:
    """Draws messages without end: channel by `MIX`, case type by share; the same seed gives the same day."""

    def __init__(self, messages: list[CitizenMessage], weights: dict[str, float], *, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a demo's dice, not a secret
        self._by_channel = {channel: [m for m in messages if m.channel == channel] for channel in MIX}
        self._weights = {
            channel: list(itertools.accumulate(weights.get(message.path, 0.1) for message in pool))
            for channel, pool in self._by_channel.items()
        }
        self._cold = [m for m in messages if m.path == COLD]

    def draw(self) -> CitizenMessage:
        """Return the next message of an ordinary hour."""
        channel = self._random.choices(list(MIX), list(MIX.values()))[0]
        return self._random.choices(self._by_channel[channel], cum_weights=self._weights[channel])[0]

    def draw_cold(self) -> CitizenMessage:
        """Return a message of the spike: it is cold indoors, and most people ring about it."""
        message = self._random.choice(self._cold)
        channel = "phone" if self._random.random() < 0.8 else "email"
        return CitizenMessage(channel, message.subject, message.text, message.path)

    def arrivals(self, rate_per_hour: float, seconds: float) -> Iterator[float]:
        """Yield Poisson arrival offsets in seconds within `seconds` at a steady rate."""
        at = self._random.expovariate(rate_per_hour / 3600)
        while at < seconds:
            yield at
            at += self._random.expovariate(rate_per_hour / 3600)
