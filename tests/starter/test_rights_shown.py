"""`escalate rights ID`: who may decide now, also before anybody was looked for."""

from escalation.lifecycle.ownership.rights import Right
from escalation.people.directory import load_directory
from escalation.people.example import example_file
from starter.rights import with_people
from tests.domain.builders import START


def test_who_a_role_leads_to_is_named_before_anybody_was_asked() -> None:
    directory = load_directory(example_file())
    role, held = next((name, role.holders) for name, role in directory.roles.items() if role.holders)
    asked = Right(decision="approve refund", who=(f"role:{role}",), people=("person:asked",))
    later = asked.changed({"people": ()})
    own = Right(decision="resolve", who=("working group",))
    named = with_people([later, asked, own], directory, START)
    assert [right.people for right in named] == [(f"person:{held[0]}",), ("person:asked",), ()]
    assert with_people([later], None, START) == [later]
