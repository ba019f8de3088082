"""What people and targets are called in messages: by the directory's names, else by their ids in plain words."""

from escalation.people.directory import Directory
from escalation.values import FINDABLE


def name_of(actor: str, directory: Directory) -> str:
    """Name somebody, or whoever a target means; a rotation by the team whose it is."""
    person = directory.person(actor)
    if person is not None:
        return person.name
    kind, _, name = actor.partition(":")
    role = directory.roles.get(name) if kind == "role" else None
    if role is not None and role.name:
        return role.name
    if kind not in FINDABLE or not name:
        return actor
    teams = {"team": [team for team in directory.teams if team.id == name]}
    teams["oncall"] = [team for team in directory.teams if team.oncall == name]
    known = teams.get(kind, [])
    if len(known) == 1:
        return known[0].name
    if kind == "person":
        return actor
    words = name.replace("-", " ").replace("_", " ").replace(".", " ")
    return words[:1].upper() + words[1:]
