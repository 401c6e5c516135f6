"""What sudo says when it does not do what it was asked for."""

from __future__ import annotations

from dhcptui.model.sanitize import clean


def refusal(stderr: bytes) -> str:
    """Why `sudo -n` did not work, in words."""
    lines = [clean(line, 200) for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    text = " ".join(lines)
    if "password" in text:
        return "sudo asks it for a password (the console never gives one: sudo -n)"
    if "not found" in text or not lines:
        return "there is no sudo"
    return f"sudo -n does not work for it ({lines[-1]})"
