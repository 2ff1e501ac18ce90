import pytest

from shared.vocabulary import Role
from shared.web.access import MACHINE, Action, Person, allow, visible_units

LINKERS = {"see_incidents", "link_incidents"}
MANAGERS = {"see_incidents", "manage_incidents"}


def person(*roles: Role, units: tuple[str, ...] = ("*",)) -> Person:
    return Person("p", "Per Dahl", frozenset(roles), frozenset(units))


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.AGENT, {"work_desk", "read_cases", "read_catalogue", "see_stats", "register_visit"} | LINKERS),
        (Role.OFFICER, {"work_inbox", "read_cases", "read_catalogue", "see_stats"} | MANAGERS),
        (Role.OWNER, {"edit_checklists", "approve_checklists", "read_catalogue", "see_stats"} | MANAGERS),
        (
            Role.LEAD,
            {
                "read_cases",
                "edit_checklists",
                "read_catalogue",
                "see_stats",
                "register_visit",
                "supervise",
                "edit_rules",
            }
            | LINKERS
            | MANAGERS,
        ),
        (Role.EDITOR, {"edit_checklists", "publish_checklists", "read_catalogue", "see_stats"}),
        (Role.OPS, {"read_catalogue", "see_stats", "see_streams", "operate"}),
        (
            Role.ADMIN,
            {
                "edit_checklists",
                "approve_checklists",
                "publish_checklists",
                "read_catalogue",
                "see_stats",
                "see_streams",
                "operate",
                "admin",
                "supervise",
                "edit_rules",
            }
            | MANAGERS,
        ),
    ],
)
def test_a_role_allows_exactly_this(role, allowed):
    assert {action.value for action in Action if allow(person(role), action)} == allowed


def test_roles_add_up():
    assert allow(person(Role.AGENT, Role.OFFICER), Action.WORK_DESK)
    assert allow(person(Role.AGENT, Role.OFFICER), Action.WORK_INBOX)


def test_somebody_without_role_may_nothing():
    assert not any(allow(person(), action) for action in Action)


def test_a_unit_bounds_what_a_role_allows():
    officer = person(Role.OFFICER, units=("bostadsbolag",))
    assert allow(officer, Action.READ_CASES, "bostadsbolag")
    assert not allow(officer, Action.READ_CASES, "bygg-och-plan")


def test_a_machine_does_everything_but_administration():
    refused = {action for action in Action if not allow(MACHINE, action)}
    assert refused == {
        Action.ADMIN,
        Action.EDIT_CHECKLISTS,
        Action.APPROVE_CHECKLISTS,
        Action.PUBLISH_CHECKLISTS,
        Action.EDIT_RULES,
    }


def test_visible_units_are_none_for_all():
    assert visible_units(person(Role.AGENT)) is None
    assert visible_units(person(Role.OFFICER, units=("a", "b"))) == frozenset({"a", "b"})
    assert visible_units(person(Role.OFFICER, units=())) == frozenset()
