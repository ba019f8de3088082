"""``escalate``: the command line.

Exit codes: 0 done · 1 refused by a rule, with the reason · 2 wrong usage or a wrong request, every wrong path named ·
3 a server cannot be reached, with how to start it · 130 interrupted. Answers go to stdout, everything else to stderr.
"""

import json
import sys
from typing import Any, NoReturn

import typer
from rich.text import Text

from escalation.errors import DocumentError, DomainError, EscalationError, RequestRefused, SettingsError, Unreachable
from starter import (
    auditing,
    burden,
    commands,
    communicating,
    connecting,
    dev,
    evidence,
    forecasting,
    intake,
    items,
    keeping,
    lookback,
    migrating,
    oncall,
    opening,
    playbooks,
    rights,
    trail,
    views,
    who,
)
from starter.exits import leave
from starter.session import err

DONE, REFUSED, WRONG, NOT_REACHED, INTERRUPTED = 0, 1, 2, 3, 130


class Commands(typer.core.TyperGroup):
    """Knows ``offer-handoff`` as ``offer_handoff``."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command, however its words are joined."""
        return super().get_command(ctx, cmd_name) or super().get_command(ctx, cmd_name.replace("-", "_"))


def build() -> typer.Typer:
    """Put the command line together."""
    app = typer.Typer(
        name="escalate",
        cls=Commands,
        help="Open, follow and answer escalations: from machines to people.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.command("dev", rich_help_panel="Run")(dev.dev)
    opening.add_commands(app)
    intake.add_commands(app)
    views.add_commands(app)
    trail.add_commands(app)
    who.add_commands(app)
    rights.add_commands(app)
    burden.add_commands(app)
    communicating.add_commands(app)
    app.command("items", rich_help_panel=views.PANEL)(items.items)
    app.command("forecast", rich_help_panel=views.PANEL)(forecasting.forecast)
    commands.add_commands(app)
    migrating.add_commands(app)
    lookback.add_commands(app)
    evidence.add_commands(app)
    app.add_typer(playbooks.app, rich_help_panel="Rules")
    app.add_typer(oncall.app, rich_help_panel="Rules")
    app.add_typer(auditing.app, rich_help_panel=lookback.PANEL)
    app.add_typer(connecting.app, rich_help_panel="Run")
    app.add_typer(keeping.app, rich_help_panel="Run")
    return app


def main() -> NoReturn:
    """Run one command and end the process with its exit code."""
    leave(outcome(sys.argv[1:]))


def outcome(arguments: list[str]) -> int:
    """Run one command; return its exit code."""
    as_json = "--json" in arguments
    try:
        build()(arguments)
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
