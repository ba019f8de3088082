"""``escalate``: the command line.

Exit codes: 0 done · 1 refused by a rule, with the reason · 2 wrong usage or a wrong request, every wrong path named ·
3 a server cannot be reached, with how to start it · 130 interrupted. Answers go to stdout, everything else to stderr.
"""

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

import typer
from rich.text import Text

from escalation.errors import DocumentError, DomainError, EscalationError, RequestRefused, SettingsError, Unreachable
from starter.exits import leave
from starter.session import err

DONE, REFUSED, WRONG, NOT_REACHED, INTERRUPTED = 0, 1, 2, 3, 130


class Commands(typer.core.TyperGroup):
    """Knows ``offer-handoff`` as ``offer_handoff``."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command, however its words are joined."""
        return super().get_command(ctx, cmd_name) or super().get_command(ctx, cmd_name.replace("-", "_"))


PARTS: Mapping[str, tuple[str, ...]] = {
    "dev": ("dev",),
    "opening": ("open", "consider"),
    "intake": ("intake",),
    "views": ("show", "list", "watch", "timeline", "plan", "inbox"),
    "trail": ("overview", "packet", "search", "export", "verify"),
    "who": ("who",),
    "rights": ("rights",),
    "burden": ("load",),
    "communicating": ("updates", "brief"),
    "items": ("items",),
    "forecasting": ("forecast",),
    "commands": (),  # those of the registry
    "migrating": ("migrate",),
    "lookback": ("ratings", "knowledge"),
    "evidence": ("evidence",),
    "playbooks": ("playbook",),
    "oncall": ("oncall",),
    "auditing": ("audit",),
    "connecting": ("connections",),
    "keeping": ("ledger",),
}
"""Which module registers which commands, in the order of the help."""


def build(typed: str = "") -> typer.Typer:
    """Put the command line together. Of a command that was typed, only its module is loaded: all take seconds.

    The help shows them all, and what is mistyped is looked for among them all.
    """
    app = typer.Typer(
        name="escalate",
        cls=Commands,
        help="Open, follow and answer escalations: from machines to people.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    part = next((part for part, names in PARTS.items() if typed in names), "")
    if part:
        _load(part).add_commands(app)
    elif not _load("commands").add_command(app, typed):
        for each in PARTS:
            _load(each).add_commands(app)
    return app


def _load(part: str) -> Any:
    return import_module(f"starter.{part}")


def main() -> NoReturn:
    """Run one command and end the process with its exit code."""
    leave(outcome(sys.argv[1:]))


def outcome(arguments: list[str]) -> int:
    """Run one command; return its exit code."""
    as_json = "--json" in arguments
    try:
        # As a group also where it has one command only.
        typer.main.get_group(build(arguments[0] if arguments else ""))(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return DONE  # whoever reads has enough
    except EscalationError as error:
        code, headline, details = explain(error)
        _say_why(code, headline, details, as_json=as_json, kind=type(error).__name__)
        return code
    return DONE


def explain(error: EscalationError) -> tuple[int, str, list[str]]:
    """Return the exit code of an error, what it means in one line, and everything that is wrong."""
    if isinstance(error, RequestRefused):
        return WRONG, "Wrong request; nothing was done.", [_problem(*each) for each in error.problems]
    if isinstance(error, SettingsError):
        return WRONG, "Wrong settings.", [str(error)]
    if isinstance(error, Unreachable):
        return NOT_REACHED, "Not available.", [str(error)]
    if isinstance(error, DocumentError):
        absent = error.findings[0].message.startswith(("there is no playbook", "cannot be read"))
        return (WRONG if absent else REFUSED), "This file cannot be used.", [str(each) for each in error.findings]
    if isinstance(error, DomainError):
        return REFUSED, "Refused.", [str(error)]
    return REFUSED, "That did not work.", [str(error)]


def _problem(path: str, problem: str) -> str:
    return f"{path}: {problem}" if path else problem


def _say_why(code: int, headline: str, details: list[str], *, as_json: bool, kind: str) -> None:
    if as_json:
        error = {"error": kind, "exit": code, "message": headline, "problems": details}
        sys.stderr.write(json.dumps(error, ensure_ascii=False) + "\n")
        return
    err.print(Text(headline, style="bold red" if code == NOT_REACHED else "bold"))
    for detail in details:
        err.print(Text(f"  {detail}"), soft_wrap=True)


if __name__ == "__main__":
    main()
