"""What the lab remembers: working memory is the state itself, episodes are finished runs, rules are learned."""

from nma13.memory.episodes import (
    VERDICTS,
    EpisodeError,
    Remembered,
    Statistics,
    Verdict,
    episode,
    episodes_by_id,
    give_feedback,
    icxatrs,
    recent,
    state_of,
    statistics,
    store_episode,
)
from nma13.memory.ranking import Hit, recall
from nma13.memory.vectors import embed_missing

__all__ = [
    "VERDICTS",
    "EpisodeError",
    "Hit",
    "Remembered",
    "Statistics",
    "Verdict",
    "embed_missing",
    "episode",
    "episodes_by_id",
    "give_feedback",
    "icxatrs",
    "recall",
    "recent",
    "state_of",
    "statistics",
    "store_episode",
]
