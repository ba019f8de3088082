"""The linter against what happens: valid files are broken at random, and led through a life in which nobody answers.

Whatever ends in a silence there must have been refused when the files were loaded, or found by the proof.
"""

from __future__ import annotations

import logging
import random
from copy import deepcopy
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from escalation.documents import Document
from escalation.errors import DocumentError
from escalation.foresight.lint import prove
from escalation.people.directory import Directory, check_directory
from escalation.playbook.checks import check, check_against
from escalation.playbook.schema import Playbook
from tests.support import generated
from tests.support.breakages import BREAKAGES, DAYS
from tests.support.choices import Choices
from tests.support.generated import START
from tests.support.silence import CHANNELS, silences, unanswered

SEED = 20261122


class Said(NamedTuple):
    """What the checks and the proof say of two files."""

    refused: list[str]
    """When they are loaded."""
    errors: list[str]
    playbook: Playbook | None = None
    directory: Directory | None = None


def said_of(company: dict[str, Any], policy: dict[str, Any]) -> Said:
    # As plain data, without the lines that a file would have: writing and reading YAML takes far longer than all else.
    written = Document("generated.yaml", policy)
    refused = [str(each) for each in check(written)]
    try:
        directory = check_directory(Document("directory.yaml", company))
    except DocumentError as error:
        return Said([*refused, *map(str, error.findings)], [])
    if refused:
        return Said(refused, [])
    playbook = generated.playbook(policy)
    unknown = check_against(playbook, lambda target: bool(directory.members(target)), written)
    if unknown:
        return Said([str(each) for each in unknown], [])
    proof = prove(playbook, directory, START, DAYS, document=written, channels=CHANNELS)
    return Said([], [str(each) for each in proof.errors], playbook, directory)


def instants_to_try(chance: random.Random, playbook: Playbook, directory: Directory) -> list[Any]:
    """Choose two instants, where it can be of those at which one of the last is not found."""
    some = [START + timedelta(minutes=chance.randrange(DAYS * 24 * 60)) for _ in range(12)]
    changes = directory.changes(START, START + timedelta(days=DAYS))
    some += chance.sample(changes, min(12, len(changes)))
    return [*[at for at in some if unanswered(playbook, directory, at)][:2], *some][:2]


def openings(chance: random.Random) -> dict[str, Any]:
    facts = generated.facts(Choices(chance.randbytes(16)))
    return {"facts": facts, "severity": chance.choice(("P0", "P1", "P2", None))}


@pytest.mark.parametrize("tries", [90, pytest.param(1_000, marks=pytest.mark.chaos)])
def test_each_breakage_that_leads_to_a_silence_is_found_and_nothing_is_wrong_with_what_is_whole(tries: int) -> None:
    chance = random.Random(SEED + tries)
    missed: list[str] = []
    silent = refused = found = 0
    for number in range(tries):
        choose = Choices(chance.randbytes(400))
        company, policy = generated.company(choose), generated.policy(choose)
        if number % 5 == 0:
            assert said_of(deepcopy(company), deepcopy(policy))[:2] == ([], []), f"valid pair {number}"
        broken_by = [chance.choice(BREAKAGES) for _ in range(chance.choice((1, 1, 2, 3)))]
        for breakage in broken_by:
            breakage(company, policy, Choices(chance.randbytes(40)))
        said = said_of(company, policy)
        if said.playbook is None or said.directory is None:
            refused += 1
            continue
        found += bool(said.errors)
        for at in instants_to_try(chance, said.playbook, said.directory):
            ends = list(silences(said.playbook, said.directory, at, openings(chance)))
            if ends:
                silent += 1
                if not said.errors:
                    names = ", ".join(each.__name__ for each in broken_by)
                    missed.append(f"{number} ({names}) at {at}: {ends[0]}")
                break
    said_so = f"{refused} refused when loaded, {found} with errors, {silent} silent when simulated"
    logging.getLogger(__name__).info("%s breakages: %s", tries, said_so)
    assert missed == []
    assert silent > tries / 5, "too few of them are silent for this to show anything"
    assert refused > tries / 20
