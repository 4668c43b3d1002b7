"""Write the scripts that are generated, in English, beside the others, where tests and the type checker look for them.

The service generates its own, so git and the wheel leave these files out.
"""

import os
from pathlib import Path

from capacity_api.pages import scripts
from capacity_api.wording.language import ENGLISH

SCRIPTS = Path(scripts.__file__).parent / "scripts"


def write_facts() -> None:
    for name in scripts.GENERATED:
        path = SCRIPTS / name
        facts = scripts.script(name, ENGLISH)
        if path.is_file() and path.read_bytes() == facts:
            continue
        # Several processes of a test run may write at once.
        temporary = path.with_name(f".{os.getpid()}.{name}")
        temporary.write_bytes(facts)
        temporary.replace(path)


if __name__ == "__main__":
    write_facts()
