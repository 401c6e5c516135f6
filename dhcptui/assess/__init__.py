"""Judgement over snapshots: what is seen, what is wrong, what is allowed, what to do. Pure."""
