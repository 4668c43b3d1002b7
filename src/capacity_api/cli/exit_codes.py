"""The exit code of each error, so that a script can tell a wrong password from a full disk.

A number never changes its meaning. `docs/operate/errors.md` lists them, and a test compares.
"""

from collections.abc import Mapping

from capacity_api import errors
from capacity_api.errors import CapacityError, DatabaseUnavailable, DatabaseUnusable, OutageCause

REFUSED = 1
OF_CAUSE: Mapping[OutageCause, int] = {
    OutageCause.HOST_UNKNOWN: 10,
    OutageCause.CONNECTION_REFUSED: 11,
    OutageCause.NO_ANSWER: 12,
    OutageCause.TLS: 13,
    OutageCause.WRONG_PASSWORD: 14,
    OutageCause.LOGIN_REFUSED: 15,
    OutageCause.NO_DATABASE: 16,
    OutageCause.TOO_MANY_CONNECTIONS: 17,
    OutageCause.NOT_ACCEPTING: 18,
    OutageCause.PERMISSION_MISSING: 19,
    OutageCause.READ_ONLY: 20,
    OutageCause.DISK_FULL: 21,
    OutageCause.DISK_ERROR: 22,
    OutageCause.FILE_UNREADABLE: 23,
    OutageCause.FILE_REPLACED: 24,
    OutageCause.NOT_A_DATABASE: 25,
    OutageCause.DAMAGED: 26,
    OutageCause.LOCKED: 27,
    OutageCause.BUSY: 28,
    OutageCause.STATEMENT_ENDED: 29,
    OutageCause.POOLER: 30,
}
# The first class that an error is an instance of decides.
OF_ERROR: Mapping[type[CapacityError], int] = {
    errors.NoDatabase: 40,
    errors.SchemaOutdated: 41,
    errors.SchemaNewer: 42,
    errors.SchemaDiffers: 43,
    errors.CopyUndeclared: 44,
    errors.DatabaseRestored: 45,
    errors.DatabaseMoved: 46,
    errors.KeyMissing: 47,
    errors.KeyOpensNothing: 48,
}


def exit_code(error: CapacityError) -> int:
    if isinstance(error, DatabaseUnavailable | DatabaseUnusable):
        return OF_CAUSE[error.cause]
    return next((code for kind, code in OF_ERROR.items() if isinstance(error, kind)), REFUSED)
