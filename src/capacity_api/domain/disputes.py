"""Disputes: a partner rang a responder and was told otherwise than the directory says."""

from datetime import timedelta
from enum import StrEnum

# A partner disputes what a responder says at most so often. More would be noise to its people.
DISPUTE_EVERY = timedelta(hours=24)


class DisputeFinding(StrEnum):
    """What the partner was told, or that nobody answered. There is no free text: it could name somebody."""

    OPEN = "open"
    WAITING_LIST = "waiting_list"
    PAUSED = "paused"
    NO_ANSWER = "no_answer"
