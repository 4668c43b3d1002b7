"""Write `facts.js` in English beside the other scripts, where their tests and the type checker look for it.

The service generates its own, so git and the wheel leave this file out.
"""

import os
from pathlib import Path

from capacity_api.pages import scripts
from capacity_api.wording.language import ENGLISH

SCRIPTS = Path(scripts.__file__).parent / "scripts"


def write_facts() -> None:
    path = SCRIPTS / scripts.FACTS
    facts = scripts.facts(ENGLISH)
    if path.is_file() and path.read_bytes() == facts:
        return
    # Several processes of a test run may write at once.
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    temporary.write_bytes(facts)
    temporary.replace(path)


if __name__ == "__main__":
    write_facts()
