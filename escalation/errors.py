"""Every error this project raises on purpose, in one tree.

    EscalationError
    ├── DomainError                 a rule said no; nothing changed
    │   ├── NotAllowed              this actor may not do this here
    │   ├── AlreadyDone             somebody (or the same one) did it before; says who and when
    │   ├── NotNow                  the escalation is in a stage where this has no meaning
    │   ├── Unknown                 the gate, item, level or severity named does not exist here
    │   ├── Incomplete              something required is missing from what was sent
    │   └── TooLarge                what was sent does not fit; says the size and the limit
    ├── DocumentError               a playbook or directory file cannot be used; carries findings with file:line
    ├── ConditionError              a condition does not pass the type check; carries every problem
    ├── RequestRefused              a request to open an escalation is malformed or too large; nothing was started
    ├── Unreachable                 a server this process depends on could not be reached
    ├── LinkRefused                 a signed link cannot be used: changed on the way, for something else, or too old
    ├── SettingsError               a setting is missing or malformed; the process does not start
    └── RemoteError                 an outside system answered with a failure
        ├── RemoteRefused           final: the same call will fail again (4xx, invalid address)
        │   ├── UnknownPerson       nobody of that id is in the directory
        │   └── Unreadable          answered, but not in a way that can be read: nobody knows what was done
        └── RemoteUnavailable       worth trying again (network, 429, 5xx); may carry how long to wait

A message says what was wrong, where, what was expected and what to do. It never carries a customer's values.
"""

from datetime import timedelta
from typing import Literal, NamedTuple


class EscalationError(Exception):
    """Root of the tree: catch it to catch everything this project raises on purpose."""


class DomainError(EscalationError):
    """A rule of the playbook or of the engine refused a command; the escalation is unchanged.

    Its text is recorded where nobody waits for the answer (a signal, a decision that came early): a replay has to find
    the same words, so they stay as they are. ``said`` is what whoever waits is told, and may become better.
    """

    def __init__(self, recorded: str, said: str = "") -> None:
        super().__init__(recorded)
        self.said = said or recorded


class NotAllowed(DomainError):
    """The actor may not do this on this escalation."""


class AlreadyDone(DomainError):
    """The act was done before; the message names by whom and when."""


class NotNow(DomainError):
    """The escalation is in a stage where the command has no meaning."""


class Unknown(DomainError):
    """The command names a gate, item, level or severity that this escalation does not have."""


class Incomplete(DomainError):
    """The command lacks something the playbook requires; the message names every missing part."""


class TooLarge(DomainError):
    """The escalation would grow beyond what Temporal can carry; the message says the size and the limit."""


class Finding(NamedTuple):
    """One thing wrong in a document: where, what, and what was expected."""

    file: str
    """Empty when there is none."""
    line: int
    """1-based; 0 when the finding concerns the file as a whole."""
    path: str
    """Dotted path inside the document, e.g. ``levels.1.ack``."""
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(filter(None, (where, self.path, self.message)))


class DocumentError(EscalationError):
    """A YAML document cannot be used. ``findings`` holds everything wrong with it, not only the first."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        super().__init__("\n".join(str(finding) for finding in findings))


class ConditionError(EscalationError):
    """A condition cannot be used. ``problems`` holds everything wrong with it, each a sentence with its place."""

    def __init__(self, text: str, problems: tuple[str, ...]) -> None:
        self.text = text
        self.problems = problems
        super().__init__(f"condition '{text}': " + "; ".join(problems))


class RequestRefused(EscalationError):
    """A request to open an escalation is malformed or too large; nothing was started.

    ``problems`` names every wrong path: ``(path, what is wrong)``.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{path}: {problem}" if path else problem for path, problem in problems))


class Unreachable(EscalationError):
    """A server this process depends on could not be reached; the message says which and how to start it."""


class SettingsError(EscalationError):
    """A setting is missing or malformed; the message names the key and what was expected, never the value."""


class LinkRefused(EscalationError):
    """A signed link cannot be used; the message says why and what to do instead."""

    def __init__(self, why: Literal["tampered", "not_for_this", "expired"], message: str) -> None:
        self.why = why
        super().__init__(message)


class RemoteError(EscalationError):
    """An outside system (CRM, channel, ledger) answered with a failure."""


class RemoteRefused(RemoteError):
    """Final: the same call would be refused again.

    ``status`` is the HTTP status of the answer, None where it was none; ``reason`` the system's own word for it.
    """

    def __init__(self, message: str, status: int | None = None, reason: str = "") -> None:
        self.status = status
        self.reason = reason
        super().__init__(message)


class UnknownPerson(RemoteRefused):
    """Nobody of that id is in the directory: a mistyped name, or somebody who left."""


class Unreadable(RemoteRefused):
    """A call was answered with success, by something that cannot be read: what was asked for may have been done.

    The same call is made again a few times, since it finds what it made under its key; then it counts as refused.
    """


class RemoteUnavailable(RemoteError):
    """Worth trying again. ``retry_after`` is what the remote system asked us to wait, if it said so."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)
