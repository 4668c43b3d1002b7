"""`make bench` runs each part but the large one; `make bench PARTS="serving changes"` runs only these.

See docs/performance.md.
"""

import asyncio
import sys

from bench import changes, deliveries, edge, history, lapses, matching, serving

from capacity_api import log
from capacity_api.config import Settings

PARTS = {
    "serving": lambda: asyncio.run(serving.main()),
    "edge": lambda: asyncio.run(edge.main()),
    "changes": changes.main,
    "matching": matching.main,
    "deliveries": deliveries.run,
    "history": history.main,
    "lapses": lapses.run,
}
# It fills gigabytes: only who asks for it gets it.
LARGE = {"history"}

# Only figures are printed.
log.configure(Settings(log_level="error"), "bench")
for part in sys.argv[1:] or [name for name in PARTS if name not in LARGE]:
    print(f"\n{part}\n")
    PARTS[part]()
