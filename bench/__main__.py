"""`make bench` runs each part; `python -m bench serving changes` runs only these. See docs/performance.md."""

import asyncio
import sys

from bench import changes, deliveries, matching, serving

PARTS = {
    "serving": lambda: asyncio.run(serving.main()),
    "changes": changes.main,
    "matching": matching.main,
    "deliveries": deliveries.run,
}

for part in sys.argv[1:] or PARTS:
    print(f"\n{part}\n")
    PARTS[part]()
