"""Files beside the package in a checkout and inside it in the wheel: the migrations and the OpenAPI document."""

from pathlib import Path

from capacity_api.errors import ConfigurationError


def bundled_file(name: str) -> Path:
    """The path of a file such as `migrations/env.py`. Raises `ConfigurationError` if the installation lacks it."""
    package = Path(__file__).parent
    for folder in (package, package.parents[1]):
        if (folder / name).is_file():
            return folder / name
    raise ConfigurationError(f"{name} is missing from the installation in {package}")
