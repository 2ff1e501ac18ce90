"""The form of a checklist: one set of fields for many steps and ends, read back into a checklist with its faults.

A field is called `steps-2-text` or `steps-2-options-0-label`: the part, its number on the page, and what it is.
What the form does not show comes from the checklist it was made from, so that writing loses nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from services.casework.domain.checklist import Checklist, End, Link, Option, Step, used_params
from services.casework.domain.checklist_edits import free_id
from services.casework.domain.triggers import Trigger, is_day, read_trigger
from services.casework.web.typed import MISSING, NOT_LISTED, TOO_LONG
from shared.vocabulary import Identity, Outcome, Resolution, Secrecy, StepType

FULL = "Checklistan är full. Dela den i två."
NO_MONTHS = "Skriv ett antal månader, 1 till 60."
NO_DAY = "Skriv dagen först på raden, som 10-01 (varje år) eller 2027-01-01."
NO_LINK = "Skriv text, mellanslag och en adress som börjar med https://, en länk per rad."
TEXTS = (FULL, NO_LINK, NO_MONTHS, NO_DAY, MISSING, TOO_LONG, NOT_LISTED)
"""What is said beside a field, for the test of the translations."""
LONG, SHORT = 2_000, 200
ROOM = 900
"""How many fields a form may have before nothing can be added: above 1,000 it would not be read at all."""
PRIORITIES = ("akut", "hög", "normal", "låg")
MODES = ("", "koppla", "återuppringning")
_MOST_MONTHS = 60
_PART = re.compile(r"(steps|ends)-(\d{1,4})-([a-z_]+)(?:-(\d{1,4})-([a-z_]+))?")
_TRIGGER = re.compile(r"(?:(\d\d\d\d-\d\d-\d\d|\d\d-\d\d)\s+)?(.+)")
_ID = re.compile(r"[\w-]{1,60}")

Word = TypeVar("Word", bound=StrEnum)
Fields = dict[str, str]


@dataclass(slots=True)
class Written:
    """What was written: the checklist as far as it can be made out, and what is wrong beside which field."""

    checklist: Checklist
    faults: dict[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


def read_form(values: Mapping[str, str], base: Checklist) -> Written:
    """Return the checklist that a form says; `base` is the one it was made from."""
    return _Reader(values, base).read()


class _Reader:
    """Reads one form and notes what is wrong with it."""

    def __init__(self, values: Mapping[str, str], base: Checklist) -> None:
        self._values = values
        self._base = base
        self._faults: dict[str, str] = {}
        self._ids: set[str] = set()
        self._called: dict[str, str] = {}

    def read(self) -> Written:
        parts = _parts(self._values)
        steps = [self._step(number, one) for number, one in enumerate(parts["steps"])]
        ends = [self._end(number, one) for number, one in enumerate(parts["ends"])]
        base = self._base
        made = replace(
            base,
            steps=tuple(self._led(step) for step in steps),
            ends=tuple(ends),
            identity=self._word("identity", Identity, base.identity),
            identity_note=self._text("identity_note", base.identity_note),
            secrecy=self._word("secrecy", Secrecy, base.secrecy),
            legal_note=self._text("legal_note", base.legal_note),
            owner_role=self._text("owner_role", base.owner_role, most=SHORT),
            forbid=self._list("forbid", base.forbid),
            review_months=self._months(),
            review_triggers=self._triggers(),
        )
        names = sorted(used_params(made))
        made = replace(made, params={name: base.params.get(name, "") for name in names})
        return Written(made, self._faults, self._values)

    def _step(self, number: int, part: "_Part") -> Step:
        name = f"steps-{number}"
        was = self._base.step(part.fields.get("id", "")) or Step("", StepType.ASK, "")
        options = tuple(
            Option(self._of(one, "label", f"{name}-options-{index}", SHORT), one.get("goto", "").strip())
            for index, one in enumerate(part.options)
        )
        return replace(
            was,
            id=self._id(part.fields.get("id", ""), "s"),
            type=self._one(part.fields, "type", name, StepType, was.type),
            text=self._of(part.fields, "text", name, LONG),
            note=self._of(part.fields, "note", name, LONG),
            obligatory=part.fields.get("obligatory") == "true",
            delegation=part.fields.get("delegation") == "true",
            links=self._links(part.fields, name),
            goto=None if options else part.fields.get("goto", "").strip() or None,
            options=options,
        )

    def _links(self, fields: Mapping[str, str], part: str) -> tuple[Link, ...]:
        """Return links, one a line: the text, a space and the address."""
        found = []
        for line in _lines(self._of(fields, "links", part, LONG)):
            label, _, url = line.rpartition(" ")
            if not label.strip() or not url.startswith("https://"):
                self._faults[f"{part}-links"] = NO_LINK
                continue
            found.append(Link(label.strip(), url))
        return tuple(found)

    def _end(self, number: int, part: "_Part") -> End:
        name, fields = f"ends-{number}", part.fields
        was = self._base.end(fields.get("id", "")) or End("", Outcome.CLOSE)
        kind = self._one(fields, "kind", name, Outcome, was.kind)
        said: dict[str, Any] = {one: self._of(fields, one, name, LONG) for one in ("message", "note")}
        return replace(
            was,
            id=self._id(fields.get("id", ""), "slut"),
            kind=kind,
            resolution=self._resolution(fields, name) if kind is Outcome.CLOSE else None,
            forbid=_lines(self._of(fields, "forbid", name, LONG)),
            **said,
            **self._where(fields, name, kind),
        )

    def _where(self, fields: Mapping[str, str], name: str, kind: Outcome) -> dict[str, Any]:
        """Return what is said of the receiver: an end that closes has none."""
        to = self._of(fields, "to", name, SHORT) if kind is not Outcome.CLOSE else ""
        found: dict[str, Any] = {"to": to or None}
        handed = kind is Outcome.HANDOVER
        for one in ("mode", "receive_within", "answer_citizen_within"):
            found[one] = (self._of(fields, one, name, SHORT) or None) if handed else None
        found["priority"] = (fields.get("priority", "") or "normal") if handed else "normal"
        found["why"] = self._of(fields, "why", name, LONG) if handed else ""
        found["extra_fields"] = _lines(self._of(fields, "extra_fields", name, LONG)) if handed else ()
        return found

    def _resolution(self, fields: Mapping[str, str], name: str) -> str | None:
        said = fields.get("resolution", "")
        if said not in {word.value for word in Resolution}:
            self._faults[f"{name}-resolution"] = NOT_LISTED if said else MISSING
            return None
        return said

    def _led(self, step: Step) -> Step:
        """Return a step whose ways go where the form says, by the ids that its parts have now."""
        options = tuple(replace(option, goto=self._called.get(option.goto, "")) for option in step.options)
        return replace(step, goto=self._called.get(step.goto or "") or None, options=options)

    def _id(self, sent: str, stem: str) -> str:
        """Return the id of a part: its own, or a fresh one when it has none that can be used."""
        own = sent if _ID.fullmatch(sent) and sent not in self._ids else free_id(self._ids, stem)
        self._ids.add(own)
        self._called.setdefault(sent, own)
        return own

    def _of(self, fields: Mapping[str, str], name: str, part: str, most: int) -> str:
        return self._bounded(f"{part}-{name}", fields.get(name, ""), most)

    def _text(self, name: str, otherwise: str, *, most: int = LONG) -> str:
        return self._bounded(name, self._values[name], most) if name in self._values else otherwise

    def _bounded(self, name: str, sent: str, most: int) -> str:
        found = sent.replace("\x00", "").replace("\r\n", "\n").strip()
        if len(found) > most:
            self._faults[name] = TOO_LONG
        return found

    def _list(self, name: str, otherwise: Sequence[str]) -> tuple[str, ...]:
        return _lines(self._text(name, "")) if name in self._values else tuple(otherwise)

    def _word(self, name: str, words: type[Word], otherwise: Word) -> Word:
        return self._one(self._values, name, "", words, otherwise)

    def _one(self, fields: Mapping[str, str], name: str, part: str, words: type[Word], otherwise: Word) -> Word:
        said = fields.get(name)
        if said is None:
            return otherwise
        if said not in {word.value for word in words}:
            self._faults["-".join(filter(None, (part, name)))] = NOT_LISTED
            return otherwise
        return words(said)

    def _triggers(self) -> tuple[Trigger, ...]:
        """Return the reasons to read it again, one a line, the day first if there is one."""
        if "review_triggers" not in self._values:
            return self._base.review_triggers
        known = {one.text: one for one in self._base.review_triggers}
        found = []
        for line in _lines(self._text("review_triggers", "")):
            match = _TRIGGER.fullmatch(line)
            day, text = (match[1] or "", match[2]) if match else ("", line)
            if not is_day(day):
                self._faults["review_triggers"] = NO_DAY
                continue
            was = known.get(text) or read_trigger(text)
            found.append(replace(was, day=day if day or text in known else was.day))
        return tuple(found)

    def _months(self) -> int | None:
        if (said := self._values.get("review_months")) is None:
            return self._base.review_months
        if not said.strip():
            return None
        if not (re.fullmatch(r"[0-9]{1,3}", said.strip()) and 1 <= int(said) <= _MOST_MONTHS):
            self._faults["review_months"] = NO_MONTHS
            return self._base.review_months
        return int(said)


@dataclass(slots=True)
class _Part:
    """The fields of one step or end, and of its answers, as they were sent."""

    fields: Fields = field(default_factory=dict)
    options: list[Fields] = field(default_factory=list)


def _parts(values: Mapping[str, str]) -> dict[str, list[_Part]]:
    """Return the steps and the ends of a form by their numbers; a number that is left out leaves no hole."""
    found: dict[str, dict[int, _Part]] = {"steps": {}, "ends": {}}
    answers: dict[tuple[int, int], Fields] = {}
    for name, value in values.items():
        if not (match := _PART.fullmatch(name)):
            continue
        part = found[match[1]].setdefault(int(match[2]), _Part())
        if match[5] is None:
            part.fields[match[3]] = value
        elif match[1] == "steps" and match[3] == "options":
            answers.setdefault((int(match[2]), int(match[4])), {})[match[5]] = value
    for (number, _), answer in sorted(answers.items(), key=lambda one: one[0]):
        found["steps"][number].options.append(answer)
    return {kind: [part for _, part in sorted(parts.items())] for kind, parts in found.items()}


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split("\n") if line.strip())


def form_of(checklist: Checklist) -> Fields:
    """Return the fields of a form that says the checklist; read back they make it again."""
    return dict(_fields_of(checklist))


def _fields_of(checklist: Checklist) -> Iterator[tuple[str, str]]:
    for name in ("identity", "identity_note", "secrecy", "legal_note", "owner_role"):
        yield name, str(getattr(checklist, name))
    yield "forbid", "\n".join(checklist.forbid)
    yield "review_triggers", "\n".join(f"{one.day} {one.text}".strip() for one in checklist.review_triggers)
    yield "review_months", str(checklist.review_months or "")
    yield from _step_fields(checklist)
    for number, end in enumerate(checklist.ends):
        for name in ("id", "kind", "resolution", "message", "to", "mode", "priority", "note", "why"):
            yield f"ends-{number}-{name}", str(getattr(end, name) or "")
        for name in ("receive_within", "answer_citizen_within"):
            yield f"ends-{number}-{name}", getattr(end, name) or ""
        for name in ("extra_fields", "forbid"):
            yield f"ends-{number}-{name}", "\n".join(getattr(end, name))


def _step_fields(checklist: Checklist) -> Iterator[tuple[str, str]]:
    for number, step in enumerate(checklist.steps):
        for name in ("id", "type", "text", "note"):
            yield f"steps-{number}-{name}", str(getattr(step, name))
        if step.obligatory:
            yield f"steps-{number}-obligatory", "true"
        if step.delegation:
            yield f"steps-{number}-delegation", "true"
        yield f"steps-{number}-links", "\n".join(f"{link.label} {link.url}" for link in step.links)
        yield f"steps-{number}-goto", step.goto or ""
        for index, option in enumerate(step.options):
            yield f"steps-{number}-options-{index}-label", option.label
            yield f"steps-{number}-options-{index}-goto", option.goto
