"""How a Slack workspace is connected; several workspaces are several connections."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from activities.connector import BaseUrl, Config, Secret
from escalation.values import Slug

MOST_KEYS: Final = 3
_PLACE: Final = "{escalation}"


def _web_address(written: str) -> str:
    if not written.startswith("https://") or written.count(_PLACE) != 1 or " " in written:
        raise ValueError(f"expected an https address with {_PLACE} in it, once")
    return written


DetailsUrl = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(_web_address)]
"""Web page of an escalation, such as ``https://board.example.org/{escalation}``."""

Label = Annotated[str, StringConstraints(min_length=1, max_length=75, strip_whitespace=True)]
"""What a button says; 75 characters are Slack's limit."""


class SlackConfig(Config):
    """A Slack workspace with an app of one's own in it."""

    kind: Literal["slack"]
    token: Secret
    """Bot token of the app, ``xoxb-...``."""
    signing_secrets: Annotated[tuple[Secret, ...], Field(max_length=MOST_KEYS)] = ()
    """Signing secret of the app, the newest first: while one replaces another both are accepted.

    Without any, messages carry no buttons: nobody could tell a click from a forged one.
    """
    details: DetailsUrl | None = None
    """Where the button for details leads; without it, it shows the command."""
    labels: dict[Slug, Label] = {}
    """Other words on buttons than those of the receiver's language, by command or ``COMMAND.CHOICE``."""
    url: BaseUrl = "https://slack.com/api"
