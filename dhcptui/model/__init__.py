"""Pure decisions: states, snapshots, verdicts, guards, log lines. No I/O, no clock reads."""
