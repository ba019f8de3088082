"""How a connection to Salesforce is configured."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from activities.connector import BaseUrl, Config, Secret
from activities.crm.own_fields import Filling
from escalation.model.ticket import TicketStatus
from escalation.values import Actor, Incoming

Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
FieldName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$"), Field(examples=["Escalation_Key__c"])
]
"""API name of a field, such as ``Escalation_Key__c``."""
Path = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}(\.[A-Za-z][A-Za-z0-9_]{0,79}){0,2}$"),
    Field(examples=["Account.Tier__c"]),
]
"""A field, also of a record that is referred to, such as ``Account.Tier__c``."""
Id = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$"), Field(examples=["005000000000001AAA"])
]
MOST_OWNERS: Final = 500


class Statuses(Incoming):
    """What the four statuses are called in the organisation's picklist."""

    open: Name = "Working"
    pending: Name = "On Hold"
    solved: Name = "Closed"
    closed: Name = "Closed"


class SalesforceConfig(Config):
    """A Salesforce organisation, and the integration user that the engine is there."""

    kind: Literal["salesforce"]
    url: BaseUrl
    """The My Domain address, ``https://NAME.my.salesforce.com``."""
    client_id: Secret
    """Consumer key of the external client app."""
    client_secret: Secret
    """Its consumer secret."""
    user: Id
    """Id of the app's integration user (``005...``); what this user does is not heard."""
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,3}\.0$"), Field(examples=["62.0"])] = "62.0"
    """Version of the REST API."""
    key_field: FieldName = "Escalation_Key__c"
    """Field of cases that keeps the external id: text, External ID, Unique, case sensitive."""
    statuses: Statuses = Statuses()
    means: dict[Name, TicketStatus] = {"New": "open", "Escalated": "open"}
    """Further statuses that a case may have there, and what they mean here."""
    priorities: dict[Name, Name] = {}
    """Priority of the case by severity; a severity that is not here leaves it as it is."""
    owners: Annotated[dict[Actor, Id], Field(max_length=MOST_OWNERS)] = {}
    """Ids of users (or queues) by person; the owner stays as it is for whoever is not here."""
    fields: Annotated[dict[FieldName, Filling], Field(max_length=50)] = {}
    """Further fields of a case that is opened or linked, such as ``Severity__c: "{severity}"``."""
    customer_field: FieldName = "Email"
    """Field of contacts that a customer's id is in."""
    tier: Path | None = None
    """Field with the customer's tier, seen from the contact, such as ``Account.Tier__c``."""
