"""Which entries belong into which section of an action plan: what is the case is kept apart from what is done."""

from escalation.model.timeline import EntryKind, Section

BELONGS: dict[Section, tuple[EntryKind, ...]] = {
    Section.SITUATION: (
        EntryKind.ASSESSMENT,
        EntryKind.QUESTION,
        EntryKind.REPORT,
        EntryKind.RECORDING,
        EntryKind.LINK,
    ),
    Section.EXECUTION: (EntryKind.EXECUTION, EntryKind.BLOCKER, EntryKind.MILESTONE),
    Section.APPROVAL: (EntryKind.DECISION,),
}
"""The one rule; the action plan itself is built on it."""


def refusal(kind: EntryKind, section: Section) -> str:
    """Say why an entry of this kind cannot be filed there, and what could be done; empty when it can."""
    if kind in BELONGS[section]:
        return ""
    if kind is EntryKind.NOTE:
        return (
            f"a note must be typed before it is filed into the {section} section of an action plan: post it as "
            f"{' or '.join(BELONGS[section])}"
        )
    home = next(section for section, kinds in BELONGS.items() if kind in kinds)
    return (
        f"an entry of kind {kind} cannot be filed into the {section} section, which holds "
        f"{', '.join(BELONGS[section])}; it belongs into the {home} section"
    )
