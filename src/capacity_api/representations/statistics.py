"""The statistics: what was, for any period. Nobody is ranked; how promptly a responder confirms is not told."""

from datetime import datetime

import msgspec

from capacity_api.domain.remit import AgeGroup


class StateSeconds(msgspec.Struct, frozen=True, kw_only=True):
    """Whole seconds in each effective state; together `listed_seconds`."""

    open: int
    waiting_list: int
    paused: int
    unconfirmed: int


class StateShares(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of `listed_seconds` in each effective state, from 0 to 1; together 1."""

    open: float
    waiting_list: float
    paused: float
    unconfirmed: float


class ResponderStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """`listed_seconds` is how much of the period it was in the directory; `shares` is null when that is 0.

    `pause_count` counts those that began in the period. `longest_pause_seconds` is of what lies within the period, also
    of a pause that began before it or goes on after it.
    """

    slug: str
    name: str
    listed_seconds: int
    seconds: StateSeconds
    shares: StateShares | None
    pause_count: int
    longest_pause_seconds: int


class NationStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """How long no responder that covers the whole nation was confirmed open, of the `counted_seconds` of the period.

    Null where nothing was counted. A responder whose remit is not known, or that takes existing clients alone, does
    not count.
    """

    code: str
    name: str
    counted_seconds: int
    nobody_open_seconds: int | None
    nobody_open_hours: float | None


class GroupStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """As for a nation, of one age group in it: no responder that covers all of the nation for it was confirmed open.

    A remit for adults takes young people too. What a report was limited to while it held counts.
    """

    area: str
    age_group: AgeGroup
    counted_seconds: int
    nobody_open_seconds: int | None
    nobody_open_hours: float | None


class MonthStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """The same of one month in UK time. The first and the last are cut at the ends of the whole period."""

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    nations: list[NationStatistics]
    groups: list[GroupStatistics]
    responders: list[ResponderStatistics]


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Of the time from `from` up to but not including `to`, cut to whole seconds.

    `counted_from` is when counting begins: with `from`, or with the first listing of all; null when that came later.
    `counted_until` is `to`, or until when the service has counted so far; null when `counted_from` is.
    `months` are those from `counted_from` on, oldest first; null unless they were asked for.
    """

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    counted_from: datetime | None
    counted_until: datetime | None
    nations: list[NationStatistics]
    groups: list[GroupStatistics]
    responders: list[ResponderStatistics]
    months: list[MonthStatistics] | None
