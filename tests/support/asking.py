"""Messages that ask somebody, as they are looked at in every chat: a page and an approval."""

from datetime import UTC, datetime

from escalation.model.actions import MessageKind, Notify, Offer

ESCALATION = "escalation-chatbot-conv-4711"
WRITTEN = "<!channel> *refund* & [Log in](https://evil.example)"
"""What a customer wrote, and no chat may follow."""
PAGE_BODY = f"""\
What is asked: Decide whether we refund the duplicate charge of 900 EUR
Why it was escalated:
  - ai_unsure: the AI is not sure enough (ai_confidence 0.62 < 0.80)
  - vip_customer: the customer is a VIP; said: {WRITTEN}
Summary: The card was charged twice on 20 November. The customer has the statement of the bank.
Tried so far:
  - looked the order up: two captures of the same amount
You are called because: on call for team:payments; L1, round 1
Take it before Tue, 1 Jul 2036 11:41 BST, or it goes on to the next.
  escalate acknowledge {ESCALATION} --by person:eva.novak
  escalate decline {ESCALATION} --by person:eva.novak --because '...'
"""
DECLINE = Offer(command="decline", needs=("because",))
ASKED = {"gate": "credit", "digest": "0123456789abcdef"}
PAGE = Notify(
    key="i1/7/person:eva.novak",
    to="person:eva.novak",
    kind=MessageKind.PAGE,
    subject="[S1] Duplicate charge, VIP <Jana> - please acknowledge",
    body=PAGE_BODY,
    urgent=True,
    escalation=ESCALATION,
    locale="en-GB",
    time_zone="Europe/London",
    respond_by=datetime(2036, 7, 1, 10, 41, tzinfo=UTC),
    offers=(Offer(command="acknowledge"), DECLINE),
)
APPROVAL = PAGE.changed(
    {
        "key": "i1/12/gate:credit/1/person:eva.novak",
        "kind": MessageKind.APPROVAL,
        "subject": "[S1] Duplicate charge - your approval: credit of 900 EUR",
        "body": "Gate credit asks: may 900 EUR be refunded?\nDecide before 12:00; after that it goes to your deputy.",
        "offers": (
            Offer(command="approve", arguments=ASKED),
            Offer(command="reject", arguments=ASKED, needs=("because",)),
            Offer(command="request_changes", arguments={"gate": "credit"}, needs=("because",)),
        ),
    }
)
