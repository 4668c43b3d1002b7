"""The metrics that only the database knows: what waits, who works on it, and the newest backup."""

import asyncio
import math
import time
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.clock import Clock
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.size import read_size
from capacity_api.errors import DatabaseUnavailable, OutageCause
from capacity_api.operations import audit, backlog, heartbeats
from capacity_api.operations.backlog import MailBacklog
from capacity_api.operations.heartbeats import Pulse, Task
from capacity_api.operations.webhooks.due_work import count_waiting_events

# A scrape waits no longer for the database. Prometheus gives up after ten seconds.
_ASK_SECONDS = 2.0
# One reads the audit, the other looks at each file of PostgreSQL.
_ASK_SELDOM_SECONDS = 60.0


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    events_waiting: int
    oldest_event_at: datetime | None
    webhooks: dict[str, int]
    mail: MailBacklog
    pulses: dict[Task, Pulse]


class StoredMetrics:
    """Asks the database at each scrape, for the process that answers it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._backup_at: datetime | None = None
        self._size = 0
        self._seldom_asked_at = -math.inf

    async def read(self) -> list[Metric]:
        """Nothing but `capacity_database_up 0` where the database does not answer soon."""
        is_up, stored = True, None
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                # Also of a database that went back in time: nothing in them is published.
                async with self._database.read(Bulkhead.READS) as session:
                    stored = await self._ask(session)
        except DatabaseUnavailable as error:
            # Other readers hold all the connections for these reads.
            is_up = error.cause is OutageCause.BUSY
        except TimeoutError:
            is_up = False
        up = GaugeMetricFamily("capacity_database_up", "1 if the database answered this scrape in time", is_up)
        return [up, *(() if stored is None else self._represent(stored))]

    async def _ask(self, session: AsyncSession) -> _Stored:
        now = self._clock()
        if time.monotonic() - self._seldom_asked_at >= _ASK_SELDOM_SECONDS:
            self._backup_at = await audit.last_backup(session)
            self._size = await read_size(session)
            self._seldom_asked_at = time.monotonic()
        return _Stored(
            events_waiting=await count_waiting_events(session),
            oldest_event_at=await backlog.oldest_event_at(session, now),
            webhooks=await backlog.count_webhooks(session),
            mail=await backlog.read_mail(session),
            pulses=await heartbeats.read_pulses(session, now),
        )

    def _represent(self, stored: _Stored) -> Iterator[Metric]:
        now = self._clock()
        yield GaugeMetricFamily(
            "capacity_deliveries_pending",
            "Events after the cursors of the active webhooks, before their filters",
            stored.events_waiting,
        )
        yield GaugeMetricFamily(
            "capacity_oldest_delivery_age_seconds",
            "How long the oldest event has waited for a webhook, before the filters; 0 if none waits",
            _age(stored.oldest_event_at, now),
        )
        yield labelled(
            "capacity_webhooks", "Webhooks: failing ones are tried again", "state", list(stored.webhooks.items())
        )
        yield GaugeMetricFamily("capacity_mail_waiting", "Mail that is not sent yet", stored.mail.count)
        yield GaugeMetricFamily(
            "capacity_oldest_mail_age_seconds",
            "How long the oldest mail has waited; 0 if none waits",
            _age(stored.mail.oldest_at, now),
        )
        pulses = stored.pulses.items()
        yield labelled(
            "capacity_workers",
            "Processes that do this task and said so in the last minute and a half",
            "task",
            [(task, pulse.alive) for task, pulse in pulses],
        )
        yield labelled(
            "capacity_workers_silent",
            "Processes that fell silent in the last hour, killed or hanging, and were not started again",
            "task",
            [(task, pulse.silent) for task, pulse in pulses],
        )
        yield labelled(
            "capacity_heartbeat_age_seconds",
            "How old the newest heartbeat of this task is",
            "task",
            [(task, _age(pulse.newest, now)) for task, pulse in pulses if pulse.newest is not None],
        )
        yield GaugeMetricFamily(
            "capacity_database_size_bytes", "What the database takes, without its log of writes", self._size
        )
        if self._backup_at is not None:
            yield GaugeMetricFamily(
                "capacity_backup_age_seconds",
                "How old the newest backup by `capacity-api backup` is",
                _age(self._backup_at, now),
            )


def labelled(name: str, documentation: str, label: str, values: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
    """A gauge with a value for each value of one label."""
    family = GaugeMetricFamily(name, documentation, labels=(label,))
    for value, number in values:
        family.add_metric((value,), number)
    return family


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
