# First process (pid 1) of one lab server. Arguments: its directory, its host name, the directories it has for itself.
# It gives the server its own files, says "ready", reaps orphans (bash does that by itself) and ends when stdin ends,
# that is when the lab's owner stops or dies; the kernel then kills all else in this pid namespace.
set -eu
root=$1
hostname "$2"
shift 2
for conf in all default; do echo 1 >"/proc/sys/net/ipv6/conf/$conf/disable_ipv6" || true; done 2>/dev/null
mount --bind "$root/hosts" /etc/hosts
mount --bind "$root/shadow" /etc/shadow
mount -t tmpfs tmpfs /dev/shm # libfaketime names its shared memory after the pid, and both servers count pids from 1
for dir; do mount --bind "$root$dir" "$dir"; done
cd /
trap : TERM INT HUP
echo ready
exec >/dev/null 2>&1
while read -r _; do :; done
