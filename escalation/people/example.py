"""Where the directory is that comes along."""

from pathlib import Path


def example_file() -> Path:
    """Return the directory file that comes along: inside an installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "shipped"
    return (inside if inside.is_dir() else Path(__file__).parents[2] / "examples") / "directory.yaml"
