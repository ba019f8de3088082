"""docker-compose.yml, what it mounts and what it builds: checked without a container engine."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SCRIPTS = sorted([*(ROOT / "deploy").glob("*.sh"), ROOT / ".ci" / "run"])
SECONDS = {"s": 1, "m": 60}


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path)


@pytest.fixture(scope="module")
def services() -> Mapping[str, Mapping[str, Any]]:
    return cast("Mapping[str, Mapping[str, Any]]", load(COMPOSE)["services"])


def check_against_the_compose_schema(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_file_is_valid_by_the_compose_specification() -> None:
    done = check_against_the_compose_schema(COMPOSE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schema_check_would_notice_a_mistake(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchecks:", 1))
    assert check_against_the_compose_schema(broken).returncode == 1


def test_every_image_is_pinned_to_a_version(services: Mapping[str, Mapping[str, Any]]) -> None:
    images = [str(service["image"]) for service in services.values() if "image" in service]
    stages = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert (len(images), len(stages)) == (len(services) - 1, 2)  # the worker is ours, built in two stages
    assert [image for image in images + stages if not re.fullmatch(r"[\w./-]+:v?\d[\w.-]*", image)] == []


def test_the_schema_job_has_the_version_of_the_server(services: Mapping[str, Mapping[str, Any]]) -> None:
    images = {services[name]["image"] for name in ("temporal", "temporal-schema", "temporal-namespace")}
    assert images == {"temporalio/server:1.32.0", "temporalio/admin-tools:1.32.0"}


def test_nothing_listens_beyond_this_machine(services: Mapping[str, Mapping[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not str(port).startswith("127.0.0.1:")] == []


def test_every_wait_is_for_something_that_can_come_true(services: Mapping[str, Mapping[str, Any]]) -> None:
    """A healthy service has a health check, a completed one ends by itself and is not restarted."""
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in services[name], name
            else:
                assert wait["condition"] == "service_completed_successfully"
                assert services[name]["entrypoint"][0] == "/bin/sh", name
                assert "restart" not in services[name], name


def test_every_mounted_file_exists_and_every_volume_is_declared(services: Mapping[str, Mapping[str, Any]]) -> None:
    volumes = load(COMPOSE)["volumes"]
    mounted = [str(volume).partition(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    assert len(mounted) == 6
    for source in mounted:
        assert (ROOT / source).is_file() if source.startswith(".") else source in volumes, source


def test_no_password_is_committed_and_a_missing_one_stops_the_start(services: Mapping[str, Mapping[str, Any]]) -> None:
    values = {
        f"{name}.{key}": str(value)
        for name, service in services.items()
        for key, value in service.get("environment", {}).items()
        if re.search(r"PASSWORD|PWD|SECRET|KEY|URL", key)
    }
    assert len(values) == 6
    assert [key for key, value in values.items() if not re.search(r"\$\{\w+:\?[^}]+\}", value)] == []


def test_the_password_script_fills_every_variable_that_has_no_default() -> None:
    wanted = set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text()))
    runs = [
        subprocess.run(["sh", str(ROOT / "deploy" / "env.sh")], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    passwords = dict(line.split("=") for line in runs[0].splitlines())
    assert set(passwords) == wanted
    assert all(re.fullmatch(r"[0-9a-f]{48}", password) for password in passwords.values())
    assert len(set(passwords.values())) == len(wanted)
    assert runs[0] != runs[1]


def test_the_worker_gets_more_time_to_stop_than_it_lets_its_activities_take(
    services: Mapping[str, Mapping[str, Any]],
) -> None:
    from settings import Settings

    amount, unit = re.fullmatch(r"(\d+)(s|m)", services["worker"]["stop_grace_period"]).groups()  # type: ignore[union-attr]
    assert int(amount) * SECONDS[unit] > Settings().graceful_shutdown.total_seconds()


def test_every_setting_of_ours_in_the_file_exists(services: Mapping[str, Mapping[str, Any]]) -> None:
    from settings import Settings

    ours = {
        key.removeprefix("ESCALATION_").lower()
        for key in services["worker"]["environment"]
        if key.startswith("ESCALATION_")
    }
    assert ours
    assert ours <= set(Settings.model_fields)


def test_the_dynamic_configuration_has_the_shape_that_the_server_reads() -> None:
    configuration = load(ROOT / "deploy" / "dynamicconfig.yaml")
    assert configuration
    for key, values in configuration.items():
        assert all(set(value) <= {"value", "constraints"} and "value" in value for value in values), key


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_shell_script_parses_and_stops_at_its_first_error(script: Path) -> None:
    text = script.read_text()
    shell = "bash" if text.startswith("#!/usr/bin/env bash") else "sh"
    assert re.search(r"^set -eu", text, re.MULTILINE)
    for command in {shell, "bash"}:
        done = subprocess.run([command, "-n", str(script)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_image_runs_as_nobody_special_on_dependencies_with_hashes() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    stage = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM")) :]
    assert [line for line in stage if line.startswith("USER")] == ["USER escalation"]
    installs = [line for line in lines if line.startswith("RUN pip install")]
    assert len(installs) == 2
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation ." in line for line in installs)


def test_the_builder_gets_what_the_wheel_is_made_of_and_nothing_else() -> None:
    """What the wheel includes must not be ignored; the tree's other files stay outside of the image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    allowed = {
        line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert allowed == parts | {"LICENSE", "README.md", "deploy/worker.lock", "pyproject.toml"}
