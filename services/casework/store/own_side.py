"""Whose mail in a case is not the citizen's: the units that have, or have had, its hand-overs, and their officers."""

from sqlalchemy import ColumnElement, any_, exists, func, literal, or_, select

from services.casework.store.tables import cases, contacts, handovers, people, unit_terms, units
from shared.vocabulary import Role
from shared.web.access import ALL_UNITS


def of_unit() -> ColumnElement[bool]:
    """Return whether a contact is from the unit's side of its case; whoever opened the case is its citizen.

    It is for queries over `contacts`, one row of which it looks at.
    """
    wrote = func.lower(func.btrim(contacts.c.sender_email))
    opener, own = contacts.alias("opener"), cases.alias("own_case")
    opened = (
        exists()
        .where(own.c.id == contacts.c.case_id, opener.c.id == own.c.contact_id)
        .where(func.lower(func.btrim(opener.c.sender_email)) == wrote)
        .correlate(contacts)
    )
    had = func.array_append(handovers.c.passed_by, handovers.c.unit)
    theirs = (
        select(literal(1))
        .select_from(units.outerjoin(unit_terms, unit_terms.c.unit == units.c.id))
        .where(units.c.id == any_(had), or_(*(func.lower(func.btrim(one)) == wrote for one in _ADDRESSES)))
        .correlate(contacts, handovers)
        .exists()
    )
    officer = (
        exists()
        .where(literal(Role.OFFICER.value) == any_(people.c.roles), func.lower(func.btrim(people.c.email)) == wrote)
        .where(people.c.units.bool_op("&&")(func.array_append(had, ALL_UNITS)))
        .correlate(contacts, handovers)
    )
    sent_to = func.lower(func.btrim(handovers.c.address)) == wrote
    handed = (
        exists().where(handovers.c.case_id == contacts.c.case_id, or_(sent_to, theirs, officer)).correlate(contacts)
    )
    return (wrote != "") & handed & ~opened


_ADDRESSES = (units.c.handover_address, unit_terms.c.escalation_address, unit_terms.c.sender_address)
