"""Entrances and people as YAML lists."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from services.casework.mail.compose import plain_address
from services.casework.mail.errors import MailRefusedError
from services.casework.usecases.files import LineError, RejectedFileError
from services.casework.usecases.files.nodes import Document, Path, read_document
from services.casework.usecases.files.terms_yaml import read_terms
from shared.languages import OFFERED
from shared.vocabulary import Channel, EntranceKind, Role

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")

Rows = list[dict[str, Any]]


def read_entrances(data: bytes, units: Mapping[str, str], case_types: Mapping[str, str] = MappingProxyType({})) -> Rows:
    """Return entrances as rows; `units` are ids by name, `case_types` by path. RejectedFileError tells all faults."""
    document, entries = listed(data, "entrances")
    seen: set[str] = set()
    rows = []
    for index, raw in enumerate(entries):
        path: Path = ("entrances", index)
        if required(document, path, raw, ("id", "kind", "value", "name", "unit", "greeting"), seen):
            rows.append(
                _entrance(document, path, raw, units) | {"case_type": _case_type(document, path, raw, case_types)}
            )
    return accepted(document, rows)


def _entrance(document: Document, path: Path, raw: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    if raw["kind"] not in set(EntranceKind):
        document.wrong((*path, "kind"), f"Okänt slag av ingång: {raw['kind']}")
    if raw["unit"] not in units:
        document.wrong((*path, "unit"), f"Verksamheten finns inte i katalogen: {raw['unit']}")
    names = ("queue_message_url", "sender_name", "sender_address", "sms_sender", "jour")
    texts = {name: str(raw.get(name) or "") for name in names}
    if texts["sender_address"]:
        try:
            plain_address(texts["sender_address"])
        except MailRefusedError:
            document.wrong((*path, "sender_address"), f"Inte en mejladress: {texts['sender_address']}")
    if texts["jour"] and not _NUMBER.fullmatch(texts["jour"]):
        document.wrong((*path, "jour"), f"Inte ett telefonnummer som +46846500499: {texts['jour']}")
    return {
        **{name: str(raw[name]) for name in ("id", "kind", "value", "name", "greeting")},
        **texts,
        "unit": units.get(raw["unit"], ""),
        "area": raw.get("area"),
        "languages": _languages(document, path, raw),
        "is_default": raw.get("default") is True,
        "queue_owner": _queue_owner(document, path, raw),
    }


def _languages(document: Document, path: Path, raw: Mapping[str, Any]) -> list[str]:
    """Return what a caller may choose among: each once, and only what can be said to her then."""
    languages = strings(document, path, raw, "languages")
    for index, one in enumerate(languages):
        if one not in OFFERED:
            at = (*path, "languages", index)
            document.wrong(at, f"Språket kan inte sägas i telefon: {one}. Välj bland {', '.join(OFFERED)}.")
        elif one in languages[:index]:
            document.wrong((*path, "languages", index), f"Språket står två gånger: {one}")
    return languages


def _case_type(document: Document, path: Path, raw: Mapping[str, Any], case_types: Mapping[str, str]) -> str | None:
    """Return the case type that a form is made for, by its path as the catalogue writes it."""
    named = raw.get("case_type")
    if named is None:
        return None
    if raw["kind"] != EntranceKind.FORM:
        document.wrong((*path, "case_type"), "Bara ett formulär kan ha en ärendetyp.")
    if named not in case_types:
        document.wrong((*path, "case_type"), f"Ärendetypen finns inte i katalogen: {named}")
    return case_types.get(named) if isinstance(named, str) else None


def _queue_owner(document: Document, path: Path, raw: Mapping[str, Any]) -> str:
    """Return whose queue callers of this entrance wait in: ours, or that of the exchange (`pbx`)."""
    owner = str(raw.get("queue_owner") or "")
    if owner not in {"", "pbx"}:
        document.wrong((*path, "queue_owner"), f"Okänd ägare av kön: {owner}")
    elif owner and raw["kind"] != EntranceKind.NUMBER:
        document.wrong((*path, "queue_owner"), "Bara ett nummer kan ha växelns kö.")
    return owner


def read_people(data: bytes, units: Mapping[str, str]) -> Rows:
    """Return people as rows; `units` are ids by name. RejectedFileError with everything that is wrong."""
    document, entries = listed(data, "people")
    seen: set[str] = set()
    rows = []
    for index, raw in enumerate(entries):
        path: Path = ("people", index)
        if required(document, path, raw, ("id", "name", "roles", "units"), seen):
            rows.append(_person(document, path, raw, units))
    return accepted(document, rows)


def _person(document: Document, path: Path, raw: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    lists = {name: strings(document, path, raw, name) for name in ("roles", "units", "languages", "channels")}
    for role in lists["roles"]:
        if role not in set(Role):
            document.wrong((*path, "roles"), f"Okänd roll: {role}")
    for unit in lists["units"]:
        if unit != "*" and unit not in units:
            document.wrong((*path, "units"), f"Verksamheten finns inte i katalogen: {unit}")
    for channel in lists["channels"]:
        if channel not in set(Channel):
            document.wrong((*path, "channels"), f"Okänd kanal: {channel}")
    skills, terms = read_terms(document, path, raw)
    return {
        **{name: str(raw[name]) for name in ("id", "name")},
        **{name: raw.get(name) for name in ("email", "phone")},
        "roles": lists["roles"],
        "units": [unit if unit == "*" else units.get(unit, "") for unit in lists["units"]],
        "skills": skills,
        "terms": terms,
        "languages": lists["languages"] or ["sv"],
        "channels": lists["channels"] or [channel.value for channel in Channel],
        "capacity": int(raw.get("capacity", 100)),
        "active": raw.get("active") is not False,
    }


def listed(data: bytes, name: str) -> tuple[Document, list[Any]]:
    """Return the list that a document is made of; RejectedFileError when it has none."""
    document = read_document(data)
    entries = document.value.get(name) if isinstance(document.value, dict) else None
    if not isinstance(entries, list) or not entries:
        raise RejectedFileError([*document.errors, LineError(1, f"Filen har ingen lista {name}.")])
    return document, entries


def required(document: Document, path: Path, raw: object, names: tuple[str, ...], seen: set[str]) -> bool:
    """Note what is missing and what stands twice; return whether the row can be read."""
    if not isinstance(raw, dict):
        document.wrong(path, "Raden ska ha fält med namn.")
        return False
    missing = [name for name in names if not raw.get(name)]
    for name in missing:
        document.wrong(path, f"{name} saknas.")
    if str(raw.get("id")) in seen:
        document.wrong((*path, "id"), f"{raw['id']} finns redan.")
    seen.add(str(raw.get("id")))
    return not missing


def strings(document: Document, path: Path, raw: Mapping[str, Any], name: str) -> list[str]:
    """Return a field that is a list of texts; what is none is noted as wrong."""
    value = raw.get(name) or []
    if not isinstance(value, list):
        document.wrong((*path, name), f"{name} ska vara en lista.")
        return []
    return [str(one) for one in value]


def accepted(document: Document, rows: Rows) -> Rows:
    """Return the rows; RejectedFileError when anything was wrong."""
    if document.errors:
        raise RejectedFileError(document.errors)
    return rows
