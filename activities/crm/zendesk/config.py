"""How a connection to Zendesk Support is configured."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from activities.auth import Auth, basic, bearer
from activities.connector import BaseUrl, Config, Secret
from activities.crm.own_fields import Filling
from escalation.values import Actor, Incoming

Theirs = Literal["new", "open", "pending", "hold", "solved", "closed"]
Priority = Literal["urgent", "high", "normal", "low"]
Severity = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Tag = Annotated[str, StringConstraints(pattern=r"^[^\s,]{1,80}$"), Field(examples=["escalated"])]
FieldId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$"), Field(examples=["360012345678"])]
MOST_OWNERS = 500


class Statuses(Incoming):
    """What is set there for each status here."""

    open: Theirs = "open"
    pending: Theirs = "pending"
    solved: Theirs = "solved"
    closed: Theirs = "solved"
    """Not ``closed`` by itself: nothing of a closed ticket can be changed ever again, by anybody."""


class ZendeskConfig(Config):
    """A Zendesk Support account, and the agent that the engine is there."""

    kind: Literal["zendesk"]
    url: BaseUrl
    """``https://SUBDOMAIN.zendesk.com``."""
    email: str | None = None
    """Address of the agent that the API token is used for."""
    token: Secret | None = None
    """API token; needs ``email``."""
    bearer: Secret | None = None
    """OAuth access token, instead of both."""
    statuses: Statuses = Statuses()
    priorities: dict[Severity, Priority] = {}
    """Priority of the ticket by severity; a severity that is not here leaves it as it is."""
    owners: Annotated[dict[Actor, int], Field(max_length=MOST_OWNERS)] = {}
    """Ids of agents there, by person; the assignee stays as it is for whoever is not here."""
    group: int | None = None
    """Id of the group that new tickets are given to."""
    tags: Annotated[tuple[Tag, ...], Field(max_length=20)] = ("escalation",)
    """Tags of every ticket that was opened or linked, besides ``severity_...``."""
    fields: Annotated[dict[FieldId, Filling], Field(max_length=50)] = {}
    """Custom fields of a ticket that is opened or linked, by their id, such as ``360001: "{severity}"``."""
    customers: Literal["external_id", "email"] = "external_id"
    """What a customer's id is there."""
    create_customers: bool = False
    """True: a customer whom nobody knows there becomes an end user; else the ticket has the engine as requester."""
    tier: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,100}$"), Field(examples=["tier"])] | None = None
    """Key of the user's or else the organisation's custom field that has the customer's tier."""

    @model_validator(mode="after")
    def _one_way_to_sign(self) -> Self:
        if (self.token is None) == (self.bearer is None) or (self.token is None) != (self.email is None):
            raise ValueError("expected either email and token (an API token) or bearer (an OAuth access token)")
        return self

    def auth(self) -> Auth:
        """Return what signs the calls.

        developer.zendesk.com/api-reference/introduction/security-and-auth: basic with ``EMAIL/token`` as name, or an
        OAuth access token as bearer.
        """
        if self.bearer is not None:
            return bearer(self.bearer.value)
        return basic(f"{self.email}/token", self.token.value if self.token else "")
