"""A pair of Debian 12 systems that are really booted: systemd, journald, rsyslog, PAM, sudo."""
