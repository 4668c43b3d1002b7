"""The one list of the output formats. Take a format out of it, and the rest goes on without it."""

from capacity_api.formats import atom, csv, rpde, statistics
from capacity_api.formats.format import Format
from capacity_api.formats.open_referral.format import OPEN_REFERRAL

FORMATS: tuple[Format, ...] = (csv.FORMAT, atom.FORMAT, rpde.FORMAT, OPEN_REFERRAL, statistics.FORMAT)
