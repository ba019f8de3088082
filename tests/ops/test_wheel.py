"""What is installed from a wheel has everything it needs, far from any checkout."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALLED = """
import json
from escalation.people.directory import load_directory
from escalation.playbook.load import Shelf, shipped_folder
from settings import load_settings

file = load_settings().directory
names = [entry.name for entry in Shelf(shipped_folder()).list()]
print(json.dumps([str(file), len(load_directory(file).people), str(shipped_folder()), names]))
"""


def test_an_installed_wheel_brings_its_playbooks_and_an_example_of_a_directory(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ESCALATION_")}
    environment["PYTHONPATH"] = str(installed)
    run = [sys.executable, "-c", INSTALLED]
    done = subprocess.run(run, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    directory, people, playbooks, names = json.loads(done.stdout)
    assert Path(directory).is_relative_to(installed)
    assert people > 0
    assert Path(playbooks).is_relative_to(installed)
    assert set(names) >= {"customer-service-escalation", "it-service-management", "escalation-procedure"}
