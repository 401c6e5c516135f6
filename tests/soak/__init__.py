"""The soak: faults and operators at random on the practice pair, judged all the while. See test_soak.py."""
