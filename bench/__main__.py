"""`make bench` runs each part; `python -m bench serving changes` runs only these. See docs/performance.md."""

import asyncio
import sys

from bench import changes, deliveries, edge, matching, serving

PARTS = {
    "serving": lambda: asyncio.run(serving.main()),
    "edge": lambda: asyncio.run(edge.main()),
    "changes": changes.main,
    "matching": matching.main,
    "deliveries": deliveries.run,
}

for part in sys.argv[1:] or PARTS:
    print(f"\n{part}\n")
    PARTS[part]()
