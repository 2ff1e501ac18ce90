"""More about the case, from the desk: who it is about, what it hangs together with, merging and splitting."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.casework.usecases.merge import MergePlan
from services.casework.usecases.people import About
from services.casework.web.again_dialog import show
from services.casework.web.desk import Agent
from services.casework.web.desk_view import answer_with_work
from services.casework.web.house import casework_of, seats_of
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, Typed, typed
from shared.errors import DomainError
from shared.ids import new_id
from shared.vocabulary import LinkKind, PersonRole
from shared.web.access import Person

router = APIRouter(prefix="/desk/cases/{number}/more", include_in_schema=False)

_ROLES = frozenset(one.value for one in PersonRole)
_KINDS = frozenset(one.value for one in LinkKind)


@router.get("")
async def ask(request: Request, number: str, person: Agent, seen: int | None = None) -> Response:
    """Show what can be said and done."""
    return await _ask(request, number, person, seen=seen)


async def _ask(
    request: Request,
    number: str,
    person: Person,
    *,
    seen: int | None = None,
    refused: Refused | None = None,
    plan: MergePlan | None = None,
) -> Response:
    case = await casework_of(request).read_case.run(number, person)
    return show(
        request,
        "partials/dialog_more.html",
        "Mer om ärendet",
        refused,
        case=case,
        plan=plan,
        deed=refused.deed if refused else "merge" if plan else "",
        request_id=new_id(),
        seen=case.version if refused or seen is None else seen,
    )


async def _refuse(
    request: Request, number: str, person: Person, error: DomainError, deed: str, form: Typed
) -> Response:
    if error.status not in SHOWN_AGAIN:
        raise error
    return await _ask(request, number, person, refused=Refused.by(error, request, deed, form))


@router.post("/people")
async def add_person(request: Request, number: str, person: Agent) -> Response:
    """Say who it is about."""
    form = await typed(request)
    try:
        role = form.one_of("role", _ROLES)
        said = {name: form.text(name, most=SHORT) for name in ("name", "email", "phone", "note")}
        form.check()
        about = About(PersonRole(role), **said)
        await casework_of(request).deeds.add_person.run(number, person, about, form.text("request_id", most=64) or None)
    except DomainError as error:
        return await _refuse(request, number, person, error, "people", form)
    return await answer_with_work(request, person, number, done=True)


@router.post("/people/{row_id}/remove")
async def remove_person(request: Request, number: str, row_id: str, person: Agent) -> Response:
    """Take somebody out of the case."""
    await casework_of(request).deeds.remove_person.run(number, person, row_id)
    return await answer_with_work(request, person, number, done=True)


@router.post("/protect")
async def protect(
    request: Request, number: str, person: Agent, protected: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Mark the person as one with a protected identity, or take the mark away."""
    await casework_of(request).deeds.protect.run(number, person, protected=bool(protected))
    return await answer_with_work(request, person, number, done=True)


@router.post("/link")
async def link(request: Request, number: str, person: Agent) -> Response:
    """Link another case."""
    form = await typed(request)
    try:
        other, kind = form.text("other", wanted=True, most=SHORT).upper(), form.one_of("kind", _KINDS)
        form.check()
        await casework_of(request).deeds.link.run(number, other, LinkKind(kind), person)
    except DomainError as error:
        return await _refuse(request, number, person, error, "link", form)
    return await answer_with_work(request, person, number, done=True)


@router.post("/unlink")
async def unlink(request: Request, number: str, person: Agent) -> Response:
    """Take a link away."""
    form = await typed(request)
    try:
        other, kind = form.text("other", wanted=True, most=SHORT), form.one_of("kind", _KINDS)
        form.check()
        await casework_of(request).deeds.unlink.run(number, other, LinkKind(kind), person)
    except DomainError as error:
        return await _refuse(request, number, person, error, "link", form)
    return await answer_with_work(request, person, number, done=True)


@router.post("/merge")
async def merge(request: Request, number: str, person: Agent) -> Response:
    """Show what a merge would do; do it when that has been seen."""
    form = await typed(request)
    deeds = casework_of(request).deeds
    try:
        into = form.text("other", wanted=True, most=SHORT).upper()
        form.check()
        if form.values.get("sure") != into:
            plan = await deeds.preview_merge.run(number, into, person)
            return await _ask(request, number, person, seen=form.number("seen"), plan=plan)
        await deeds.merge.run(number, into, person, form.number("seen"))
    except DomainError as error:
        return await _refuse(request, number, person, error, "merge", form)
    await seats_of(request).refresh(person.id)
    return await answer_with_work(request, person, into, done=True)


@router.post("/split")
async def split(request: Request, number: str, person: Agent) -> Response:
    """Make a case of its own out of a contact; that one is on the desk afterwards."""
    form = await typed(request)
    try:
        contact_id = form.text("contact_id", wanted=True, most=SHORT)
        request_id = form.text("request_id", wanted=True, most=64)
        form.check()
        made = await casework_of(request).deeds.split.run(number, person, contact_id, request_id, form.number("seen"))
    except DomainError as error:
        return await _refuse(request, number, person, error, "split", form)
    return await answer_with_work(request, person, made, done=True)
