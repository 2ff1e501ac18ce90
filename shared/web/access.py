"""Who may what: a role allows actions, the units of a person bound what she sees of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastapi import FastAPI, Request
from fastapi.params import Depends
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from shared.errors import ForbiddenError
from shared.vocabulary import Role

ALL_UNITS = "*"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking; `units` are unit ids, `*` is all of them."""

    id: str
    name: str
    roles: frozenset[Role]
    units: frozenset[str]
    email: str | None = None
    language: str | None = None
    """`sv` or `en` when the person has chosen; the browser's wish otherwise."""
    machine: bool = False

    @property
    def first_name(self) -> str:
        """What the agent says on the phone."""
        return self.name.split(" ", 1)[0]


class Action(StrEnum):
    """What can be allowed."""

    WORK_DESK = "work_desk"
    WORK_INBOX = "work_inbox"
    READ_CASES = "read_cases"
    EDIT_CHECKLISTS = "edit_checklists"
    APPROVE_CHECKLISTS = "approve_checklists"
    PUBLISH_CHECKLISTS = "publish_checklists"
    READ_CATALOGUE = "read_catalogue"
    ADMIN = "admin"
    SEE_STATS = "see_stats"
    SEE_STREAMS = "see_streams"
    REGISTER_VISIT = "register_visit"
    USE_API = "use_api"
    OPERATE = "operate"
    SUPERVISE = "supervise"
    EDIT_RULES = "edit_rules"
    SEE_INCIDENTS = "see_incidents"
    LINK_INCIDENTS = "link_incidents"
    MANAGE_INCIDENTS = "manage_incidents"


_EVERYBODY = frozenset(Role)
_ALLOWED: Mapping[Action, frozenset[Role]] = {
    Action.WORK_DESK: frozenset({Role.AGENT}),
    Action.WORK_INBOX: frozenset({Role.OFFICER}),
    Action.READ_CASES: frozenset({Role.AGENT, Role.OFFICER, Role.LEAD}),
    Action.EDIT_CHECKLISTS: frozenset({Role.OWNER, Role.EDITOR, Role.LEAD, Role.ADMIN}),
    Action.APPROVE_CHECKLISTS: frozenset({Role.OWNER, Role.ADMIN}),
    Action.PUBLISH_CHECKLISTS: frozenset({Role.EDITOR, Role.ADMIN}),
    Action.READ_CATALOGUE: _EVERYBODY,
    Action.ADMIN: frozenset({Role.ADMIN}),
    Action.SEE_STATS: _EVERYBODY,
    Action.SEE_STREAMS: frozenset({Role.OPS, Role.ADMIN}),
    Action.REGISTER_VISIT: frozenset({Role.AGENT, Role.LEAD}),
    Action.USE_API: frozenset(),
    Action.OPERATE: frozenset({Role.OPS, Role.ADMIN}),
    Action.SUPERVISE: frozenset({Role.LEAD, Role.ADMIN}),
    Action.EDIT_RULES: frozenset({Role.LEAD, Role.ADMIN}),
    Action.SEE_INCIDENTS: frozenset({Role.AGENT, Role.OFFICER, Role.OWNER, Role.LEAD, Role.ADMIN}),
    Action.LINK_INCIDENTS: frozenset({Role.AGENT, Role.LEAD}),
    Action.MANAGE_INCIDENTS: frozenset({Role.OFFICER, Role.OWNER, Role.LEAD, Role.ADMIN}),
}
_MACHINES = frozenset(Action) - {
    Action.ADMIN,
    Action.EDIT_CHECKLISTS,
    Action.APPROVE_CHECKLISTS,
    Action.PUBLISH_CHECKLISTS,
    Action.EDIT_RULES,
}

MACHINE = Person("machine", "Maskin", frozenset(), frozenset({ALL_UNITS}), machine=True)
"""The caller that shows the machine token: everything but administration and the editing of checklists and rules."""


def allow(person: Person, action: Action, unit: str | None = None) -> bool:
    """Return whether one of the person's roles allows `action`, and the `unit` (id) is one of hers."""
    allowed = action in _MACHINES if person.machine else bool(person.roles & _ALLOWED[action])
    return allowed and (unit is None or ALL_UNITS in person.units or unit in person.units)


def visible_units(person: Person) -> frozenset[str] | None:
    """Return the unit ids that bound every query for this person; None is no bound."""
    return None if ALL_UNITS in person.units else person.units


def requires(action: Action) -> Any:
    """Guard a route: the dependency returns the `Person`, or ends in 401, 403 or the way to the login page."""

    async def guard(request: Request) -> Person:
        from shared.web.session import person_of  # noqa: PLC0415 - session builds on Person above

        person = await person_of(request)
        if not allow(person, action):
            raise ForbiddenError
        return person

    guard.guards = action  # type: ignore[attr-defined] # the architecture test reads it
    return Depends(guard)


class OpenToAll(Depends):
    """The mark of a deliberately unguarded route; see `open_to_all`."""

    def __call__(self, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        """Mark an endpoint when used as a decorator (closest to the function)."""
        endpoint.open_to_all = getattr(self.dependency, "open_to_all", "")  # type: ignore[attr-defined] # our mark
        return endpoint


def open_to_all(reason: str) -> Any:
    """Mark a route that anybody may call, and why; as a decorator or in `dependencies=[…]`."""

    async def no_guard() -> None:
        return None

    no_guard.open_to_all = reason  # type: ignore[attr-defined] # the architecture test reads it
    return OpenToAll(no_guard)


def api_routes(app: FastAPI) -> list[RouteContext]:
    """Return every route of ours in the app, those of included routers too."""
    return [route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute)]


def guard_of(route: RouteContext | APIRoute) -> Action | str | None:
    """Return the action that guards a route, or why it is open to all; None is a hole."""
    waiting = [route.dependant]
    marks: list[Any] = [route.endpoint]
    while waiting:
        dependant = waiting.pop()
        marks.append(dependant.call)
        waiting.extend(dependant.dependencies)
    found = (getattr(mark, name, None) for mark in marks for name in ("guards", "open_to_all"))
    return next((guard for guard in found if guard), None)
