"""What lint says of both servers' dhcpd.conf, for a screen: asked in the background, trouble told in words."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dhcptui.config.loading import ConfigError, PairSettings
from dhcptui.model.sanitize import clean
from dhcptui.watch.clocks import mono

if TYPE_CHECKING:
    from dhcptui.conf.lint.findings import Finding  # 30 ms that only this question needs
    from dhcptui.conf.lint.grouping import Silenced

DEADLINE_SECONDS = 60.0
TROUBLE_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class ConfigurationCheck:
    """One reading of both configurations. `at`: mono seconds of the console when it was complete."""

    at: float
    findings: tuple[Finding, ...] = ()
    """Errors, then warnings, then info."""
    silenced: tuple[Silenced, ...] = ()
    """What the configuration does not want to hear of."""
    troubles: tuple[str, ...] = ()
    """Why it could not be read, a line a server; then there are no findings, and that means nothing."""


def not_checked(*why: str) -> ConfigurationCheck:
    """The answer where nothing could be read."""
    return ConfigurationCheck(mono(), troubles=tuple(clean(each, TROUBLE_CHARACTERS) for each in why))


async def check_configuration(settings: PairSettings) -> ConfigurationCheck:
    """Read both over SSH and judge them. Never raises for what a server or a file does."""
    from dhcptui.conf.lint.grouping import without_silenced  # noqa: PLC0415
    from dhcptui.conf.lint.rules import lint  # noqa: PLC0415 - 30 ms that only this question needs
    from dhcptui.setup.read import LintError, over_ssh  # noqa: PLC0415

    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            pair = await over_ssh(settings)
            findings = await asyncio.to_thread(lint, pair)
    except TimeoutError:
        return not_checked(f"The servers did not hand over their configuration within {DEADLINE_SECONDS:.0f} s.")
    except (LintError, ConfigError, OSError) as error:
        return not_checked(*str(error).splitlines())
    kept, silenced = without_silenced(findings, settings.lint.reasons)
    return ConfigurationCheck(mono(), kept, silenced)
