"""What a machine's dhcpd.conf says of one relationship, into its view."""

from __future__ import annotations

from dhcptui.conf.pools import failover_pools, named_probes
from dhcptui.conf.reader import Node
from dhcptui.conf.site import failover_place, is_of_a_firewall, other_peers
from dhcptui.config.platforms import writer
from dhcptui.model.peers import as_read_before
from dhcptui.watch.record import ServerRecord


def tell_configuration(record: ServerRecord, configuration: Node) -> None:
    """One address per pool, from the configuration of the user or of dhcpd; and where the failover link is."""
    if record.configuration is configuration:
        return
    record.configuration = configuration
    settings, peer = record.settings, record.peer
    record.update(
        conf_writer=writer(settings.platform, settings.dhcpd_conf, firewall_like=is_of_a_firewall(configuration)),
        place=failover_place(configuration, peer),
        other_peers=as_read_before(other_peers(configuration, peer), record.view.other_peers or ()),
    )
    record.machine.peers_now.set()
    if record.probe_addresses:
        record.pools = named_probes(record.probe_addresses, configuration, peer)
        return
    pools = record.pools = failover_pools(configuration, peer)
    record.poll_now.set()
    record.update(pools_note="" if pools else f"no pool of peer {peer!r} in {settings.dhcpd_conf}")


def tell_unread(record: ServerRecord) -> None:
    """dhcpd.conf could not be read: `configuration_note` of the machine says why."""
    if record.probe_addresses:
        record.pools = named_probes(record.probe_addresses, None, record.peer)
    record.update(pools_note=f"pools unknown: {record.machine.view.configuration_note}")
