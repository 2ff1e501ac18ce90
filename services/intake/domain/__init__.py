"""The pure rules of intake: what a mail is, whose reply it is, whether a robot wrote it, the life of a call."""
