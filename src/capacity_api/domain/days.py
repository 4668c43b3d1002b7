"""Days of Europe/London: between 23 and 25 hours long."""

from datetime import UTC, date, datetime, time

from capacity_api.domain.intake import LONDON_TIME


def day_of(at: datetime) -> date:
    """The day that a moment falls on."""
    return at.astimezone(LONDON_TIME).date()


def day_start(day: date) -> datetime:
    """The moment at which a day begins."""
    return datetime.combine(day, time.min, LONDON_TIME).astimezone(UTC)
