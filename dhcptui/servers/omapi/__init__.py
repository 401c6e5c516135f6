"""OMAPI: a connection to dhcpd, its objects and its errors."""
