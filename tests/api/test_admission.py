"""Whose request may begin, turn by turn of the event loop; and how many addresses are remembered."""

import asyncio
from datetime import timedelta

import pytest
from tests.conftest import NOON

from capacity_api.api.admission import Turnstile
from capacity_api.api.budgets import Budget
from capacity_api.edge.addresses import Client
from capacity_api.edge.refusals import Refusals
from capacity_api.errors import TooManyRequests

_CALLERS = 20


async def test_one_caller_of_each_key_begins_in_each_turn_in_order() -> None:
    turnstile = Turnstile()
    begun: dict[bytes | None, list[int]] = {None: [], b"a token": []}

    async def call(key: bytes | None, number: int) -> None:
        await turnstile.enter(key)
        begun[key].append(number)

    calls = [asyncio.create_task(call(key, number)) for number in range(_CALLERS) for key in begun]
    while not all(each.done() for each in calls):
        before = {key: len(numbers) for key, numbers in begun.items()}
        # One turn of the event loop.
        await asyncio.sleep(0)
        assert all(len(numbers) - before[key] <= 1 for key, numbers in begun.items())
    assert list(begun.values()) == [list(range(_CALLERS))] * 2


async def test_a_caller_that_hangs_up_holds_nobody_up() -> None:
    turnstile = Turnstile()
    calls = [asyncio.create_task(turnstile.enter(None)) for _ in range(_CALLERS)]
    # Let each begin.
    await asyncio.sleep(0)
    for each in calls[1::2]:
        each.cancel()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [outcome is None for outcome in outcomes] == [number % 2 == 0 for number in range(_CALLERS)]
    # It can be entered again.
    await turnstile.enter(None)


async def test_a_crowd_of_addresses_takes_a_bounded_memory_and_locks_nobody_out() -> None:
    budget = Budget("queries", 1, (), Refusals())

    def client(number: int) -> Client:
        return Client(
            address=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", is_forwarded=False, is_doubtful=False
        )

    for number in range(20_000):
        budget.require(client(number), NOON)
        budget.spend(client(number))
    assert len(budget) == 10_000
    with pytest.raises(TooManyRequests):
        budget.require(client(0), NOON)
    budget.require(client(20_001), NOON)
    budget.require(client(0), NOON + timedelta(minutes=1))
    assert len(budget) == 0
