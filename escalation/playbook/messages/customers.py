"""What customers read: no word of how it is worked on, of whom, or of the engine; no commands."""

from typing import Final

from escalation.playbook.messages.common import Message

CUSTOMERS: Final[dict[str, Message]] = {
    "input_request_customer": Message(
        "a customer is asked for what is missing", {"parts": "list of what is missing", "due": "until when"}
    ),
    "item_input_customer": Message(
        "a customer is asked for something that the work waits for",
        {"title": "what is asked for", "due": "until when", "again": "how often they were reminded"},
    ),
    "customer_news": Message(
        "a customer is told how it stands, what an automation says, or something after the solution",
        {"text": "what they are told"},
    ),
    "stage_customer": Message(
        "a customer hears that a stage has begun",
        {"stage": "the engine's word: triage, assignment, approval, resolution, or review"},
    ),
    "reply_awaited_customer": Message("a customer is reminded of the answer that is expected of them", {}),
    "next_steps_customer": Message(
        "a customer is sent what was agreed",
        {
            "text": "what was written to it",
            "steps": "list of the first twenty: title, due, yours (true or false), the receiver's own first",
            "more": "how many are not listed",
        },
    ),
    "resolution_proposed": Message(
        "a customer is asked whether it is solved",
        {"text": "what was done", "due": "until when an answer is expected"},
    ),
    "satisfaction_customer": Message(
        "a customer is asked for a number from 1 to 5",
        {"text": "the playbook's own question; empty: how satisfied they are", "again": "true when it is asked again"},
    ),
    "feedback_customer": Message("a customer is asked how it went, from 1 to 5", {"due": "until when"}),
    "ended_customer": Message("a customer hears that it ended without a solution", {}),
    "returned_customer": Message("a customer hears that their request is not passed on", {}),
}
