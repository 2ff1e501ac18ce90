"""People and places of a town that does not exist, as many as are asked for, the same every time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words(
    "Anna Eva Maria Karin Kristina Lena Sara Emma Kerstin Ingrid Marie Malin Jenny Hanna Birgitta Susanne Linda Ulla "
    "Elin Monica Sofia Josefin Carina Annika Åsa Märta Göta Ylva Agneta Viktoria Fatima Amina Layla Zahra Nour Helena "
    "Louise Cecilia Linnéa Margareta Gunilla Siv Britt Barbro Alva Wilma Ebba Tuva Ellen Signe Lars Karl Anders Johan "
    "Per Nils Erik Mikael Jan Peter Hans Lennart Olof Fredrik Thomas Gunnar Sven Bengt Bo Daniel Åke Göran Magnus "
    "Alexander Stefan Jonas Håkan Ulf Björn Mats Kjell Sören Jörgen Östen Christer Krister Kristoffer Mohammed Ali "
    "Ahmed Omar Hassan Yusuf Gustav Gustaf Oscar Oskar Viktor Hugo Elias William Liam Noah Lucas Adam Ludvig Torbjörn"
)
_BEGIN = _words(
    "Berg Lind Ström Sjö Ek Björk Sand Holm Lund Ny Hed Eng Ås Öst Väst Norr Söder Dal Forss Håll Käll Ång Gran Alm "
    "Hag Kvarn Back Wall Rosen Blom Sund Hell Häg Hjelm Åker Wik Fager Stål Älv Mo"
)
_END = _words("man kvist qvist gren ström berg lund holm dahl bäck stedt gård ell én ander strand mark sten lin blad")
_SONS = _words(
    "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson "
    "Jansson Hansson Bengtsson Jönsson Carlsson Petersson Magnusson Lindqvist Olofsson Åkesson Björnsson Östlund "
    "Öberg Åberg Ahmed Ali Hassan Hussein Mohamed Ibrahim Abdi Novak Kowalska Virtanen Korhonen Nguyen"
)
_TREES = _words(
    "Björk Lind Ek Alm Rönn Ask Lönn Syren Ros Tall Gran Hassel Kvarn Sko Smed Sten Sjö Ängs Skogs Kyrk Prost Slotts "
    "Norra Södra Östra Västra Nya Gamla Övre Nedre Lilla Stora Mellan Hamn Kaj Bro Vatten Brunns Tegel Kung Drottning"
)
_KIND = _words("gatan vägen gränd stigen backen torget allén liden plan kroken slingan")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who lives there; numbers begin with 099, which nobody has."""

    key: str
    first: str
    last: str
    email: str
    phone: str
    street: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


def people(count: int, seed: int = 1) -> Iterator[Person]:
    """Yield people, the more common names more often."""
    rng = random.Random(seed)
    rare = [f"{begin}{end}" for begin in _BEGIN for end in _END]
    for number in range(count):
        first = _FIRST[int(len(_FIRST) * rng.random() ** 1.6)]
        last = _SONS[int(len(_SONS) * rng.random() ** 1.5)] if rng.random() < 0.45 else rng.choice(rare)
        plain = f"{first}.{last}".lower().translate(str.maketrans("åäöéëü", "aaoeeu"))
        digits = f"{(number * 7_919 + 104_729) % 10_000_000:07}"
        street = f"{rng.choice(_TREES)}{rng.choice(_TREES).lower() if rng.random() < 0.4 else ''}{rng.choice(_KIND)}"
        yield Person(
            f"bench:{number}", first, last, f"{plain}{number % 97}@medborgare.example", f"+4699{digits}",
            f"{street} {rng.randrange(1, 120)}",
        )  # fmt: skip
