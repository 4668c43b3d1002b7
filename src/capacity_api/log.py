"""The log: one line on standard error for each act and each change of condition, the same in every process.

Code logs with `structlog.get_logger()`, an event name in dotted lower case, and fields:
`log.warning("database.unavailable", task=name)`. What libraries log through the standard library becomes the event
`library.message`, with the same keys. `docs/operate/log.md` lists the events.

No line may hold a token, a secret, a note, a contact, a question or the address of a reader.
"""

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from capacity_api.clock import Clock, utc_now
from capacity_api.config import Settings

# At debug level these log what people sent: values of statements, addresses of requests.
_TOO_TALKATIVE = ("aiosqlite", "alembic", "asyncio", "httpx", "sqlalchemy", "uvicorn")
# PostgreSQL's errors may have the values of a row, over several lines, before what SQLAlchemy adds.
_ROW = re.compile(r"^DETAIL: .*?(?=^\[SQL: |\n\n(?:The above|During handling)|\Z)", re.MULTILINE | re.DOTALL)
# These come first in each line, in this order.
_HEAD = ("time", "level", "event", "process", "pid")


def configure(settings: Settings, process: str, clock: Clock = utc_now) -> None:
    """Set up the log of this process, which each line names: `serve`, `worker`, or another command. May run again.

    `clock` says when a line was written.
    """

    def add_time(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
        fields["time"] = clock().isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
        return fields

    # `format_exc_info` and not structlog's richer forms: those show the values of variables.
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        add_time,
        structlog.processors.format_exc_info,
        _leave_out_rows,
    ]

    def arrange(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
        fields.update(process=process, pid=os.getpid())
        ordered = {**{name: fields[name] for name in _HEAD}, **fields}
        # Ids and times as text.
        plain: EventDict = msgspec.to_builtins(ordered, enc_hook=str)
        return plain

    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_name_library_message, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, arrange, _renderer(settings)],
        )
    )
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, _StandardError)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def lifetime() -> Iterator[None]:
    """Log the start and the stop of a process that goes on until it is stopped."""
    log = structlog.get_logger()
    log.info("process.start", version=version("capacity-api"))
    try:
        yield
    finally:
        log.info("process.stop")


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is now: tests and servers replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        raise AttributeError


def _renderer(settings: Settings) -> Processor:
    at_terminal = sys.stderr.isatty()
    if settings.log_format == "text" or (settings.log_format == "auto" and at_terminal):
        return structlog.dev.ConsoleRenderer(
            colors=at_terminal,
            timestamp_key="time",
            # The default shows the values of variables where `rich` is installed.
            exception_formatter=structlog.dev.plain_traceback,
        )
    return structlog.processors.JSONRenderer(serializer=_to_json)


def _to_json(fields: EventDict, **_: Any) -> str:
    return msgspec.json.encode(fields).decode()


def _leave_out_rows(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    if "exception" in fields:
        fields["exception"] = _ROW.sub("", fields["exception"])
    return fields


def _name_library_message(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    fields["message"] = fields["event"]
    fields["event"] = "library.message"
    return fields
