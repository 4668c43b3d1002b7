"""The lease of a claim as the process that took it knows it: by its boot clock, and without asking anybody.

It is counted from before the claim was taken, so it ends no later than the lease in the database (`operations.leases`).
"""

from collections.abc import Callable

from capacity_api.clock import BootClock

# Called directly before the first byte is sent. Raises `LeaseEnded`.
RequireLease = Callable[[], None]


class LeaseEnded(Exception):
    """The lease ended before anything was sent. Another worker may have the claim now."""


def require_lease(ends_at: float, boot_clock: BootClock) -> None:
    """Raise `LeaseEnded` once the boot clock shows `ends_at`, in seconds."""
    if boot_clock() >= ends_at:
        raise LeaseEnded
