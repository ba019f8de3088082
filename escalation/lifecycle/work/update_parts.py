"""What an update must say in a stage: under stress people leave out what they know is needed."""

from escalation.errors import Incomplete
from escalation.model import commands as c
from escalation.model.state import Escalation


def require(state: Escalation, command: c.PostUpdate | c.DraftUpdate) -> None:
    """Refuse an update for colleagues, or a draft of one, that leaves out what the playbook requires in its stage.

    Raises:
        Incomplete: naming every part that is missing, and how it is written.
    """
    if not command.text:
        return  # customers read another text
    parts = state.playbook.items.update_parts.get(command.stage or state.stage, ())
    said = [line.partition(":") for line in command.text.splitlines()]
    given = {name.strip().lower() for name, colon, what in said if colon and what.strip()}
    missing = [part for part in parts if part.lower() not in given]
    if missing:
        raise Incomplete(
            f"an update in {command.stage or state.stage} lacks {', '.join(missing)}: write each on a line of its own, "
            f"`{missing[0]}: ...`"
        )
