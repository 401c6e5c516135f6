"""A judge that is not ours: real clients write down who answered them, and what the console said is held against it."""
