"""`make bench`: each part in turn, or those that are named: `python -m bench serving changes`.

`docs/performance.md` explains the tables.
"""

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
