"""Which Kafka cluster the facts were folded from: offsets mean nothing on another one."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.errors import TransientError


class AnotherClusterError(TransientError):
    """The facts were folded from another Kafka cluster; counting on would count twice or not at all.

    Nothing is dead-lettered for it: it is the installation that must be put right.
    """

    def __init__(self, known: str, met: str) -> None:
        super().__init__(
            f"The facts in PostgreSQL (schema stats) were folded from the Kafka cluster {known}, but this is {met}. "
            "Point KC_KAFKA or KC_POSTGRES at the right one; if the log really was moved, run "
            "`python -m services.stats replay` to build the facts again from this cluster."
        )


async def check_cluster(engine: AsyncEngine, cluster: str) -> None:
    """Refuse (`AnotherClusterError`) a cluster that the facts do not come from."""
    async with engine.connect() as conn:
        known = (await conn.execute(text("SELECT DISTINCT cluster FROM stats.offsets"))).scalars().all()
    for one in known:
        if one != cluster:
            raise AnotherClusterError(one, cluster)
