"""The settings of stats: what is called answered in time, and when a count is called abnormal."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What stats needs besides the shared settings."""

    port: int = Field(8104, description="Port that the HTTP doors listen on.")
    answer_within: float = Field(60.0, description="Seconds within which a call or visit counts as answered in time.")
    solved_goal: float = Field(0.7, description="Goal of the share solved in the first contact, shown beside it.")
    alarm_odds: float = Field(
        20_000.0,
        description="Alarm when chance alone lifts one hour in so many this high; a case type needs ten times that.",
    )
    alarm_min_count: int = Field(5, description="Fewer contacts in an hour never raise an alarm.")
    alarm_clear_odds: float = Field(20.0, description="An hour with shorter odds than this is ordinary again.")
    alarm_calm_looks: int = Field(20, description="Ordinary looks in a row before an alarm is cleared.")
    watch_seconds: float = Field(15.0, description="Time between two looks at every series.")
    survey_seconds: float = Field(10.0, description="Time between two surveys of the streams.")
    history_weeks: int = Field(26, description="Weeks of the past that teach what is normal.")
