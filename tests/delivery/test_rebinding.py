"""The egress guard with a real name server, asked by the C library, in a network in which every address answers."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.delivery.lonely_network import ANSWERS, Happened
from tests.serving import PATIENCE_SECONDS, bound

import capacity_api

Happenings = dict[str, dict[str, Happened]]
UNSHARE = ("unshare", "--user", "--map-root-user", "--net", "--mount")
PUBLIC = {"good": "8.8.8.8", "good6": "2606:4700:4700::1111"}
REBINDS = {"rebinds": "8.8.8.8", "rebinds6": "2606:4700:4700::1111"}


def run_alone(module: str, *arguments: str) -> Any:
    """What a module prints last, in a network of its own."""
    for tool in ("unshare", "ip", "mount"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool} for a network of its own")
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    if tried.returncode != 0:
        pytest.skip(f"this machine gives no network of its own: {tried.stderr.strip()}")
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [*UNSHARE, sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SECONDS,
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(capacity_api.__file__).parents[1]), str(root)])},
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def happened() -> Happenings:
    """What came of every attempt."""
    return dict(run_alone("tests.delivery.lonely_network"))


@pytest.mark.parametrize("name", PUBLIC)
def test_a_name_with_a_public_address_is_dialled_there(happened: Happenings, name: str) -> None:
    result = happened["names"][name]
    assert set(result["arrived"]) == {PUBLIC[name]}
    # The listener speaks no TLS; that the connection came is all that is asked of it.
    assert "not_allowed" not in result["reasons"]


@pytest.mark.parametrize("name", REBINDS)
def test_a_name_that_changes_its_answer_is_refused_from_then_on(happened: Happenings, name: str) -> None:
    result = happened["names"][name]
    assert result["arrived"] == [REBINDS[name]]
    assert result["reasons"][0] != "not_allowed"
    assert result["reasons"][1:] == ["not_allowed", "not_allowed"]
    # Once for each connection: the name is not resolved again between the check and the connection.
    assert result["asked"] == 3


@pytest.mark.parametrize("name", sorted(ANSWERS.keys() - PUBLIC.keys() - REBINDS.keys() - {"empty"}))
def test_not_one_connection_reaches_an_address_that_is_not_public(happened: Happenings, name: str) -> None:
    result = happened["names"][name]
    assert result["arrived"] == []
    assert result["reasons"] == ["not_allowed"] * 3


def test_a_name_without_an_address_is_tried_again_later(happened: Happenings) -> None:
    result = happened["names"]["empty"]
    assert result["arrived"] == []
    assert result["reasons"] == ["name_not_resolved"] * 3


def test_no_connection_is_made_for_an_address_that_the_api_refuses(happened: Happenings) -> None:
    """No connection is made for any refused spelling, even without the check of the API before."""
    assert len(happened["addresses"]) >= 150
    assert {url: result for url, result in happened["addresses"].items() if result["arrived"]} == {}
    assert {reason for result in happened["addresses"].values() for reason in result["reasons"]} == {
        "not_allowed",
        "invalid_url",
    }


def test_without_the_guard_nearly_every_address_is_reached(happened: Happenings) -> None:
    """The counter-check: in this network nearly every address can be reached, so it was the guard that refused."""
    silent = {name for name, result in happened["allowed"].items() if not result["arrived"]}
    assert silent <= {"empty", "multicast", "compatible"}


@pytest.mark.soak
def test_processes_end_within_their_grace_while_the_name_server_is_silent(tmp_path: Path) -> None:
    seconds = run_alone("tests.delivery.silent_name_server", str(tmp_path))
    assert seconds.keys() == {"serve", "worker", "db check"}
    # Three seconds for the sends and two to record them, and the time that the process needs itself.
    assert max(seconds.values()) < bound(5)
