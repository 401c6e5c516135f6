"""`make screenshots`: draws the scenes again, and as root the picture of a real pair one second after a crash."""

from __future__ import annotations

import asyncio
import time

from dhcptui.config import load
from dhcptui.engine.thread import EngineThread
from dhcptui.ui.app import DhcptuiApp
from tests.lab.pair import Lab, requirements
from tests.pictures.scenes import DIRECTORY, draw, names, path


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
    """Write every picture."""
    DIRECTORY.mkdir(exist_ok=True)
    for scene, columns, rows in names():
        path(scene, columns, rows).write_text(asyncio.run(draw(scene, columns, rows)))
    lacking = requirements()
    if lacking:
        print("the real pair was not drawn: " + "; ".join(lacking))
    else:
        (DIRECTORY / "real-pair.svg").write_text(real_pair())
    print(
        f"{len(list(DIRECTORY.glob('*.svg')))} pictures in {DIRECTORY.name}/ at {time.strftime('%H:%M:%SZ', time.gmtime())}"
    )


if __name__ == "__main__":
    main()
