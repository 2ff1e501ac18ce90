from datetime import UTC, date, datetime, timedelta

import pytest

from shared.web import formats
from shared.web.assets import Assets
from shared.web.languages import Texts
from shared.web.pages import make_environment, translation_folders

AT = datetime(2026, 11, 12, 9, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (38, "0:38"), (161.9, "2:41"), (3725, "1:02:05"), (-3, "0:00"), (3 * 86400, "3 d"), (None, "–")],
)
def test_durations(seconds, text):
    assert formats.duration(seconds) == text


def test_a_duration_may_be_a_timedelta():
    assert formats.duration(timedelta(minutes=4, seconds=2)) == "4:02"


def test_times_are_those_of_stockholm():
    assert formats.clock(AT) == "10:42"
    assert formats.clock(datetime(2026, 7, 1, 9, 42, tzinfo=UTC)) == "11:42"
    assert formats.iso(AT) == "2026-11-12T10:42:00+01:00"


def test_a_moment_is_as_near_as_it_needs():
    assert formats.moment(AT, now=AT + timedelta(hours=3)) == "10:42"
    assert formats.moment(AT, now=AT + timedelta(days=2)) == "12 nov. 10:42"
    assert formats.moment(AT, "en", now=AT + timedelta(days=2)) == "12 Nov 10:42"
    assert formats.moment(None) == "–"


def test_days_and_numbers_follow_the_language():
    assert formats.full_day(date(2026, 9, 3)) == "3 september 2026"
    assert formats.full_day(date(2026, 9, 3), "en") == "3 September 2026"
    assert formats.number(2300).replace("\xa0", " ") == "2 300"
    assert formats.number(2300, "en") == "2,300"
    assert formats.percent(0.61).replace("\xa0", " ") == "61 %"


def test_an_address_breaks_after_its_at():
    assert formats.breakable("<anna>@medborgare.example") == "&lt;anna&gt;@<wbr>medborgare.example"


def test_sizes_of_files():
    assert [formats.size(value) for value in (0, 38_400, 1_234_567, None)] == ["1 kB", "38 kB", "1,2 MB", "–"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("+46701740670", "070-174 06 70"),
        ("0701740670", "070-174 06 70"),
        ("070-174 06 70", "070-174 06 70"),
        ("+4686500400", "08-650 04 00"),
        ("+46771567567", "0771-567 567"),
        ("0771-567567", "0771-567 567"),
        ("112", "112"),
        ("11414", "114 14"),
        ("+4611313", "113 13"),
        ("114 14", "114 14"),
        ("+4721234567", "+47 21 23 45 67"),
        ("004721234567", "+47 21 23 45 67"),
        ("4711", "4711"),
        ("Anna Ek", "Anna Ek"),
        ("anna@medborgare.example", "anna@medborgare.example"),
        (None, ""),
        ("", ""),
        ("anonymous", ""),
    ],
)
def test_numbers_are_written_as_people_write_them(number, text):
    assert formats.phone(number) == text


@pytest.mark.parametrize(("language", "text"), [("sv", "Dolt nummer"), ("en", "Number withheld")])
def test_a_withheld_number_is_said_in_words(language, text):
    pages = make_environment([], Texts(translation_folders([])), Assets({}))
    assert pages.from_string("{{ number | phone }}").render(lang=language, number=None) == text
