"""The pictures of `/evidence` (SVG). Height and width tell, so they read in black and white; the words stand beside."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from capacity_api.domain.intake import State
from capacity_api.pages.pictures import CLASSES, TOPS, draw

_WIDTH = 1000
# A column is this high, and it and the room beside it this wide. Few months do not become wide blocks.
_HIGH, _COLUMN, _STEP = 100, 8, 10
_FEWEST = 12


def share_bar(seconds: Mapping[State, int]) -> Markup:
    """One bar for all the time, cut into the states in their order."""
    whole = sum(seconds.values())
    drawn, before = "", 0
    for state in State:
        left, right = (round(_WIDTH * at / whole) for at in (before, before + seconds[state]))
        before += seconds[state]
        if state in TOPS and right > left:
            drawn += f'<path class="{CLASSES[state]}" d="M{left} {TOPS[state]}h{right - left}V10H{left}z"/>'
    return draw(_WIDTH, drawn, name="share")


def columns(shares: Sequence[float]) -> Markup:
    """A framed column for each share, filled from below. Only 0 is empty, and only 1 is full."""
    frames, filled = "", ""
    for number, share in enumerate(shares):
        left = number * _STEP + 1
        frames += f"M{left} 0h{_COLUMN}V{_HIGH}H{left}z"
        height = _column_height(share)
        if height:
            filled += f"M{left} {_HIGH - height}h{_COLUMN}V{_HIGH}H{left}z"
    drawn = f'<path class="frame" vector-effect="non-scaling-stroke" d="{frames}"/>' + (
        f'<path class="filled" d="{filled}"/>' if filled else ""
    )
    return draw(max(len(shares), _FEWEST) * _STEP, drawn, height=_HIGH, name="columns")


def _column_height(share: float) -> int:
    if share in {0, 1}:
        return round(share * _HIGH)
    return min(max(round(share * _HIGH), 2), _HIGH - 2)
