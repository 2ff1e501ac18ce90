"""What the router publishes at its very first start: a queue per unit, people who wait first, answers in days."""

LIVE = ["phone", "visit"]
WRITTEN = ["email", "e_service"]

FIRST_TABLE: tuple[dict[str, object], ...] = (
    {"name": "protected-identity", "when": {"flags": ["protected_identity"]}, "then": {"protected": True}},
    {
        "name": "old-mail-lies-apart",
        "when": {"flags": ["quiet"], "channel": ["email"]},
        "then": {"queue": "gammal-post", "priority": "low", "due": "60 arbetsdagar", "skills": ["gammal-post"]},
    },
    {
        "name": "unreadable-is-looked-at",
        "when": {"unreadable": True, "channel": WRITTEN},
        "then": {"priority": "normal", "due": "1 arbetsdag"},
        "yields_to": ["old-mail-lies-apart"],
    },
    {
        "name": "machines-wait",
        "when": {"automatic": True, "channel": WRITTEN},
        "then": {"priority": "low"},
        "yields_to": ["unreadable-is-looked-at"],
    },
    {
        "name": "people-who-wait-first",
        "when": {"channel": LIVE},
        "then": {
            "priority": "high",
            "dwell": "20 sekunder",
            "rings": [{"after": "60 sekunder", "drop": ["{unit}"]}, {"after": "3 minuter", "reserves": True}],
        },
    },
    {
        "name": "who-waits-long-is-called-back",
        "when": {"channel": ["phone"]},
        "then": {"overflow": [{"after": "4 minuter", "offer_return_call": True}]},
    },
    {
        "name": "not-ours-is-forwarded-soon",
        "when": {"taken_over": ["ej_overtagen"], "channel": WRITTEN},
        "then": {"due": "4 arbetstimmar"},
        "yields_to": ["unreadable-is-looked-at", "old-mail-lies-apart"],
    },
    {
        "name": "mail-in-one-day",
        "when": {"channel": ["email"]},
        "then": {"priority": "normal", "due": "1 arbetsdag", "dwell": "30 minuter"},
        "yields_to": ["machines-wait", "not-ours-is-forwarded-soon"],
    },
    {
        "name": "form-in-two-days",
        "when": {"channel": ["e_service"]},
        "then": {"priority": "normal", "due": "2 arbetsdagar", "dwell": "30 minuter"},
        "yields_to": ["unreadable-is-looked-at", "machines-wait", "not-ours-is-forwarded-soon"],
    },
    {
        "name": "not-ours-is-connected-on",
        "when": {"taken_over": ["ej_overtagen"]},
        "then": {"queue": "ej-overtagen"},
        "yields_to": ["old-mail-lies-apart"],
    },
    {
        "name": "queue-of-the-unit",
        "when": {"taken_over": ["provdrift", "overtagen"]},
        "then": {"queue": "{unit}", "skills": ["{unit}"]},
        "yields_to": ["old-mail-lies-apart"],
    },
    {"otherwise": {"queue": "{unit}", "priority": "normal"}},
)
