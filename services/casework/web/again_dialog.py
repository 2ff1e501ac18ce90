"""A dialog of the desk, shown the first time or again with what was refused: typed words kept, errors beside them."""

from collections import defaultdict
from typing import Any

from fastapi import Request, Response

from services.casework.web.desk_view import is_part
from services.casework.web.typed import Refused


def show(request: Request, template: str, title: str, refused: Refused | None = None, **facts: Any) -> Response:
    """Render a dialog: alone for scripts, inside a page of its own otherwise; its status is that of the refusal."""
    status, pages = refused.status if refused else 200, request.app.state.pages
    typed = defaultdict(str, refused.values if refused else {})
    wrong = defaultdict(str, refused.errors if refused else {})
    said = {"refused": refused, "typed": typed, "wrong": wrong}
    if not is_part(request):
        whole: Response = pages.render(
            request, "pages/dialog.html", status_code=status, dialog=template, dialog_title=title, **said, **facts
        )
        return whole
    part: Response = pages.render(request, template, status_code=status, **said, **facts)
    part.headers["hx-retarget"], part.headers["hx-reswap"] = "#dialog-body", "innerHTML"
    return part
