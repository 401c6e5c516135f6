"""Lint: the table of rules, and what they find. Pure: two parsed configurations and a few facts -> findings.

dhcpd never looks at its partner's configuration, and `dhcpd -t` not at what two servers must agree on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dhcptui.conf.lint import generated, names, peer, pools, relations, server, shared, words
from dhcptui.conf.lint.findings import Finding, Pair, Problem, Rule, Severity
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.sentence import Sentence, cleaned, sentence

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
SENTENCE_CHARACTERS = 400

RULES = (
    Rule("L01", _E, peer.name_missing, "failover.c 567: unknown failover relationship name"),
    Rule("L02", _E, peer.declared_twice, "confpars.c 966; dhcpd -t refuses it"),
    Rule("L03", _E, peer.no_role, "confpars.c: `i_am` is 0, which is primary"),
    Rule("L04", _E, peer.same_role, "not compared by dhcpd; the link never comes up"),
    Rule("L05", _E, peer.swapped_role, "dhcptui's guards refuse to act on a server whose role is another one"),
    Rule("L06", _E, peer.primary_incomplete, "confpars.c 1174 and 1177"),
    Rule("L07", _E, peer.split_range, "confpars.c 1108; dhcpd -t refuses it"),
    Rule("L08", _W, peer.mclt_on_secondary, "failover.c 1362"),
    Rule("L09", _E, peer.split_on_secondary, "confpars.c 996, 1071 and 1098; only where `secondary;` stands before"),
    Rule("L10", _W, peer.no_own_address, "failover.c 277"),
    Rule("L11", _E, peer.no_peer_address, "confpars.c 1164; dhcpd -t refuses it"),
    Rule("L12", _W, peer.host_name, "tree.c 394; failover.c 282; Debian bug 670172"),
    Rule("L13", _E, peer.not_crossed, "not compared by dhcpd; failover.c 1137: listener: no matching state"),
    Rule("L14", _W, peer.no_load_balance, "failover.c 81 and 5979; a warning at start, on that server only"),
    Rule("L15", _E, peer.auto_partner_down_both, "dhcpd.conf(5), auto-partner-down"),
    Rule("L16", _I, peer.auto_partner_down_one, "dhcpd.conf(5), auto-partner-down"),
    Rule("L17", _I, peer.tuning_missing, "confpars.c: DEFAULT_MAX_RESPONSE_DELAY 20, DEFAULT_MAX_FLYING_UPDATES 100"),
    Rule("L18", _I, peer.tuning_differs, "dhcpd.conf(5)"),
    Rule("L19", _E, relations.names_crossed, "not compared by dhcpd; seen on a real pair: relationship name does not match"),
    Rule("L20", _E, pools.unknown_peer, "confpars.c 1812; dhcpd -t refuses it"),
    Rule("L21", _E, pools.peer_without_pool, "failover.c 74; seen on 4.4.3 also with a peer inherited from a shared network"),
    Rule("L22", _E, pools.ranges_differ, "failover.c 5195"),
    Rule("L23", _E, pools.mapping_differs, "failover.c 5201"),
    Rule("L24", _E, pools.given_out_twice, "not compared by dhcpd"),
    Rule("L25", _W, pools.alone_beside, "not compared by dhcpd"),
    Rule("L26", _E, pools.dynamic_bootp, "confpars.c 3915; dhcpd -t refuses it"),
    Rule("L27", _I, pools.deny_bootp, "dhcpd.conf(5); release notes of 3.1.0"),
    Rule("L28", _E, pools.misplaced, "confpars.c: parse_statement(), parse_pool_statement(); dhcpd -t refuses it"),
    Rule("L29", _E, pools.bad_ranges, "confpars.c 3840, mdb.c 911; dhcpd -t refuses it"),
    Rule("L30", _W, shared.lease_times_differ, "not compared by dhcpd"),
    Rule("L31", _W, shared.options_differ, "not compared by dhcpd"),
    Rule("L32", _W, shared.reservations_differ, "not compared by dhcpd"),
    Rule("L33", _W, shared.permits_differ, "not compared by dhcpd"),
    Rule("L34", _W, shared.server_id_check_differs, "not compared by dhcpd"),
    Rule("L35", _I, shared.others_differ, "not compared by dhcpd"),
    Rule("L36", _W, shared.max_lease_below_mclt, "failover.c: waits of stos + mclt"),
    Rule("L37", _I, shared.default_lease_below_mclt, "failover.c: waits of stos + mclt"),
    Rule("L38", _I, shared.servers_differ, "not compared by dhcpd; often meant so"),
    Rule("L40", _W, server.no_omapi_port, "omapi.c: nobody listens without it"),
    Rule("L41", _E, server.other_omapi_port, "dhcptui's configuration"),
    Rule("L42", _W, server.no_omapi_key, "omapi.c: no key, no check"),
    Rule("L43", _E, server.unknown_omapi_key, "dhcpd.c; dhcpd -t refuses it"),
    Rule("L44", _I, server.omapi_keys_differ, "dhcptui's configuration"),
    Rule("L45", _E, server.other_omapi_key, "dhcptui's configuration"),
    Rule("L46", _I, server.weak_key, "dhcpd 3.0 habit"),
    Rule("L47", _W, server.readable_secret, "permissions on the server"),
    Rule("L48", _E, server.old_relic, "dhcpd 3.0 habit; seen on 4.4.3: dhcpd -t refuses it"),
    Rule("L49", _E, server.key_without_algorithm, "seen on 4.4.3-P1: dhcpd -t dies of SIGSEGV (exit status 139)"),
    Rule("L50", _E, server.test_failed, "dhcpd -t on the server"),
    Rule("L51", _W, server.versions_differ, "dhcpd --version on both servers"),
    Rule("L52", _E, server.too_old, "dhcpd --version"),
    Rule("L53", _W, server.restart_needed, "start of the process, times of the files"),
    Rule("L54", _W, server.other_file, "command line of the process"),
    Rule("L55", _W, server.drift, "both shared directories, compared as sync + restart does"),
    Rule("L60", _E, words.odd_characters, "conflex.c reads ASCII; dhcpd -t refuses it"),
    Rule("L61", _W, words.odd_in_strings, "conflex.c: read_string() takes any byte"),
    Rule("L62", _E, words.misspelt, "confpars.c, parse.c; dhcpd -t refuses it"),
    Rule("L63", _W, words.unknown, "dhcpd.conf(5), dhcp-options(5); dhcpd -t refuses it, unless it was built otherwise"),
    Rule("L64", _E, words.unfinished, "parse.c 147: semicolon expected; dhcpd -t refuses it"),
    Rule("L65", _E, words.no_such_file, "conflex.c: Can't open; dhcpd -t refuses it"),
    Rule("L66", _I, words.in_a_directory, "dhcpd-ldap(5); not read by lint"),
    Rule("L67", _E, names.names, "seen on 4.4.3: no such class, unknown key, already exists; dhcpd -t refuses it"),
    Rule("L68", _E, peer.values, "confpars.c: expecting number; dhcpd -t refuses it"),
    Rule("L69", _E, words.broken, "conflex.c, parse.c: semicolon or right brace expected; dhcpd -t refuses it"),
    Rule("L70", _E, relations.same_partner_twice, "failover.c 1137; seen on a real pair: the two never both connect"),
)  # fmt: skip
"""One row a rule. Their order is the order of the report within a server."""

REFUSED = frozenset({
    "L02", "L06", "L07", "L09", "L11", "L20", "L21", "L26", "L28", "L29", "L43", "L48", "L49", "L50", "L60", "L62", "L64", "L65",
    "L67", "L68", "L69",
})  # fmt: skip
"""What dhcpd itself refuses: it does not start, and nobody can silence that. Tested against `dhcpd -t` in tests/lab/test_lint.py."""


def lint(pair: Pair) -> tuple[Finding, ...]:
    """Every finding: errors, then warnings, then info; of each the primary's, the secondary's, the pair's."""
    found = [
        _finding(pair, rule, problem)
        for rule in RULES
        for problem in rule.check(pair if rule in _AS_WRITTEN else pair.meant)
    ]
    for rules, others in ((_OF_EACH, relations.others), (_OF_ONE, relations.with_third_servers)):
        for other in others(pair.meant):
            found += [_of_other(other, rule, problem) for rule in rules for problem in rule.check(other)]
    severities, roles = list(Severity), [*Role, None]
    return tuple(sorted(found, key=lambda each: (severities.index(each.severity), roles.index(each.role))))


_AS_WRITTEN = tuple(rule for rule in RULES if rule.check.__module__ == words.__name__)
"""All others see the configuration as it was meant."""

_OF_EACH = tuple(
    rule
    for rule in RULES
    if (rule.check.__module__ == peer.__name__ and rule.check not in {peer.name_missing, peer.swapped_role})
    or rule.check is pools.peer_without_pool
)
"""The rules on a declaration hold for every relationship. Which server is its primary is for its own pair to say."""

_OF_ONE = tuple(
    rule
    for rule in _OF_EACH
    if rule.check not in {peer.same_role, peer.not_crossed, peer.auto_partner_down_both, peer.tuning_differs}
)
"""Those that hold without the partner's declaration: dhcpd does not start, whosever relationship is wrong."""


def _of_other(pair: Pair, rule: Rule, problem: Problem) -> Finding:
    found = _finding(pair, rule, problem)
    sentence = clean(f"failover peer {pair.peer!r}: {problem.sentence}", SENTENCE_CHARACTERS)
    return replace(found, sentence=sentence)


def _finding(pair: Pair, rule: Rule, problem: Problem) -> Finding:
    file = problem.node.file if problem.node else problem.file
    return Finding(
        rule.id,
        rule.severity,
        problem.role,
        clean(pair[problem.role].name) if problem.role else "",
        clean(file),
        problem.node.line if problem.node else 0,
        clean(problem.sentence, SENTENCE_CHARACTERS),
        cleaned(_fix(pair, rule, problem, file), SENTENCE_CHARACTERS),
        rule.id in REFUSED,
    )


def _fix(pair: Pair, rule: Rule, problem: Problem, file: str) -> Sentence:
    """The rule's own, unless a program writes the file."""
    fix = sentence(problem.fix)
    writer = pair[problem.role].writer(file) if problem.role and file else None
    if not writer or rule.id in generated.ABOUT_DHCPTUI:
        return fix
    words = "".join(part for part in fix if isinstance(part, str))
    return sentence(writer.fix(rule.id, words))


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The worst severity; None where nothing was found."""
    there = {each.severity for each in findings}
    return next((each for each in Severity if each in there), None)


def common_peer(pair: Pair) -> str:
    """The relationship to look at where nobody named one: the first that both declare, else the first of either."""
    names = [[each.name for each in pair.meant[role].peers] for role in Role]
    both = [name for name in names[0] if name in names[1]]
    return next(iter([*both, *names[0], *names[1]]), "")
