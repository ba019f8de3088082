"""`escalate inbox`, without a server: what it says of somebody whose messages go elsewhere."""

from pathlib import Path

import pytest

from activities.notify.inbox import Inbox
from tests.starter.conftest import Escalate

PEOPLE = """
people:
  - {id: ann, name: Ann, time_zone: Europe/Prague,
     contacts: [{channel: email, address: ann@example.org}, {channel: webhook, address: 'https://example.org/ann'}]}
  - {id: bob, name: Bob, time_zone: Europe/Prague, contacts: [{channel: inbox, address: bob}]}
"""


def test_whoever_has_messages_elsewhere_is_said_to_and_where_they_are_listed(
    escalate: Escalate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "people.yaml").write_text(PEOPLE)
    monkeypatch.setenv("ESCALATION_DATA", str(tmp_path))
    monkeypatch.setenv("ESCALATION_DIRECTORY", str(tmp_path / "people.yaml"))
    Inbox(tmp_path / "inbox.db").messages()
    said = escalate("inbox", "ann").out
    assert "Nothing is in the embedded inbox for ann: messages go by email, then webhook." in said
    assert "escalate updates ID" in said
    assert escalate("inbox", "bob").out == "No messages.\n"
    assert escalate("inbox", "ann", "--json").json == []
    assert "did you mean `person:ann`?" in escalate("inbox", "anm", code=1).err
