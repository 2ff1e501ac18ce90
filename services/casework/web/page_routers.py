"""The pages of casework, gathered for `main`."""

from fastapi import APIRouter

from services.casework.web import cases_pages, desk, desk_case, desk_pass, files, inbox
from services.casework.web.login import login_router, make_login
from shared.settings import ServiceSettings


def page_routers(settings: ServiceSettings) -> tuple[APIRouter, ...]:
    """Return the routers of all pages; NoSafeLoginError when nobody could be trusted to be who they say."""
    login = login_router(make_login(settings))
    return (login, desk.router, desk_case.router, desk_pass.router, inbox.router, cases_pages.router, files.router)
