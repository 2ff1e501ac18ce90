"""What is done with a whole version: each act a page of its own with what it means, and a form that confirms it."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.domain.lifecycle import Act, NeedsReasonError, UnreadyError
from services.casework.usecases.checklists.reading import acts
from services.casework.web.editor_house import Editor, Said, Shown, checklists_of, shown, told
from services.casework.web.typed import Refused, Typed, typed
from shared.errors import DomainError, NotFoundError
from shared.web.errors import InvalidError

router = APIRouter(prefix="/editor/checklists/{checklist_id}/{number}", include_in_schema=False)

_PAGES = frozenset({Act.SUBMIT, Act.RECALL, Act.APPROVE, Act.REJECT, Act.PUBLISH, Act.HURRY, Act.REVIEW, Act.WITHDRAW})


def _act(name: str) -> Act:
    found = next((act for act in _PAGES if act.value == name), None)
    if found is None:
        raise NotFoundError
    return found


@router.get("/{deed}")
async def ask(request: Request, person: Editor, checklist_id: str, number: int, deed: str) -> Response:
    """Say what the act means and ask whether she is sure; who may not, or not now, is shown the version."""
    act, found = _act(deed), await shown(request, person, checklist_id, number)
    if act not in acts(person, found.version):
        return _to(found)
    return _page(request, found, act)


@router.post("/{deed}")
async def do(request: Request, person: Editor, checklist_id: str, number: int, deed: str) -> Response:
    """Do it; what is refused comes back as it was typed."""
    act, found = _act(deed), await shown(request, person, checklist_id, number)
    form = await typed(request)
    try:
        await _done(request, found, act, form)
    except (NeedsReasonError, UnreadyError, InvalidError) as error:
        return _page(request, found, act, error, form)
    except DomainError as error:
        if error.status != 409:
            raise
        return _page(request, await shown(request, person, checklist_id, number), act, error, form)
    return _to(found)


async def _done(request: Request, found: Shown, act: Act, form: Typed) -> None:
    checklists, version = checklists_of(request), found.version
    what = (found.person, version.id, version.number)
    revision = form.number("revision")
    match act:
        case Act.REJECT:
            await checklists.reject.run(*what, form.text("reason"), revision)
        case Act.WITHDRAW:
            await checklists.withdraw.run(*what, form.text("reason"), revision)
        case Act.PUBLISH:
            valid_from = form.moment("day", "clock")
            form.check()
            await checklists.publish.run(*what, revision, valid_from=valid_from)
        case Act.HURRY:
            until = form.moment("day", "clock")
            form.check()
            await checklists.hurry.run(*what, form.text("reason"), revision, until)
        case Act.SUBMIT:
            await checklists.submit.run(*what, revision)
        case Act.RECALL:
            await checklists.recall.run(*what, revision)
        case Act.APPROVE:
            await checklists.approve.run(*what, revision)
        case _:
            await checklists.review.run(*what, revision)


def _page(
    request: Request, found: Shown, act: Act, error: DomainError | None = None, form: Typed | None = None
) -> Response:
    faults: Mapping[str, str] = {}
    wrong = ""
    if error is not None and form is not None:
        faults = Refused.by(error, request, act.value, form).errors if isinstance(error, InvalidError) else {}
        wrong = told(request, error)
        if isinstance(error, NeedsReasonError):
            faults = {"reason": wrong}
    values: dict[str, Any] = dict(form.values) if form else {}
    if error is not None and error.status == 409:
        values.pop("revision", None)
    page: Response = request.app.state.pages.render(
        request,
        "pages/editor_deed.html",
        status_code=error.status if error else 200,
        deed=act.value,
        sheet=found.sheet(),
        wrong=wrong,
        faults=Said(faults),
        typed=Said(values),
        swap=False,
        **found.base(),
    )
    return page


def _to(found: Shown) -> Response:
    where = f"/editor/checklists/{found.version.id}?version={found.version.number}"
    return RedirectResponse(where, status_code=303)
