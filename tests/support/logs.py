"""Log records at WARNING and above fail a test, unless it says that it expects them."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager


class UnexpectedLog(logging.Handler):
    """Keeps every record at WARNING and above that no enclosing `expected` claims."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []
        """The records that nothing expected, in order."""
        self._expected: list[re.Pattern[str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep `record`, unless a pattern in force matches its message."""
        message = record.getMessage()
        if not any(pattern.search(message) for pattern in self._expected):
            self.records.append(record)

    @contextmanager
    def expected(self, pattern: str) -> Iterator[None]:
        """Within it, messages that `pattern` (a regular expression) is found in are no failure."""
        self._expected.append(re.compile(pattern))
        try:
            yield
        finally:
            self._expected.pop()

    def sentences(self) -> str:
        """The unexpected records, a line each."""
        return "\n".join(f"{record.name} {record.levelname}: {record.getMessage()}" for record in self.records)
