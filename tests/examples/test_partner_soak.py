"""Each example integration equals the directory after many random changes, while everything around it fails.

`PARTNER_CHANGES=500 make soak PYTEST="-k partner -s"` makes so many changes, and prints what happened.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.examples.directory_service import DirectoryService
from tests.examples.partners import COMMANDS, NEWCOMER, Command, Partner, Webhook, directory_of, integrated, moved_clock
from tests.outages import end_connections
from tests.restores import back_up, declare_restored
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, WAITING, Headers, Service, client_of

from capacity_api.config import Settings
from capacity_api.db.engine import Database

CHANGES = int(os.environ.get("PARTNER_CHANGES", "50"))
_CHECK_EVERY = 25
_SLUGS = ("tara", "unseen", "bawso", "kalayaan")


class Life:
    """Changes of the directory, and what goes wrong meanwhile, at random. `happened` counts both."""

    def __init__(
        self, service: Service, process: DirectoryService, partner: Partner, chance: random.Random, admin: Headers
    ) -> None:
        self._service = service
        self._process = process
        self._partner = partner
        self._chance = chance
        # What becomes of a webhook depends on when it comes, which no seed repeats.
        self._luck = random.Random(chance.random())
        self._admin = admin
        self._is_killing = asyncio.Lock()
        self._held: list[bytes] = []
        self.happened: Counter[str] = Counter()
        partner.network.route = self._deliver

    async def change(self) -> None:
        self.happened["changes"] += 1
        (what,) = self._chance.choices(
            (self._report, self._plan, self._confirm, self._redact, self._rename, self._list_or_delist, self._lapse),
            (50, 8, 8, 10, 6, 10, 8),
        )
        self.happened[what.__name__.lstrip("_")] += 1
        await what()
        (fault,) = self._chance.choices(
            (None, self._kill_integration, self._kill_service, self._end_connections), (80, 12, 3, 5)
        )
        if fault is not None:
            self.happened[fault.__name__.lstrip("_")] += 1
            await fault()

    async def restore(self, backup_folder: Path) -> None:
        """The directory goes back in time; somebody who joined after the backup is not in it any more."""
        if await self._is_listed():
            await self._list_or_delist()
        name = f"backup_{self.happened['restores']}"
        backup = await back_up(self._service.database.settings.url, backup_folder, name)
        await self._list_or_delist()
        for _ in range(3):
            await self._report()
        await self.check()
        await self._stop_service()
        await backup.restore()
        await declare_restored(self._service.database, self._partner.clock())
        await self._start_service()
        self.happened["restores"] += 1
        await self.check()

    async def check(self) -> None:
        """The copy becomes the directory, and what then comes late or once more does not change it."""
        self.happened["checks"] += 1
        await self._partner.agrees(self._service)
        again = [body for _, body in self._luck.choices(self._partner.network.webhooks or [({}, b"")], k=3) if body]
        late, self._held = [*self._held, *again], []
        self._luck.shuffle(late)
        for body in late:
            await self._deliver_late(body)
            self.happened["late or twice"] += 1
        await self._partner.agrees(self._service)

    async def _deliver(self, webhook: Webhook) -> int:
        """What becomes of a webhook that the service sent; the status that the service gets."""
        network, (_, body) = self._partner.network, webhook
        (fate,) = self._luck.choices(("arrives", "is missed", "is late", "comes twice", "kills"), (50, 20, 15, 10, 5))
        self.happened[fate] += 1
        if fate == "is missed":
            return 204
        if fate == "is late":
            self._held.append(body)
            return 204
        if fate == "comes twice":
            await network.forward(webhook)
        if fate != "kills":
            return await network.forward(webhook)
        # Somewhere between its first byte and our reading of the answer.
        arriving = asyncio.create_task(network.forward(webhook))
        await asyncio.sleep(self._luck.uniform(0, 0.01))
        await self._kill_integration()
        await arriving
        return 502

    async def _deliver_late(self, body: bytes) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    assert await self._partner.deliver(body) == 204
                except httpx.TransportError:
                    # It is being killed or has just begun.
                    await asyncio.sleep(0.02)
                else:
                    return

    async def _put(self, slug: str, report: dict[str, object]) -> None:
        await self._call("PUT", f"/v1/responders/{slug}/intake?replace=true", report)

    async def _report(self) -> None:
        report = self._chance.choice((OPEN, PAUSED, WAITING))
        note = self._chance.choice((None, f"Ask for {self._chance.choice(('Ann', 'Bea', 'Cé'))}."))
        await self._put(self._chance.choice(_SLUGS), {**report, "note": note})

    async def _plan(self) -> None:
        starts = self._partner.clock() + timedelta(hours=self._chance.choice((1, 48)))
        await self._put(self._chance.choice(_SLUGS), {**PAUSED, "effective_from": starts.isoformat()})

    async def _confirm(self) -> None:
        # Refused where there is nothing to confirm.
        path = f"/v1/responders/{self._chance.choice(_SLUGS)}/intake/confirmation"
        await self._call("POST", path, None, refusals=(409,))

    async def _redact(self) -> None:
        body = {"fields": ["report.note"], "from": 1, "to": None}
        await self._call("POST", f"/v1/responders/{self._chance.choice(_SLUGS)}/redactions", body)

    async def _rename(self) -> None:
        body = {"name": f"Name {self._chance.randrange(1000)}"}
        await self._call("PATCH", f"/v1/responders/{self._chance.choice(_SLUGS)}", body)

    async def _list_or_delist(self) -> None:
        # It may be done although its answer was lost.
        if await self._is_listed():
            await self._call("DELETE", "/v1/responders/newcomer", None, refusals=(404,))
        else:
            await self._call("POST", "/v1/responders", NEWCOMER, refusals=(409,))

    async def _is_listed(self) -> bool:
        return "newcomer" in await directory_of(self._service)

    async def _lapse(self) -> None:
        """Time passes; with luck a plan starts or a report lapses."""
        self._partner.clock.advance(timedelta(hours=self._chance.choice((1, 12, 7 * 24))))

    async def _call(self, method: str, path: str, body: object, refusals: tuple[int, ...] = ()) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await self._service.client.request(method, path, json=body, headers=self._admin)
                except httpx.TransportError:
                    continue
                if answer.status_code < 300 or answer.status_code in refusals:
                    return
                assert answer.status_code == 503, answer.text

    async def _kill_integration(self) -> None:
        async with self._is_killing:
            await self._partner.integration.kill()
            await self._partner.integration.start()

    async def _kill_service(self) -> None:
        await self._stop_service()
        await self._start_service()

    async def _stop_service(self) -> None:
        self._partner.network.service = None
        await self._process.kill()

    async def _start_service(self) -> None:
        address = await self._process.start()
        self._partner.network.service = address
        self._service.client.base_url = httpx.URL(address)

    async def _end_connections(self) -> None:
        """End every connection to PostgreSQL. SQLite has none: there the process is killed more often."""
        url = self._service.database.settings.url
        if url.get_backend_name() == "sqlite":
            await self._kill_service()
            return
        await end_connections(url)


@asynccontextmanager
async def living(
    settings: Settings, command: Command, folder: Path, chance: random.Random
) -> AsyncIterator[tuple[Life, Partner]]:
    clock = moved_clock(folder)
    process = DirectoryService(settings, clock, folder / "service.log")
    address = await process.start()
    database = Database(settings)
    try:
        async with client_of(address) as client:
            service = Service(client, database, clock)
            async with integrated(service, clock, command, folder) as partner:
                yield Life(service, process, partner, chance, await service.token()), partner
    finally:
        await process.kill()
        await database.close()


@pytest.mark.soak
@pytest.mark.parametrize("language", COMMANDS)
async def test_after_random_changes_with_kills_the_copy_is_the_directory(
    settings: Settings, language: str, tmp_path: Path, chance: random.Random
) -> None:
    began = time.monotonic()
    async with living(settings, COMMANDS[language], tmp_path, chance) as (life, partner):
        for number in range(1, CHANGES + 1):
            await life.change()
            if number % _CHECK_EVERY == 0:
                await life.check()
            if number in (CHANGES // 3, 2 * CHANGES // 3):
                await life.restore(tmp_path)
        await life.check()
        whole = partner.network.answered.count("/v1/directory")
        happened = {**life.happened, "kills": partner.integration.kills, "whole": whole}
    print(  # noqa: T201 - the figures of a soak
        f"{language} on {settings.url.get_backend_name()}, {time.monotonic() - began:.0f} s:",
        happened,
    )
    # The events bring it there. It reads the directory whole at first and after a restore, once more where that is cut.
    assert whole <= 1 + 3 * life.happened["restores"]
