"""Files that lie beside the package in a checkout and inside it in the wheel: the migrations, the OpenAPI document."""

from pathlib import Path

from capacity_api.errors import ConfigurationError


def bundled_file(name: str) -> Path:
    """Where `name` is, such as `migrations/env.py`; raises `ConfigurationError` when the installation lacks it."""
    package = Path(__file__).parent
    for folder in (package, package.parents[1]):
        if (folder / name).is_file():
            return folder / name
    raise ConfigurationError(f"{name} is missing from the installation in {package}")
