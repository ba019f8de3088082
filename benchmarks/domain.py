"""The rules alone: commands a second of one core's time, the time of a forecast, and of putting a page into words.

Processor time, not wall time, and the best of many short rounds: what else runs on the machine, or on the host beneath
it, is none of the rules' doing, and between two rounds it was seen to halve the speed of a core.
"""

import time
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from activities.notify.words import in_words
from benchmarks.figures import figure
from benchmarks.requests import request, write_files
from escalation.foresight.forecast import answer_of, forecast
from escalation.lifecycle import advance, react
from escalation.model import commands as c
from escalation.model.state import Escalation
from escalation.people.directory import Directory, load_directory
from escalation.playbook.load import Shelf
from escalation.playbook.schema import RULES
from tools.messages import example, receiver

COMMANDS_PER_SECOND = 20_000
FORECAST_MS = 5.0
RENDER_MS = 1.0
ROUNDS = 200


def main() -> None:
    """Measure."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        directory = load_directory(folder / "directory.yaml")
        loaded = Shelf(folder / "playbooks").get("bench-customer")
    blank = Escalation(id="e", instance="i", playbook=loaded.playbook, playbook_digest=loaded.digest, rules=RULES)
    now = datetime.now(UTC)
    lives = [_life(blank, directory, now, str(number)) for number in range(25)]
    rates = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        count = 0
        for life in lives:
            state = blank
            for command in life:
                state, _ = advance(state, command, now)
            count += len(life)
        rates.append(count / (time.process_time() - begun))
    best = max(rates)
    figure(
        "domain",
        best,
        "commands/s",
        bar=f">= {COMMANDS_PER_SECOND}",
        holds=best >= COMMANDS_PER_SECOND,
        mix=len(lives[0]),
    )
    opened, _ = advance(blank, lives[0][0], now)
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        events = forecast(opened, directory, now + timedelta(hours=3), steps=50)
        times.append((time.process_time() - begun) * 1000)
    best = min(times)
    figure("forecast", best, "ms", bar=f"< {FORECAST_MS}", holds=best < FORECAST_MS, events=len(events))
    page, czech = example("page"), receiver("cs")
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        in_words(page, czech)
        times.append((time.process_time() - begun) * 1000)
    best = min(times)
    figure("render", best, "ms", bar=f"< {RENDER_MS}", holds=best < RENDER_MS, values=len(page.values))


def _life(blank: Escalation, directory: Directory, now: datetime, key: str) -> list[c.Command]:
    """Return the commands of one escalation's whole life: of people, and of what the world answers."""
    me = "person:solo"
    people: list[c.Command] = [
        c.Open(request=request(key, "bench-customer")),
        c.Acknowledge(by=me),
        *(c.Note(by=me, text=f"note {number}") for number in range(5)),
        c.ChangeFacts(by=me, facts={"region": "EMEA"}),
        c.AddItem(by=me, title="mend it", owner=me, due=now + timedelta(days=3)),
        c.Resolve(by=me, resolution="paid again", cause="a batch was lost"),
        c.ConfirmResolution(by="customer:c-1"),
        c.SubmitReview(by=me, lessons=("watch the batch",)),
        c.CompleteItem(by=me, item="i1"),
    ]
    life: list[c.Command] = []
    state = blank
    for command in people:
        waiting = deque([command])
        while waiting:
            life.append(waiting[0])
            state, events = advance(state, waiting.popleft(), now)
            answers = (answer_of(action, directory, now) for action in react(state, events))
            waiting.extend(answer for answer in answers if answer is not None)
    return life


if __name__ == "__main__":
    main()
