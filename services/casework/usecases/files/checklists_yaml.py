"""Checklists as YAML: steps with `goto` or `options: [{if, goto}]`, ends by id, params in `{braces}`."""

from collections.abc import Collection, Mapping
from typing import Any

from services.casework.domain.checklist import Checklist, End, Link, Option, Step, problems
from services.casework.domain.triggers import Trigger, TriggerKind, is_day, read_trigger
from services.casework.usecases.files import LineError, RejectedFileError
from services.casework.usecases.files.nodes import Document, Path, read_document
from shared.vocabulary import Identity, Outcome, Priority, Resolution, Secrecy, StepType

PRIORITIES = {"akut": Priority.URGENT, "hög": Priority.HIGH, "normal": Priority.NORMAL, "låg": Priority.LOW}
SECRECY = {"strong": Secrecy.PRESUMED}
_WORDS = {"goto", "id", "type", "text", "options", "obligatory", "note", "delegation", "links"}

Known = Mapping[tuple[str, ...], str]


def read_checklists(data: bytes, known: Known, units: Collection[str]) -> list[Checklist]:
    """Return the checklists of a file; RejectedFileError with everything that is wrong in any of them.

    `known` are the case types of the catalogue by path, `units` its units by name.
    """
    return [checklist for _, checklist in read_lines(data, known, units)]


def read_lines(data: bytes, known: Known, units: Collection[str]) -> list[tuple[int, Checklist]]:
    """Return the checklists of a file, each with the line of its id; refused as by `read_checklists`."""
    document = read_document(data)
    listed = document.value.get("checklists") if isinstance(document.value, dict) else None
    if not isinstance(listed, list) or not listed:
        raise RejectedFileError([*document.errors, LineError(1, "Filen har ingen lista checklists.")])
    reader = _Reader(document, known, units)
    found = [reader.checklist(("checklists", index), one) for index, one in enumerate(listed)]
    if document.errors:
        raise RejectedFileError(document.errors)
    lines = [document.line(("checklists", index, "id")) for index in range(len(found))]
    return [(line, one) for line, one in zip(lines, found, strict=True) if one is not None]


class _Reader:
    """Reads one checklist after the other and notes what is wrong."""

    def __init__(self, document: Document, known: Known, units: Collection[str]) -> None:
        self._document = document
        self._known = known
        self._units = units
        self._ids: dict[str, int] = {}
        self._types: dict[str, str] = {}

    def checklist(self, path: Path, raw: object) -> Checklist | None:
        """Return one checklist, or None when it cannot be made out at all."""
        if not isinstance(raw, dict):
            self._wrong(path, "En checklista ska ha fält med namn.")
            return None
        before = len(self._document.errors)
        checklist_id = self._id(path, raw)
        case_type = self._case_type(path, raw, checklist_id)
        owner = self._owner(path, raw)
        steps = self._steps(path, raw)
        ends = self._ends(path, raw)
        if len(self._document.errors) > before and (not steps or not ends):
            return None
        made = Checklist(
            id=checklist_id,
            case_type=case_type,
            steps=steps,
            ends=ends,
            owner_role=owner[0],
            owner_unit=owner[1],
            identity=self._word(path, raw, "identity", Identity, Identity.NONE),
            secrecy=SECRECY.get(raw.get("secrecy", "")) or self._word(path, raw, "secrecy", Secrecy, Secrecy.NONE),
            identity_note=str(raw.get("identity_note", "")),
            legal_note=str(raw.get("legal_note", "")),
            params=_params(raw.get("params")),
            forbid=_texts(raw.get("forbid")),
            tags=_texts(raw.get("tags")),
            review_months=self._months(path, raw),
            review_triggers=self._triggers(path, raw.get("review_triggers")),
        )
        for problem in problems(made):
            self._wrong((*path, *problem.path), problem.text)
        return made

    def _wrong(self, path: Path, text: str) -> None:
        self._document.wrong(path, text)

    def _id(self, path: Path, raw: Mapping[str, Any]) -> str:
        name = str(raw.get("id") or "")
        if not name:
            self._wrong(path, "Checklistan saknar id.")
        elif name in self._ids:
            self._wrong((*path, "id"), f"Checklistan {name} finns redan på rad {self._ids[name]}.")
        self._ids.setdefault(name, self._document.line((*path, "id")))
        return name

    def _case_type(self, path: Path, raw: Mapping[str, Any], checklist_id: str) -> str:
        unit, area, question = (str(raw.get(name) or "") for name in ("unit", "area", "question"))
        if unit not in self._units:
            self._wrong((*path, "unit"), f"Verksamheten finns inte i katalogen: {unit or 'saknas'}")
            return ""
        middle = tuple(level.strip() for level in area.split(" / ") if level.strip())
        found = self._known.get((unit, *middle, question), "")
        if not found:
            areas = {known[1:-1] for known in self._known if known[0] == unit}
            name, text = ("question", question) if middle in areas else ("area", area)
            what = "Frågan" if name == "question" else "Området"
            self._wrong((*path, name), f"{what} finns inte i katalogen under {unit}: {text or 'saknas'}")
        elif found in self._types:
            self._wrong((*path, "question"), f"Ärendetypen har redan checklistan {self._types[found]}.")
        self._types.setdefault(found, checklist_id)
        return found

    def _owner(self, path: Path, raw: Mapping[str, Any]) -> tuple[str, str]:
        owner = raw.get("owner")
        if not isinstance(owner, dict) or not owner.get("role") or not owner.get("unit"):
            self._wrong((*path, "owner"), "Checklistan saknar ägare (owner med role och unit).")
            return "", ""
        if owner["unit"] not in self._units:
            self._wrong((*path, "owner", "unit"), f"Ägarens verksamhet finns inte i katalogen: {owner['unit']}")
        return str(owner["role"]), str(owner["unit"])

    def _steps(self, path: Path, raw: Mapping[str, Any]) -> tuple[Step, ...]:
        listed = raw.get("steps")
        if not isinstance(listed, list):
            self._wrong((*path, "steps"), "Checklistan saknar steg (steps).")
            return ()
        steps = [self._step((*path, "steps", index), one) for index, one in enumerate(listed)]
        self._doubles((*path, "steps"), [step.id for step in steps])
        return tuple(steps)

    def _step(self, path: Path, raw: object) -> Step:
        values: dict[str, Any] = raw if isinstance(raw, dict) else {}
        for name in ("id", "text"):
            if not values.get(name):
                self._wrong(path, f"Steget saknar {name}.")
        for name in sorted(set(values) - _WORDS):
            self._wrong((*path, name), f"Okänt fält i steget: {name}")
        goto = values.get("goto")
        return Step(
            id=str(values.get("id", "")),
            type=self._word(path, values, "type", StepType, None) or StepType.ASK,
            text=str(values.get("text", "")),
            goto=str(goto) if goto is not None else None,
            options=self._options(path, values.get("options")),
            obligatory=values.get("obligatory") is True,
            note=str(values.get("note", "")),
            delegation=values.get("delegation") is True,
            links=self._links(path, values.get("links")),
        )

    def _links(self, path: Path, raw: object) -> tuple[Link, ...]:
        links = []
        for index, one in enumerate(raw if isinstance(raw, list) else [] if raw is None else [raw]):
            if not isinstance(one, dict) or not one.get("label") or not one.get("url"):
                self._wrong((*path, "links", index), "En länk ska ha label och url.")
                continue
            links.append(Link(str(one["label"]), str(one["url"])))
        return tuple(links)

    def _options(self, path: Path, raw: object) -> tuple[Option, ...]:
        if raw is None:
            return ()
        listed = raw if isinstance(raw, list) else [raw]
        options = []
        for index, one in enumerate(listed):
            here = (*path, "options", index)
            if not isinstance(one, dict) or one.get("if") is None or one.get("goto") is None:
                self._wrong(here, "Ett svar ska ha if och goto.")
                continue
            options.append(Option(_label(one["if"]), str(one["goto"])))
        self._doubles((*path, "options"), [option.label for option in options])
        return tuple(options)

    def _ends(self, path: Path, raw: Mapping[str, Any]) -> tuple[End, ...]:
        listed = raw.get("ends")
        if not isinstance(listed, dict) or not listed:
            self._wrong((*path, "ends"), "Checklistan saknar slut (ends).")
            return ()
        step_ids = {str(one.get("id")) for one in raw.get("steps") or () if isinstance(one, dict)}
        for name in step_ids & set(listed):
            self._wrong((*path, "ends", name), f"{name} är både ett steg och ett slut.")
        return tuple(self._end((*path, "ends", name), name, one) for name, one in listed.items())

    def _end(self, path: Path, name: str, raw: object) -> End:
        values: dict[str, Any] = raw if isinstance(raw, dict) else {}
        kind = self._word(path, values, "kind", Outcome, None) or Outcome.CLOSE
        if kind is Outcome.CLOSE:
            self._word(path, values, "resolution", Resolution, None)
        elif not values.get("to"):
            self._wrong(path, f"Slutet {name} saknar to: vart ärendet ska.")
        if (priority := str(values.get("priority", "normal"))) not in PRIORITIES:
            self._wrong((*path, "priority"), f"Okänd prioritet: {priority} ({', '.join(PRIORITIES)})")
        plain = {key: _maybe(values.get(key)) for key in ("resolution", "to", "mode", "receive_within")}
        return End(
            id=name,
            kind=kind,
            message=str(values.get("message", "")),
            priority=PRIORITIES.get(priority, Priority.NORMAL).value,
            extra_fields=_texts(values.get("extra_fields")),
            answer_citizen_within=_maybe(values.get("answer_citizen_within")),
            note=str(values.get("note", "")),
            why=str(values.get("why", "")),
            forbid=_texts(values.get("forbid")),
            **plain,
        )

    def _word(self, path: Path, raw: Mapping[str, Any], name: str, words: Any, default: Any) -> Any:
        """Return a value of a fixed vocabulary; without default it must be there."""
        value = raw.get(name)
        if value is None and default is not None:
            return default
        if value not in {word.value for word in words}:
            allowed = ", ".join(word.value for word in words)
            self._wrong((*path, name), f"{name} ska vara något av {allowed}, inte {value or 'tomt'}.")
            return default
        return words(value)

    def _months(self, path: Path, raw: Mapping[str, Any]) -> int | None:
        months = raw.get("review_months")
        if months is not None and (not isinstance(months, int) or months < 1):
            self._wrong((*path, "review_months"), "review_months ska vara ett antal månader.")
            return None
        return months

    def _triggers(self, path: Path, raw: object) -> tuple[Trigger, ...]:
        """Return what makes somebody read it again: words, or `{text, kind, day}`."""
        listed = raw if isinstance(raw, list) else [] if raw is None else [raw]
        found = []
        for index, one in enumerate(listed):
            here = (*path, "review_triggers", index)
            if not isinstance(one, dict):
                found.append(read_trigger(str(one)))
                continue
            day = str(one.get("day") or "")
            if not one.get("text"):
                self._wrong(here, "review_triggers saknar text.")
            if not is_day(day):
                self._wrong((*here, "day"), f"day ska vara MM-DD eller ÅÅÅÅ-MM-DD, inte {day}.")
                day = ""
            kind = self._word(here, one, "kind", TriggerKind, TriggerKind.EVENT)
            found.append(Trigger(str(one.get("text", "")), kind, day))
        return tuple(found)

    def _doubles(self, path: Path, names: list[str]) -> None:
        for index, name in enumerate(names):
            if name and name in names[:index]:
                self._wrong((*path, index), f"{name} finns redan.")


def _label(value: object) -> str:
    """Return an answer as text: YAML reads an unquoted ja or yes as it is, true and false as booleans."""
    if isinstance(value, bool):
        return "ja" if value else "nej"
    return str(value)


def _maybe(value: object) -> str | None:
    return None if value is None else str(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _params(value: object) -> dict[str, str]:
    """Return params with their values; a bare list names params that nobody has filled in yet."""
    if isinstance(value, dict):
        return {str(name): "" if text is None else str(text) for name, text in value.items()}
    return dict.fromkeys(_texts(value), "")
