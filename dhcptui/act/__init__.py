"""Everything that changes a server: plans, locks, audit, and the runner that takes the steps."""
