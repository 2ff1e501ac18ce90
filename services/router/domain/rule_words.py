"""Which contacts a rule speaks of, in words: an example for who has to choose between two rules."""

from collections.abc import Iterator

from services.router.domain.rule_time import WEEKDAYS, Window
from services.router.domain.rules import ALL_QUEUES, Rule
from shared.vocabulary import Channel, TakenOver, WorkKind

Words = tuple[str, str]
"""English and Swedish."""

_CHANNELS: dict[str, Words] = {
    Channel.PHONE: ("calls", "samtal"),
    Channel.EMAIL: ("mails", "mejl"),
    Channel.VISIT: ("visits", "besök"),
    Channel.E_SERVICE: ("e-service submissions", "e-tjänstärenden"),
}
_ADJECTIVES: dict[tuple[str, bool], Words] = {
    ("automatic", True): ("automatic", "automatiska"),
    ("automatic", False): ("not automatic", "inte automatiska"),
    ("unreadable", True): ("unreadable", "oläsbara"),
    ("unreadable", False): ("readable", "läsbara"),
    ("follows", True): ("follow-up", "uppföljande"),
    ("follows", False): ("not follow-up", "inte uppföljande"),
}
_AMONG: dict[str, Words] = {
    "entrance": ("to entrance {}", "till ingången {}"),
    "unit": ("to unit {}", "till verksamheten {}"),
    "case_type": ("about case type {}", "om ärendetypen {}"),
    "case_unit": ("about a matter of unit {}", "om något som rör verksamheten {}"),
    "language": ("in language {}", "på språket {}"),
}
_KINDS: dict[str, Words] = {
    WorkKind.RETURN_CALL: ("that are return calls", "som är återuppringningar"),
    WorkKind.CONSULT: ("that are questions to a colleague", "som är frågor till en kollega"),
}
_TAKEN: dict[str, Words] = {
    TakenOver.NOT: ("about what has not been taken over", "om det som inte är övertaget"),
    TakenOver.TRIAL: ("about what is taken over on trial", "om det som är i provdrift"),
    TakenOver.TAKEN: ("about what has been taken over", "om det som är övertaget"),
}
_DAYS = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")


def contacts_of(rule: Rule) -> Words:
    """Return one kind of contact that the rule fits, in English and Swedish: `automatic mails`, `automatiska mejl`."""
    channel = next((each for each in Channel if each in rule.among.get("channel", ())), None)
    noun = _CHANNELS[channel] if channel else ("contacts", "kontakter")
    before = [_ADJECTIVES[each] for each in rule.truths.items()]
    said = [*before, noun, *_after(rule)]
    return " ".join(each[0] for each in said), " ".join(each[1] for each in said)


def _after(rule: Rule) -> Iterator[Words]:
    for name, (english, swedish) in _AMONG.items():
        if name in rule.among:
            value = min(rule.among[name])
            yield english.format(value), swedish.format(value)
    for words, name in ((_KINDS, "kind"), (_TAKEN, "taken_over")):
        value = min(rule.among.get(name, ()), default="")
        if value in words:
            yield words[value]
    for flag in sorted(rule.flags):
        yield f"with flag {flag}", f"med flaggan {flag}"
    if rule.confidence:
        yield f"classified with confidence {rule.confidence:g}", f"klassade med säkerheten {rule.confidence:g}"
    if rule.open_cases:
        yield f"from who has {rule.open_cases} open cases", f"från den som har {rule.open_cases} öppna ärenden"
    for queue, number in rule.waiting.items():
        english, swedish = ("all queues", "alla köer") if queue == ALL_QUEUES else (f"queue {queue}", f"kön {queue}")
        yield f"while {number} wait in {english}", f"medan {number} väntar i {swedish}"
    if rule.time is not None:
        yield _moment(rule.time)


def _moment(window: Window) -> Words:
    minutes = window.spans[0][0]
    clock = f"{minutes // 60:02}:{minutes % 60:02}"
    holiday = ("", "") if window.holiday is None else (" on a holiday", " en helgdag")
    if window.holiday is False:
        holiday = (" on no holiday", " en dag som inte är helgdag")
    days = window.days()
    if days is not None and (day := next(days, None)) is not None:
        return f"on {day} at {clock}", f"den {day} kl. {clock}"
    since = (f" from {window.first}", f" från {window.first}") if window.first else ("", "")
    weekday = min(window.weekdays)
    english, swedish = WEEKDAYS[weekday].capitalize(), _DAYS[weekday]
    return f"on a {english} at {clock}{holiday[0]}{since[0]}", f"en {swedish} kl. {clock}{holiday[1]}{since[1]}"
