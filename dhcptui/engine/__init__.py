"""Watchers, snapshots and actions, on a thread and event loop of their own."""
