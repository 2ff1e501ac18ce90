"""The pages of casework, gathered for `main`."""

from fastapi import APIRouter

from services.casework.web import (
    again,
    away,
    case_deeds_pages,
    cases_pages,
    desk,
    desk_case,
    desk_close,
    desk_directory,
    desk_handover,
    desk_incident,
    desk_more,
    desk_park,
    desk_pass,
    desk_quick,
    desk_reply,
    desk_visit,
    directory_pages,
    editor,
    editor_deeds,
    editor_more,
    editor_write,
    fallback_pages,
    figures_pages,
    files,
    gaps_pages,
    handover,
    help_pages,
    inbox,
    incidents_pages,
    mail_state,
    news_pages,
    outside,
    params_page,
    practice,
    practice_desk,
    practice_results,
    readers,
    search_page,
)
from services.casework.web.login import login_router, make_login
from shared.settings import ServiceSettings


def page_routers(settings: ServiceSettings) -> tuple[APIRouter, ...]:
    """Return the routers of all pages; NoSafeLoginError when nobody could be trusted to be who they say."""
    login = login_router(make_login(settings))
    replies = (desk_reply.router, files.sent, again.router, mail_state.router)
    found = (desk_directory.router, directory_pages.router)
    more = (desk_close.router, desk_park.router, desk_more.router, desk_visit.router, case_deeds_pages.router)
    desks = (desk.router, desk_case.router, desk_handover.router, desk_pass.router, desk_incident.router)
    editing = (editor.router, figures_pages.router, editor_more.router, editor_write.router, editor_deeds.router)
    return (
        login,
        params_page.router,
        *desks,
        *replies,
        *more,
        *found,
        *editing,
        away.router,
        help_pages.router,
        news_pages.router,
        fallback_pages.router,
        inbox.router,
        handover.router,
        search_page.router,
        cases_pages.router,
        readers.router,
        files.router,
        incidents_pages.router,
        outside.router,
        gaps_pages.router,
        desk_quick.router,
        practice.router,
        practice_desk.router,
        practice_results.router,
    )
