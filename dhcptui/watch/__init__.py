"""Both servers watched: logs, processes, clocks, links and OMAPI objects -> one stream of snapshots."""
