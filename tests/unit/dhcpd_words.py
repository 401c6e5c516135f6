"""Configurations that dhcpd 4.4.3 takes, and that use every kind of statement: what lint must leave in peace."""

from __future__ import annotations

FOUR = r"""
option space acme;
option acme.server code 1 = ip-address;
option acme.name code 2 = text;
option local-encapsulation code 197 = encapsulate acme;
option classless-routes code 121 = array of { integer 8, unsigned integer 8 };
option arch code 93 = unsigned integer 16;
option pac-url code 252 = text;
OPTION Domain-Name "example.org";
option domain-name-servers 10.0.0.1, 10.0.0.2;
option acme.server 10.0.0.3;
option dhcp6.name-servers 2001:db8::1;
option agent.circuit-id "x";
option server.default-lease-time 600;
option pac-url = "http://10.0.0.1/wpad.dat";
authoritative;
not authoritative;
db-time-format local;
lease-id-format hex;
server-identifier 10.0.0.10;
server-duid LLT;
allow unknown-clients;
deny duplicates;
ignore declines;
key omapi { algorithm hmac-sha256; secret "c2VjcmV0IHNlY3JldCBzZWNyZXQ="; };
omapi-key omapi;
zone example.org. { primary 127.0.0.1; secondary 127.0.0.2; key omapi; }
zone 0.0.10.in-addr.arpa. { primary6 ::1; secondary6 ::1; }
failover peer "foo" {
  primary;
  address 10.0.0.10; port 647; peer address 10.0.0.20; peer port 647;
  mclt 60; split 128;
  load balance max seconds 3; max-response-delay 60; max-unacked-updates 10; auto-partner-down 0;
  peer max-response-delay 60; peer max-unacked-updates 10;
  max-lease-misbalance 15; max-lease-ownership 10; max-balance 3600; min-balance 60;
}
failover peer "bar" {
  secondary; address 10.0.0.10; port 648; peer address 10.0.0.20; peer port 648;
}
class "phones" {
  match if substring (option vendor-class-identifier, 0, 5) = "phone";
  vendor-option-space acme;
  lease limit 4;
}
class "spawned" { spawn with option agent.circuit-id; }
class "by-mac" { match pick-first-value (option dhcp-client-identifier, hardware); }
subclass "by-mac" 1:00:00:5e:00:53:a1;
subclass "by-mac" 1:00:00:5e:00:53:a2 { option root-path "/x"; }
class "v" { }
class "u" { }
define twice (given) { return concat (given, given); }
if option arch = 00:06 { filename "ia32.efi"; }
elsif option arch = 00:07 { filename "x64.efi"; }
else if exists agent.circuit-id { filename "relay.efi"; }
else { filename "pxelinux.0"; next-server 10.0.0.5; }
switch (option arch) { case "a": option root-path "/one"; break; default: option root-path "/other"; }
on commit { set seen = "yes"; log (info, concat ("leased ", binary-to-ascii (10, 8, ".", leased-address))); execute ("/bin/true", "x"); }
on release { unset seen; }
on expiry { unset seen; }
default root-path "/d";
append domain-name-servers 10.0.0.9;
prepend domain-name-servers 10.0.0.8;
supersede root-path "/s";
send host-name "x";
parse-vendor-option;
shared-network office {
  subnet 10.0.0.0 netmask 255.255.255.0 {
    option routers 10.0.0.1;
    pool { failover peer "foo"; allow members of "phones"; deny unknown-clients; range 10.0.0.100 10.0.0.120; }
    pool { range dynamic-bootp 10.0.0.130 10.0.0.131; }
    pool { failover peer "bar"; range 10.0.0.140 10.0.0.150; }
  }
}
group {
  use-host-decl-names on;
  host printer { hardware ethernet 00:00:5e:00:53:01; fixed-address 10.0.0.9; option host-name "printer"; }
  host gone { deleted; }
}
"""
"""For DHCPv4."""

SIX = """
subnet6 2001:db8::/64 {
  range6 2001:db8::100 2001:db8::200;
  prefix6 2001:db8:1:: 2001:db8:2:: /56;
  pool6 { range6 2001:db8::300 2001:db8::400; }
}
host six { host-identifier option dhcp6.client-id 00:01; fixed-address6 2001:db8::9; fixed-prefix6 2001:db8:3::/56; }
"""
"""For DHCPv6."""

LDAP = """
ldap-server "ucs1.example.org";
ldap-port 7389;
ldap-base-dn "dc=example,dc=org";
ldap-method dynamic;
option from-the-directory "x";
"""
"""For a dhcpd with LDAP; Debian's is one, and Debian's dhcpd -t wants the directory."""
