"""Figures, printed as ratios against something a reader knows. `make bench` runs them; no test fails on them."""
