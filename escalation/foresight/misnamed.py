"""Activities that were probably meant as commands: their names are the playbook's own, so a wrong one is silent."""

from collections.abc import Iterator

from escalation.documents import Document
from escalation.explain import did_you_mean
from escalation.foresight.foreseen import Foreseen, Weight
from escalation.model.commands import COMMANDS
from escalation.playbook.schema import Playbook


def misnamed(playbook: Playbook, source: Document) -> Iterator[Foreseen]:
    """Yield activities whose name is almost that of a command."""
    for name in playbook.activities:
        if name not in COMMANDS and (hint := did_you_mean(name, list(COMMANDS))):
            message = f"'{name}' is no command, so it is an activity of the playbook's own and restricts none{hint}"
            yield Foreseen(Weight.WARNING, source.finding(("activities", name), message))
