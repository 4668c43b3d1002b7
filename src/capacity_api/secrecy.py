"""What keeps secrets out of a `repr`, which ends in logs, tracebacks and terminals."""

from collections.abc import Callable

import msgspec


def repr_without(*secret_fields: str) -> Callable[[msgspec.Struct], str]:
    """A `__repr__` for a struct, which shows its other fields."""

    def represent(struct: msgspec.Struct) -> str:
        fields = (
            f"{name}={'...' if name in secret_fields else repr(getattr(struct, name))}"
            for name in struct.__struct_fields__
        )
        return f"{type(struct).__name__}({', '.join(fields)})"

    return represent
