"""How a HubSpot account is connected: its pipeline, and what it calls what is known here."""

from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from activities.connector import BaseUrl, Config, Secret
from activities.crm.own_fields import Filling
from activities.crm.statuses import meanings, named
from escalation.model.ticket import TicketStatus
from escalation.values import Actor, Record

FIRST_PIPELINE: Final = "0"
"""Id of the pipeline that every account begins with."""
MOST: Final = 500
"""Entries of a map of the file."""


def _text(written: object) -> object:
    """Take a number for a text: HubSpot's ids are often digits, which YAML reads as a number."""
    return str(written) if isinstance(written, int) and not isinstance(written, bool) else written


Id = Annotated[str, BeforeValidator(_text), StringConstraints(min_length=1, max_length=200)]
Property = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,99}$"), Field(examples=["hs_ticket_priority"])]
"""Internal name of a property."""


class Stages(Record):
    """Stage ids of the four statuses. Unless told otherwise those of the pipeline that every account begins with."""

    open: Id = "1"
    pending: Id = "2"
    solved: Id = "4"
    closed: Id = "4"


class HubSpotConfig(Config):
    """A ticket pipeline of a HubSpot account."""

    kind: Literal["hubspot"]
    token: Secret
    """Access token of a private app (or a service key): it does not end by itself."""
    url: BaseUrl = "https://api.hubapi.com"
    ui: BaseUrl = "https://app.hubspot.com"
    """Where people open tickets, such as https://app-eu1.hubspot.com."""
    portal: Id | None = None
    """The account's id (Hub ID), for links to tickets; without it there are none."""
    key_property: Property = "escalation_key"
    """Property of tickets with unique values, under which a ticket is found again."""
    pipeline: Id = FIRST_PIPELINE
    stages: Stages = Stages()
    means: Annotated[dict[Id, TicketStatus], Field(max_length=MOST)] = {"3": "open"}
    """Further stages of the pipeline, and what they mean here."""
    priorities: Annotated[dict[str, Id], Field(max_length=MOST)] = {}
    """HubSpot's priority of a ticket by severity, such as ``{P1: URGENT}``."""
    fields: Annotated[dict[Property, Filling], Field(max_length=MOST)] = {}
    """Properties of a ticket that is opened or linked, such as ``product_area: "{facts.category}"``."""
    owners: Annotated[dict[Actor, Id], Field(max_length=MOST)] = {}
    """HubSpot's owner by person: an owner id, or the user's e-mail address there."""
    contact_property: Property | None = None
    """Property of contacts with unique values that holds the customer ids of requests; None: they are HubSpot's own
    record ids, or e-mail addresses."""
    contact_tier: Property | None = None
    company_tier: Property | None = None

    @model_validator(mode="after")
    def _stages_of_the_pipeline(self) -> Self:
        if self.pipeline != FIRST_PIPELINE and self.stages.model_fields_set != set(Stages.model_fields):
            raise ValueError("a pipeline has stages of its own; expected stages with open, pending, solved and closed")
        return self

    def meanings(self) -> dict[str, TicketStatus]:
        """Return what each stage means; what is usual holds for the pipeline that every account begins with."""
        said = "means" in self.model_fields_set
        further = self.means if said or self.pipeline == FIRST_PIPELINE else {}
        return meanings(named(self.stages), further, said=said)
