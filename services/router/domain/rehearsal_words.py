"""What a rehearsal does not know, in words: so that nobody takes it for more than it is."""

from collections.abc import Mapping

Words = tuple[str, str]
"""English and Swedish."""

LIMITS: Mapping[str, Words] = {
    "agents_as_then": (
        (
            "Agents are ready when they were ready; they accept at once and decline nothing. What they would have done"
            " otherwise is not simulated."
        ),
        (
            "Kommunvägledarna är redo när de var redo; de svarar genast och tackar inte nej till något. Vad de skulle"
            " ha gjort annorlunda simuleras inte."
        ),
    ),
    "profiles_of_today": (
        "Agents have the skills, channels and capacity that they have today.",
        "Kommunvägledarna har den kompetens, de kanaler och det utrymme som de har i dag.",
    ),
    "as_long_as_it_took": (
        "A contact takes as long as it took, whoever takes it; where that is unknown, the median of its like.",
        "En kontakt tar den tid den tog, vem som än tar den; där tiden är okänd gäller medianen för liknande.",
    ),
    "patience": (
        "Who left leaves after the same time; who stayed would have stayed for any time.",
        "Den som gav upp ger upp efter lika lång tid; den som väntade skulle ha väntat hur länge som helst.",
    ),
    "one_stay": (
        (
            "A contact that was given back counts as one, with all its time; transfers, return calls, what supervisors"
            " did, peaks and closed queues are not repeated."
        ),
        (
            "En kontakt som lämnades tillbaka räknas som en, med all sin tid; kopplingar, återuppringningar, ledningens"
            " ingrepp, topplägen och stängda köer upprepas inte."
        ),
    ),
    "after_work": (
        "After-work is as long as it was then, also where the new table says otherwise.",
        "Efterarbetet är så långt som det var då, också där den nya tabellen säger annat.",
    ),
}

MISSING: Mapping[str, Words] = {
    "no_contacts": (
        "No contacts came in that time.",
        "Inga kontakter kom under den tiden.",
    ),
    "no_presence": (
        "Nothing is known of when agents were ready: nothing can be said about waiting.",
        "Det finns inga uppgifter om när kommunvägledarna var redo: om väntetiderna går inget att säga.",
    ),
    "no_known_agents": (
        "None of the agents of that time works here now: nothing can be said about waiting.",
        "Ingen av den tidens kommunvägledare arbetar här nu: om väntetiderna går inget att säga.",
    ),
    "no_handling": (
        "Nothing is known of how long contacts took: nothing can be said about waiting.",
        "Det finns inga uppgifter om hur lång tid kontakterna tog: om väntetiderna går inget att säga.",
    ),
}
