"""What is wrong with a mailbox, in Swedish: the sentences of `/health/ready`, the server's own words kept."""

import re

_SENTENCES = tuple(
    (re.compile(english), swedish)
    for english, swedish in (
        (r"^not connected yet$", "inte ansluten ännu"),
        (r"^the login is refused: ", "inloggningen nekas: "),
        (r"^the server's certificate is not trusted: ", "serverns certifikat är inte betrott: "),
        (r"^no TLS with the server: ", "ingen TLS med servern: "),
        (r"^the server does not answer in time", "servern svarar inte i tid"),
        (r"^nobody listens at the server's address", "ingen svarar på serverns adress"),
        (r"^the connection broke: ", "förbindelsen bröts: "),
        (r"^the server says: ", "servern säger: "),
        (r"^the server's answer is not understood: ", "serverns svar går inte att förstå: "),
        (r"^the folder (.+?) cannot be opened: ", r"mappen \1 kan inte öppnas: "),
        (r"^(\d+) taken in and not moved to (.+?): ", r"\1 intagna men inte flyttade till \2: "),
        (r"^(\d+) that the server does not hand over: ", r"\1 som servern inte lämnar ut: "),
        (r"^the folder was renumbered while it was counted$", "mappen numrerades om medan den räknades"),
        (r"^the entrance (.+) is not in the catalogue$", r"ingången \1 finns inte i katalogen"),
        (r"the token's server answered without a token", "tokenservern svarade utan token"),
        (r"the token's server answered ", "tokenservern svarade "),
        (r"the token's server does not come to an end", "tokenservern blir inte färdig"),
        (r"the token's server: ", "tokenservern: "),
        (r"; next attempt in (\d+) s$", r"; nästa försök om \1 s"),
    )
)


def in_swedish(problem: str) -> str:
    """Return a sentence of `/health/ready` about a mailbox in Swedish; what others have said stays as it is."""
    for english, swedish in _SENTENCES:
        problem = english.sub(swedish, problem, count=1)
    return problem
