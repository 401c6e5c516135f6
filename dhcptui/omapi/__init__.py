"""OMAPI: the wire format, an asyncio client, and the typed objects that dhcpd serves."""
