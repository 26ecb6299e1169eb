"""Where the Slack app's manifest is: at the root of a checkout, and inside an installed package."""

from pathlib import Path

MANIFEST = "app_manifest.yaml"


def manifest_file() -> Path:
    """A wheel holds a copy beside the code, see pyproject.toml; a checkout has none there."""
    bot = Path(__file__).parents[1]
    packed = bot / MANIFEST
    return packed if packed.is_file() else bot.parent / MANIFEST
