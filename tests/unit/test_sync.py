"""sync-restart's pure parts: trees, diffs, records, plans."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.act.actions import make_plan
from dhcptui.act.actions.delayed import delayed_command
from dhcptui.act.plan import Plan
from dhcptui.act.sync.compare import Trees, of_trees
from dhcptui.act.sync.diff import MAX_LINES, diff, masked
from dhcptui.act.sync.tree import (
    Entry,
    Kind,
    Tree,
    TreeError,
    blocked,
    differ,
    digest,
    pack,
    read_tree,
    result,
    to_remove,
)
from dhcptui.assess.comparison import Comparison
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.model.action import Action
from dhcptui.model.failover import FailoverPlace
from dhcptui.model.moments import Seen
from dhcptui.model.peers import OtherPeer
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.model.sync_record import SyncRecord
from dhcptui.servers.ssh import sync_commands
from dhcptui.servers.ssh.commands import Command
from tests.unit.making import NOW, live, pair, status

P, S = Role.PRIMARY, Role.SECONDARY
OFFICE = PairSettings("office", "foo", ServerSettings(P, "dhcp1", "10.0.0.10"), ServerSettings(S, "dhcp2", "10.0.0.20"))
NAMES = ("dhcp1", "dhcp2")
STAMP = "20260101T000000Z"


def tree(**files: str | bytes) -> dict[str, Entry]:
    """Plain files in a root directory; `_` in a keyword is a slash."""
    found = {".": Entry(".", Kind.DIRECTORY, 0o755, "root", "root")}
    for key, text in files.items():
        name = key.replace("_", "/")
        data = text.encode() if isinstance(text, str) else text
        found[name] = Entry(name, Kind.FILE, 0o644, "root", "root", data=data)
    return found


def archive(*members: tarfile.TarInfo) -> bytes:
    """A tar stream of members as they are."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for member in members:
            tar.addfile(member)
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    """One tar member."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


# --- trees ---


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
            lambda name: name not in {".", ".."}
        ),
        st.binary(max_size=50),
        max_size=6,
    )
)
def test_pack_and_read_are_inverse(files: dict[str, bytes]) -> None:
    """Any names and contents come back with mode and owner."""
    before = {name: Entry(name, Kind.FILE, 0o640, "root", "adm", 0, 4, data) for name, data in files.items()}
    before["."] = Entry(".", Kind.DIRECTORY, 0o2750, "root", "root")
    after = read_tree(pack(before.values()))
    assert after == before
    assert digest(after) == digest(before)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a/.."])
def test_names_outside_are_refused(name: str) -> None:
    """A tar member may not leave the directory."""
    with pytest.raises(TreeError, match="outside the directory"):
        read_tree(archive(member(name)))


def test_damaged_archive() -> None:
    """A cut or foreign stream is an error, not a smaller directory."""
    whole = pack(tree(a="x" * 3000).values())
    for bad in (b"nonsense" * 100, whole[:1200]):
        with pytest.raises(TreeError):
            read_tree(bad)


@pytest.mark.parametrize(
    ("kind", "link", "mode", "trouble"),
    [
        (tarfile.SYMTYPE, "/etc/passwd", 0o777, "leads outside"),
        (tarfile.SYMTYPE, "../x", 0o777, "leads outside"),
        (tarfile.SYMTYPE, "b/../../x", 0o777, "leads outside"),
        (tarfile.SYMTYPE, "", 0o777, "leads outside"),
        (tarfile.FIFOTYPE, "", 0o644, "fifo"),
        (tarfile.CHRTYPE, "", 0o644, "device"),
        (tarfile.REGTYPE, "", 0o4755, "setuid"),
        (tarfile.REGTYPE, "", 0o2755, "setgid"),
    ],
)
def test_what_is_never_copied(kind: bytes, link: str, mode: int, trouble: str) -> None:
    """Links that lead outside, special files and setuid: refused on the source, left alone on the target."""
    odd = read_tree(archive(member("a", kind, link, mode)))
    with pytest.raises(TreeError, match=trouble):
        differ(odd, {})
    assert differ({}, odd).only_on_target == ("a",)


def test_links_inside_are_kept() -> None:
    """A link that stays inside is copied as a link, up to the root and back down again."""
    found = read_tree(archive(member("sub", tarfile.DIRTYPE), member("sub/a", tarfile.SYMTYPE, "../b")))
    assert found["sub/a"].data == b"../b"
    assert differ(found, {}).new == ("sub", "sub/a")


def test_hard_links_become_files() -> None:
    """The second name of a file has its content; one whose first name is not in the tree is refused."""
    first = member("a")
    first.size = 0
    found = read_tree(archive(first, member("b", tarfile.LNKTYPE, "a")))
    assert found["b"].kind is Kind.FILE
    with pytest.raises(TreeError, match="hard link"):
        read_tree(archive(member("b", tarfile.LNKTYPE, "elsewhere")))


def test_difference() -> None:
    """New, changed, other mode, only on the target; an owner is the same by name or by number."""
    source, target = tree(a="1", b="2", c="3", d="4"), tree(b="two", c="3", d="4", z="9")
    source["c"] = replace(source["c"], mode=0o600)
    source["d"] = replace(source["d"], uid=5)
    found = differ(source, target)
    assert (found.new, found.changed, found.modes, found.only_on_target) == (("a",), ("b",), ("c",), ("z",))
    assert set(result(source, target, mirror=False)) - {"."} == {"a", "b", "c", "d", "z"}
    assert set(result(source, target, mirror=True)) - {"."} == {"a", "b", "c", "d"}
    assert to_remove(found, mirror=False) == ("b",)
    assert to_remove(found, mirror=True) == ("b", "z")


def test_a_directory_in_the_way() -> None:
    """A file that would replace a directory of the target would delete what is in it."""
    target = tree()
    target["a"] = Entry("a", Kind.DIRECTORY, 0o755, "root", "root")
    assert blocked(tree(a="x"), target) == "a"
    found = of_trees(Trees(tree(a="x"), target), OFFICE, 0.0)
    assert "a is a directory on dhcp2 only" in found.error
    assert not of_trees(Trees(tree(a="x"), target), replace(OFFICE, mirror=True), 0.0).error


# --- diffs ---


def lines(source: Tree, target: Tree, mirror: bool = False) -> tuple[str, ...]:
    """The diff of two trees."""
    return diff(source, target, differ(source, target), NAMES, mirror)


def test_unified_diff() -> None:
    """The hunk of a small edit in a long file, with its line numbers."""
    old = [f"line {number}\n" for number in range(5000)]
    new = [*old[:2500], "added\n", *old[2500:]]
    assert lines(tree(a="".join(new)), tree(a="".join(old))) == (
        "--- dhcp2: a",
        "+++ dhcp1: a",
        "@@ -2498,6 +2498,7 @@",
        *(f" line {number}" for number in (2497, 2498, 2499)),
        "+added",
        *(f" line {number}" for number in (2500, 2501, 2502)),
    )


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_diff_agrees_with_patch(old: list[str], new: list[str]) -> None:
    """Applying the shown hunks by hand to the old lines gives the new ones."""
    shown = lines(tree(a="\n".join([*new, ""]) if new else ""), tree(a="\n".join([*old, ""]) if old else "", b=""))
    hunks = [line for line in shown if not line.startswith(("---", "+++", "only"))]
    left, made = list(old), []
    at = 0
    for line in hunks:
        if line.startswith("@@"):
            start, _, length = line.split()[1][1:].partition(",")
            begin = int(start) - (0 if length == "0" else 1)
            made += left[at:begin]
            at = begin
        elif line[0] == "+":
            made.append(line[1:])
        else:
            assert left[at] == line[1:]
            at += 1
            if line[0] == " ":
                made.append(line[1:])
    assert [*made, *left[at:]] == new


def test_no_newline_at_the_end_is_said() -> None:
    """A missing last newline is a difference that shows."""
    assert lines(tree(a="x"), tree(a="x\n"))[-3:] == ("-x", "+x", "\\ No newline at end of file")


def test_binary_and_other_kinds() -> None:
    """One line for what has no lines; control characters never come through."""
    source = tree(a=b"\0\1\2", b="\x1b[31mred\u202e\n")
    source["l"] = Entry("l", Kind.LINK, 0o777, "root", "root", data=b"a")
    shown = lines(source, tree())
    assert "Binary file a differs (3 bytes)" in shown
    assert "l: new: symbolic link to a" in shown
    assert all(line.isprintable() for line in shown)
    assert "+\\x1b[31mred\\u202e" in shown


def test_diff_is_bounded() -> None:
    """At most 2000 lines and a word that there are more; a huge rewrite is not computed at all."""
    shown = lines(tree(a="x\n" * 5000), tree(a=""))
    assert len(shown) == MAX_LINES + 1
    assert shown[-1].startswith("…")
    rewritten = lines(tree(a="".join(f"x{n}\n" for n in range(9000))), tree(a="".join(f"y{n}\n" for n in range(9000))))
    assert rewritten[-1] == "@@ too much differs to show: 9000 lines become 9000 @@"


SECRETS = [
    'key k { algorithm hmac-md5; secret "%s"; }',
    "key k { algorithm hmac-md5; secret %s; }",
    "  SECRET %s;",
    'secret # the key\n  "%s";',
    "secret\n%s;",
    '# secret "%s";',
    'secret"%s";',
    'key k { algorithm hmac-md5; secret"%s";}',
    '# secret\n# "%s";\n',
    'secret /* the key */ "%s";',
    'secret // the key\n "%s";',
    'ldap-password "%s";',
    '#ldap-password"%s";',
    "mykey. IN KEY 512 3 157 %s",
    "; mykey. 0 IN DNSKEY 512 3 165 %s",
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_masked(text: str) -> None:
    """A secret in any spelling dhcpd takes is masked; a changed one still shows as a changed line."""
    old, new = text % "cGxhbnRlZHNlY3JldDE=", text % "cGxhbnRlZHNlY3JldDI="
    shown = "\n".join(lines(tree(a=new), tree(a=old)))
    assert "cGxhbnRl" not in shown
    assert "***" in shown
    assert "\n+" in shown
    assert masked("a", old.encode()).count(b"\n") == old.count("\n")


def test_a_secret_in_a_comment_behind_the_word_is_masked_too() -> None:
    """An old one beside the new one; and "secrets" is another word."""
    assert masked("a", b'secret # was "b2xk"\n "bmV3";\n') == b"secret # was ***\n ***;\n"
    assert masked("a", b"# our secrets-file is x\n") == b"# our secrets-file is x\n"


def test_key_files_are_masked() -> None:
    """A file that holds nothing but a key, and a BIND private key."""
    assert masked("omapi.key", b"cGxhbnRlZHNlY3JldDE=\n") == b"***\n"
    assert (
        masked("Kx.private", b"Algorithm: 157 (HMAC_MD5)\nKey: cGxhbg==\n") == b"Algorithm: 157 (HMAC_MD5)\nKey: ***\n"
    )
    assert masked("hosts.conf", b"host abcdefghijklmnopqrst {}\n") == b"host abcdefghijklmnopqrst {}\n"


# --- the comparison and the plan ---


def healthy() -> PairSnapshot:
    """A pair that may be restarted."""
    return pair(live(P), live(S))


def plan_of(found: Comparison | None, variant: str = "") -> Plan:
    """The plan of a sync-restart on a healthy pair."""
    return make_plan(Action.SYNC_RESTART, P, OFFICE, healthy(), NOW, comparison=found, variant=variant)


def compare(source: Tree, target: Tree | None, record: SyncRecord | None = None, backup: bool = False) -> Comparison:
    """The comparison of two trees, read now."""
    return of_trees(Trees(source, target, record, backup), OFFICE, NOW.mono)


def test_no_plan_without_a_comparison() -> None:
    """Refused while the directories are being compared, and when they could not be."""
    assert not plan_of(None).allowed
    assert "being compared" in plan_of(None).ruling.reasons[-1]
    failed = Comparison("dhcp1", "dhcp2", NOW.mono, error="no SSH session to dhcp2")
    assert plan_of(failed).ruling.reasons[-1] == "no SSH session to dhcp2"
    assert plan_of(failed).attachment == ()


def test_the_plan_shows_the_diff() -> None:
    """The diff and both digests are part of what is confirmed: a change that does not show voids it too."""
    one = plan_of(compare(tree(a="new\n"), tree(a="old\n")))
    assert one.allowed
    assert one.attachment[-2:] == ("-old", "+new")
    assert one.same_as(plan_of(compare(tree(a="new\n"), tree(a="old\n"))))
    assert not one.same_as(plan_of(compare(tree(a="newer\n"), tree(a="old\n"))))
    hidden = ["secret x;\n", "secret y;\n", "secret z;\n"]
    first, second = (plan_of(compare(tree(a=text), tree(a=hidden[2]))) for text in hidden[:2])
    assert first.attachment[1:] == second.attachment[1:]
    assert not first.same_as(second)
    assert not one.same_as(plan_of(compare(tree(a="new\n"), tree(a="old\n")), "rollback"))


def test_every_command_in_the_plan_is_whole() -> None:
    """Each step names one server and one command line; no two steps are the same."""
    titles = [step.title for step in plan_of(compare(tree(a="1"), tree())).steps]
    assert titles == [
        "read dhcp1's files again", "read dhcp2's files again", "test the configuration of dhcp1",
        "copy dhcp2's directory beside it", "unpack what differs into the copy", "swap it in, keeping a backup",
        "restart dhcp2", "restart dhcp1", "clear up on dhcp2",
    ]  # fmt: skip
    assert all(step.command and step.where in NAMES for step in plan_of(compare(tree(), tree())).steps)


def test_resume() -> None:
    """Only the rest is planned while the directories are as the run left them; then a warning says what was done."""
    same = tree(a="1")
    record = SyncRecord("r1", digest(same), "anna@ops1", STAMP, ("copied", "restarting dhcp2", "restarted dhcp2"))
    plan = plan_of(compare(same, same, record, True))
    assert plan.headline == "Resume the run that anna@ops1 began: restart dhcp1."
    assert [step.title for step in plan.steps][-2:] == ["restart dhcp1", "clear up on dhcp2"]
    assert "copied, restarting dhcp2, restarted dhcp2" in plan.ruling.warnings[-1]
    half = plan_of(compare(same, same, replace(record, done=("copied", "restarting dhcp2")), True))
    assert half.headline.endswith("restart dhcp2, then dhcp1.")
    edited = plan_of(compare(tree(a="2"), same, record, True))
    assert edited.headline.startswith("Copy")
    assert "this is a new run" in edited.ruling.warnings[-1]


def test_rollback() -> None:
    """Possible while the backup is there; the target is restarted only if it had been."""
    same = tree(a="1")
    record = SyncRecord("r1", digest(same), "anna@ops1", STAMP, ("copied",))
    plan = plan_of(compare(same, same, record, True), "rollback")
    assert plan.allowed
    assert [step.title for step in plan.steps] == [
        f"put /etc/dhcp/.dhcptui-backup-shared-{STAMP} back",
        "clear up on dhcp2",
    ]
    begun = plan_of(compare(same, same, replace(record, done=("copied", "restarting dhcp2")), True), "rollback")
    assert [step.title for step in begun.steps][1] == "restart dhcp2"
    for found in (
        compare(same, same),
        compare(same, same, record, False),
        compare(same, same, replace(record, stamp="")),
    ):
        assert not plan_of(found, "rollback").allowed


def test_only_servers_that_are_restarted_take_relationships_along() -> None:
    """`bar` came not back on the target: its only server is not restarted then, but the target may be rolled back."""
    place = FailoverPlace("", 647, "", 647)
    alone, lost = (
        OtherPeer("bar", place, Seen(status(role, local, partner), NOW.mono))
        for role, local, partner in (
            (P, FailoverState.PARTNER_DOWN, FailoverState.RECOVER),
            (S, FailoverState.RECOVER, FailoverState.PARTNER_DOWN),
        )
    )
    both = pair(replace(live(P), other_peers=(alone,)), replace(live(S), other_peers=(lost,)))
    same = tree(a="1")
    record = SyncRecord("r1", digest(same), "anna@ops1", STAMP, ("copied", "restarted dhcp2"))
    found = compare(same, same, record, True)
    ways = {
        variant: make_plan(Action.SYNC_RESTART, P, OFFICE, both, NOW, comparison=found, variant=variant)
        for variant in ("", "rollback")
    }
    assert [step.title for step in ways["rollback"].steps if "restart" in step.title] == ["restart dhcp2"]
    assert (ways["rollback"].allowed, ways["rollback"].ruling.sentence) == (True, "")
    assert ways[""].ruling.reasons == (
        "bar: partner-down on dhcp1: only this server serves it: nobody would serve it while dhcpd restarts",
    )


def test_a_host_that_stopped_between_two_renames() -> None:
    """The directory is missing and its backup there: nothing but a rollback is offered."""
    record = SyncRecord("r1", "0", "anna@ops1", STAMP)
    found = compare(tree(a="1"), None, record, True)
    assert "roll back" in plan_of(found).ruling.reasons[-1]
    assert plan_of(found, "rollback").allowed


def test_record_round_trip() -> None:
    """What is written is read again; anything else is no record, and never a path of its own choosing."""
    record = SyncRecord("r1", "abc", 'an"na@ops1', STAMP, ("copied",))
    assert SyncRecord.from_json(record.to_json().encode()) == record
    for raw in (b"", b"{", b"[]", b'{"stamp": 1}', b"\xff"):
        assert SyncRecord.from_json(raw) is None
    evil = record.to_json().replace(STAMP, "../../etc").encode()
    found = SyncRecord.from_json(evil)
    assert found is not None
    assert found.stamp == ""


# --- what its commands refuse ---


@pytest.mark.parametrize("path", ["/etc/dhcp/shared", "/", "relative/.dhcptui-x"])
def test_scripts_touch_only_our_own(path: str) -> None:
    """A builder that removes or overwrites takes no name that is not plainly ours."""
    own = "/etc/dhcp/.dhcptui-x"
    builders: list[Callable[[], Command]] = [
        lambda: sync_commands.stage("/etc/dhcp/shared", path),
        lambda: sync_commands.unstage(path),
        lambda: sync_commands.unpack(path),
        lambda: sync_commands.merge(path),
        lambda: sync_commands.write_own(path),
        lambda: sync_commands.swap_in(own, "/etc/dhcp/shared", own, path),
        lambda: sync_commands.swap_back("/etc/dhcp/shared", path, own),
        lambda: sync_commands.tidy(own, path, 5),
    ]
    for build in builders:
        with pytest.raises(ValueError, match="may be removed"):
            build()


def test_delays_have_bounds() -> None:
    """Nothing in the past, nothing everybody has forgotten."""
    for seconds in (0, -5, 8 * 24 * 3600):
        with pytest.raises(ValueError, match="delayed"):
            delayed_command(OFFICE.primary, seconds)
    assert "300" in delayed_command(OFFICE.primary, 300).argv
