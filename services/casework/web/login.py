"""Logging in and out, and the start page.

Locally, on loopback, one chooses who one is among the people; elsewhere the municipality's login provider says it.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.web.house import casework_of
from shared.errors import ForbiddenError, NotFoundError
from shared.settings import ServiceSettings
from shared.vocabulary import Role
from shared.web import oidc
from shared.web.access import Action, Person, allow, open_to_all, requires
from shared.web.oidc import LoginFailedError, Oidc, OidcSettings
from shared.web.session import COOKIE, clear_cookie, on_loopback, set_cookie

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOMES = ((Action.WORK_DESK, "casework", "/desk"), (Action.WORK_INBOX, "casework", "/inbox"))
ROLE_NAMES = {
    Role.AGENT: "kommunvägledare",
    Role.OFFICER: "handläggare",
    Role.OWNER: "checklistägare",
    Role.EDITOR: "redaktör",
    Role.LEAD: "samordnare",
    Role.OPS: "drift",
    Role.ADMIN: "administratör",
}


class NoSafeLoginError(Exception):
    """The service would start without a login that can be trusted."""


@dataclass(frozen=True, slots=True)
class Login:
    """How people log in here: by a provider, or (`oidc` is None) by choosing who they are."""

    oidc: Oidc | None


def make_login(settings: ServiceSettings, provider: OidcSettings | None = None) -> Login:
    """Return how people log in; NoSafeLoginError when that would let anybody in.

    Without a provider only the development login is left, and that one only locally and only on loopback.
    """
    provider = provider or OidcSettings()
    if provider.issuer:
        return Login(Oidc(provider, settings.key_for("login")))
    if settings.environment != "local" or settings.host not in _LOOPBACK:
        raise NoSafeLoginError(
            "The development login lists everybody, so it needs KC_ENVIRONMENT=local and KC_HOST on loopback; "
            "set KC_OIDC_ISSUER to log in by a provider."
        )
    return Login(None)


def login_router(login: Login) -> APIRouter:
    """Build the doors of logging in."""
    router = APIRouter(include_in_schema=False)
    if login.oidc is None:
        _add_development(router)
    else:
        _add_provider(router, login.oidc)
    anybody = [requires(Action.READ_CATALOGUE)]
    router.add_api_route("/logout", _ask_to_leave, methods=["GET"], dependencies=anybody)
    router.add_api_route("/logout", _leave, methods=["POST"], dependencies=anybody)
    router.add_api_route("/", _home, methods=["GET"])
    return router


def _add_development(router: APIRouter) -> None:
    @router.get("/login", dependencies=[open_to_all("nobody is logged in yet")])
    async def choose(request: Request, next: str = "/", wrong: bool = False) -> Response:  # noqa: A002 - its name in the address
        _near(request)
        people = await casework_of(request).read_people.run()
        page: Response = request.app.state.pages.render(
            request, "pages/login.html", people=people, next=next, wrong=wrong, role_names=ROLE_NAMES
        )
        return page

    @router.post("/login", dependencies=[open_to_all("nobody is logged in yet")])
    async def chosen(
        request: Request,
        person: Annotated[str, Form()],
        next: Annotated[str, Form()] = "/",  # noqa: A002 - its name in the form
    ) -> Response:
        _near(request)
        try:
            found = await casework_of(request).read_people.person(person)
        except NotFoundError:
            return RedirectResponse("/login?wrong=true", status_code=303)
        return await _let_in(request, found, next)


def _near(request: Request) -> None:
    """Refuse the development login under any name but this machine's: a page elsewhere could point its name here."""
    if not on_loopback(request):
        raise ForbiddenError


def _add_provider(router: APIRouter, provider: Oidc) -> None:
    @router.get("/login", dependencies=[open_to_all("nobody is logged in yet")])
    async def begin(request: Request, next: str = "/") -> Response:  # noqa: A002 - its name in the address
        address, sealed = await provider.begin(next, str(request.url_for("login_callback")))
        response = RedirectResponse(address, status_code=303)
        secure = not on_loopback(request)
        response.set_cookie(
            oidc.COOKIE, sealed, max_age=600, httponly=True, samesite="lax", path="/login", secure=secure
        )
        return response

    @router.get("/login/callback", dependencies=[open_to_all("nobody is logged in yet")], name="login_callback")
    async def finish(request: Request, state: str = "", code: str = "") -> Response:
        if not code:
            raise LoginFailedError
        claim, wanted = await provider.finish(request.cookies.get(oidc.COOKIE, ""), state=state, code=code)
        response = await _let_in(request, await _person_of(request, claim), wanted)
        response.delete_cookie(oidc.COOKIE, path="/login")
        return response


async def _person_of(request: Request, claim: str) -> Person:
    """Return the person whom the provider named by id or address; somebody unknown here may nothing."""
    people = await casework_of(request).read_people.run()
    wanted = claim.casefold()
    known = next((row for row in people if wanted in (row.id.casefold(), (row.email or "").casefold())), None)
    if known is None:
        raise ForbiddenError
    return await casework_of(request).read_people.person(known.id)


async def _let_in(request: Request, person: Person, wanted: str) -> Response:
    """Begin a new session (a login never continues an old one) and lead to where the person was going."""
    sessions = request.app.state.sessions
    if old := request.cookies.get(COOKIE):
        await sessions.end(old)
    address = request.app.state.links.safe(wanted, request.headers.get("host", ""))
    response = RedirectResponse(address, status_code=303)
    set_cookie(request, response, await sessions.start(person))
    return response


async def _ask_to_leave(request: Request) -> Response:
    page: Response = request.app.state.pages.render(request, "pages/logout.html")
    return page


async def _leave(request: Request) -> Response:
    await request.app.state.sessions.end(request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/login", status_code=303)
    clear_cookie(request, response)
    return response


async def _home(request: Request, person: Annotated[Person, requires(Action.READ_CATALOGUE)]) -> Response:
    """Lead to the person's work; somebody with several sorts of work chooses."""
    homes = [request.app.state.links.to(service, path) for action, service, path in _HOMES if allow(person, action)]
    if len(homes) == 1:
        return RedirectResponse(homes[0], status_code=303)
    page: Response = request.app.state.pages.render(request, "pages/start.html")
    return page
