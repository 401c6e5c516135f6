"""`make screenshots`: draws every picture again, and as root that of a real pair one second after a crash."""

from __future__ import annotations

import asyncio
import sys

from dhcptui.config.loading import load
from dhcptui.engine.thread import EngineThread
from dhcptui.ui.app import DhcptuiApp
from tests.lab.pair import Lab, requirements
from tools.pictures.scenes import DIRECTORY, draw, pictures
from tools.pictures.story import tell

REAL_PAIR = "real-pair.svg"


def real_pair() -> str:
    """Two real dhcpd, the secondary just killed."""
    with Lab(mclt=1800, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        settings = load(lab.write_config()).pair(None)
        with lab.inside():
            engine = EngineThread(settings)

            async def shot() -> str:
                app = DhcptuiApp(engine, settings.name, theme="dhcptui")
                async with app.run_test(size=(120, 40)) as pilot:
                    await pilot.pause(3)
                    lab.dhcp_client()
                    lab.secondary.kill()
                    await pilot.pause(1.5)
                    return app.export_screenshot(title="dhcptui office", simplify=True)

            try:
                return asyncio.run(shot())
            finally:
                engine.stop()


def main() -> None:
    """Write every picture, and remove those that are none any more. `--no-real-pair`: those of the practice pair only."""
    DIRECTORY.mkdir(exist_ok=True)
    takes = tell()
    for picture in pictures():
        picture.path.write_text(asyncio.run(draw(picture, takes)))
    for file in set(DIRECTORY.glob("*.svg")) - {picture.path for picture in pictures()} - {DIRECTORY / REAL_PAIR}:
        file.unlink()
    lacking = ["not wanted"] if "--no-real-pair" in sys.argv[1:] else requirements()
    if lacking:
        print("the real pair was not drawn: " + "; ".join(lacking))
    else:
        (DIRECTORY / REAL_PAIR).write_text(real_pair())
    print(f"{len(list(DIRECTORY.glob('*.svg')))} pictures in {DIRECTORY.name}/")


if __name__ == "__main__":
    main()
