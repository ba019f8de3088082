"""The typed list of facts that conditions may read.

A condition in a playbook sees these names and the playbook's own ``fields``, nothing else, so that a misspelt name is
found when the playbook loads. Durations are absent on purpose: what depends on time is declared (``ack``, ``dwell``,
clocks), never hidden in a condition.

A fact that is not known makes every comparison with it unknown, and an unknown condition is not true.
"""

from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import Field


class FactType(StrEnum):
    """The type a condition sees; numbers are always floating point, so write ``100.0``."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    LIST = "list"


FactValue = bool | Annotated[float, Field(allow_inf_nan=False)] | str | tuple[str, ...]
"""What a fact may hold. ``bool`` before ``float``, so that ``true`` stays a flag; JSON cannot hold infinity."""


class Fact(NamedTuple):
    """One name that conditions may read."""

    type: FactType
    about: str
    derived: bool = False
    """True when the engine computes it; a request or a command that sets it is refused."""


FACTS: dict[str, Fact] = {
    # what the AI says of itself
    "ai_confidence": Fact(FactType.NUMBER, "the AI's own confidence in its answer, 0..1"),
    "ai_limit": Fact(FactType.FLAG, "the AI reports that it has reached its own limit"),
    "task_risk": Fact(FactType.TEXT, "risk class of the task: low, standard or high"),
    "confidence.threshold": Fact(
        FactType.NUMBER, "the threshold the playbook sets for this task_risk (0.80 unless it says otherwise)", True
    ),
    # business checks beside the score
    "checks.missing_fields": Fact(FactType.NUMBER, "how many fields the playbook requires and the request lacks", True),
    "checks.policy_flag": Fact(FactType.FLAG, "a policy check raised a flag"),
    "checks.ambiguous_input": Fact(FactType.FLAG, "the input was unclear or ambiguous"),
    "checks.format_valid": Fact(FactType.FLAG, "the output passed its format validation"),
    # the customer and what they said
    "customer.tier": Fact(FactType.TEXT, "the customer's tier, as the request or the CRM names it"),
    "customer.requested_human": Fact(FactType.FLAG, "the customer asked for a person"),
    "customer.rejected_resolution": Fact(FactType.FLAG, "the customer rejected the proposed resolution"),
    "sentiment": Fact(FactType.NUMBER, "sentiment of the customer's messages, -1..1"),
    "keywords": Fact(FactType.LIST, "names of the playbook's keyword lists that matched a customer's message", True),
    # the case
    "request_type": Fact(FactType.TEXT, "what the case is about: technical, billing, legal, complaint, ..."),
    "record_type": Fact(FactType.TEXT, "service_request, incident or change"),
    "category": Fact(FactType.TEXT, "category of the case, as the playbook names them"),
    "impact": Fact(FactType.TEXT, "how far the problem reaches, as the playbook names it"),
    "urgency": Fact(FactType.TEXT, "how soon something must happen, as the playbook names it"),
    "region": Fact(FactType.TEXT, "region of the customer or system"),
    "affected_systems": Fact(FactType.LIST, "names of the systems concerned"),
    "tech_stack": Fact(FactType.LIST, "technologies involved"),
    "skills": Fact(FactType.LIST, "skills that the case needs, as the directory names them"),
    "concerns": Fact(FactType.LIST, "ids of the people whom the case is about: never told, asked or heard in it"),
    "alert.severity": Fact(FactType.TEXT, "severity named by the alerting system"),
    "alert.name": Fact(FactType.TEXT, "name of the alert"),
    "job.failures": Fact(FactType.NUMBER, "how often the automation failed in a row"),
    "credit.amount": Fact(FactType.NUMBER, "amount of money asked for, in the playbook's currency"),
    "flags.security": Fact(FactType.FLAG, "security is concerned"),
    "flags.legal": Fact(FactType.FLAG, "legal consequences are possible"),
    "flags.safety": Fact(FactType.FLAG, "people's safety is concerned"),
    "flags.business_major": Fact(FactType.FLAG, "significant business operations are concerned"),
    "overload": Fact(FactType.FLAG, "the current handler has more than can be handled in time"),
    "change.plan": Fact(FactType.TEXT, "the change that is to be approved, in words"),
    # the escalation itself
    "audience": Fact(FactType.TEXT, "external when a customer is concerned, else internal", True),
    "source": Fact(FactType.TEXT, "the service that opened it", True),
    "initiation": Fact(FactType.TEXT, "who asked: customer_request, ai_limit, rule, timer or manual", True),
    "timing": Fact(FactType.TEXT, "after_complaint or preventive", True),
    "severity": Fact(FactType.TEXT, "name of the current severity", True),
    "severity.rank": Fact(FactType.NUMBER, "rank of the current severity, 0 is the worst", True),
    "reason": Fact(FactType.TEXT, "why somebody escalated by hand: no_authority, no_expertise, no_resources, other"),
    "attempts.count": Fact(FactType.NUMBER, "how many attempted solutions the packet holds", True),
    "attempts.standard_done": Fact(FactType.FLAG, "the standard resolution attempts are done"),
    "occurrences": Fact(FactType.NUMBER, "how often the same thing was reported while open", True),
    "repeat": Fact(FactType.FLAG, "an earlier escalation with the same key was closed before", True),
    "handoffs": Fact(FactType.NUMBER, "how often it passed from one owner to another, changes of shift apart", True),
    "level": Fact(FactType.TEXT, "id of the current level", True),
}
"""Every fact the engine knows. A playbook adds its own under ``fields``."""
