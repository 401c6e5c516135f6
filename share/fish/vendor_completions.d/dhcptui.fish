# Completion of dhcptui; written by `make docs` from the parser of the command line.

function __dhcptui_names --argument-names which
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l config
    if set -l at (contains --index -- --config $words)
        set config --config (string replace --regex '^~' $HOME -- $words[(math $at + 1)])
    end
    for line in ($words[1] config names $config 2>/dev/null)
        set -l names (string split \t -- $line)
        switch $which
            case pairs
                echo $names[1]
            case servers
                printf '%s\n' $names[2..3]
        end
    end
end

# The words before the cursor that are neither options nor their values: the command, then its arguments.
function __dhcptui_words
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l skip 0
    for word in $words[2..]
        if test $skip -gt 0
            set skip (math $skip - 1)
        else if contains -- $word --after --break-lock --config --confirm --dns --drill --group --identity --key-algorithm --known-hosts --machine --mclt --name --omapi-port --out --pair --peer --port --primary --range --router --secondary --sentence --server --since --speed --split --subnet --theme --user --wait
            set skip 1
        else if contains -- $word --files
            set skip 2
        else if not string match --quiet -- '-*' $word
            echo $word
        end
    end
end

# Whether these are the options of this command; a pair's name in the command's place stands for the console.
function __dhcptui_in --argument-names command
    set -l words (__dhcptui_words)
    test (count $words) -gt 0; or return 1
    contains -- $words[1] console demo status plan do audit config report lease lint init scaffold; or set words[1] console
    test $words[1] = $command
end

# Whether the next word is the positional argument of this command with so many before it.
function __dhcptui_at --argument-names command count
    set -l words (__dhcptui_words)
    test (count $words) = (math $count + 1); and test $words[1] = $command
end

# Whether the next word is the second value of this option.
function __dhcptui_second --argument-names option
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    test "$words[-2]" = $option
end

function __dhcptui_first
    test (count (__dhcptui_words)) = 0
end

complete -c dhcptui -f
complete -c dhcptui -n '__dhcptui_first' -a console -d 'the full-screen console (the default)'
complete -c dhcptui -n '__dhcptui_first' -a demo -d 'the console on a practice pair'
complete -c dhcptui -n '__dhcptui_first' -a status -d 'verdict and both servers, once'
complete -c dhcptui -n '__dhcptui_first' -a plan -d 'the plan of an action and each precondition'
complete -c dhcptui -n '__dhcptui_first' -a do -d 'run the plan of an action'
complete -c dhcptui -n '__dhcptui_first' -a audit -d 'what was done, by whom, and how it ended'
complete -c dhcptui -n '__dhcptui_first' -a config -d 'where the configuration is, what it says, whether it is valid'
complete -c dhcptui -n '__dhcptui_first' -a report -d 'an incident as Markdown, for the post-mortem'
complete -c dhcptui -n '__dhcptui_first' -a lease -d 'one lease as both servers hold it'
complete -c dhcptui -n '__dhcptui_first' -a lint -d 'what is wrong between the two servers'\'' dhcpd.conf'
complete -c dhcptui -n '__dhcptui_first' -a init -d 'find out how dhcpd is set up on two servers, and write the configuration'
complete -c dhcptui -n '__dhcptui_first' -a scaffold -d 'write the dhcpd.conf of a new pair'
complete -c dhcptui -n '__dhcptui_first' -a '(__dhcptui_names pairs)' -d pair
complete -c dhcptui -n '__dhcptui_first' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_first' -l version -d 'show program'\''s version number and exit'
complete -c dhcptui -n '__dhcptui_first' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_first' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_in console' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in console' -l theme -x -a 'dhcptui dhcptui-16 dhcptui-contrast' -d 'colours: dhcptui, dhcptui-16, dhcptui-contrast'
complete -c dhcptui -n '__dhcptui_in console' -l ascii -d 'no character beyond ASCII; the default where the locale is not UTF-8'
complete -c dhcptui -n '__dhcptui_in console' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in console' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_at console 0' -a '(__dhcptui_names pairs)'
complete -c dhcptui -n '__dhcptui_in demo' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in demo' -l mclt -x -d 'the pair'\''s MCLT (60)'
complete -c dhcptui -n '__dhcptui_in demo' -l speed -x -d 'how much faster dhcpd'\''s own timers run (1)'
complete -c dhcptui -n '__dhcptui_in demo' -l drill -x -a 'list secondary-crashes link-cut wrong-clock pool-runs-dry empty-lease-file both-restarted' -d 'begin with this drill; `list` names them'
complete -c dhcptui -n '__dhcptui_in demo' -l theme -x -a 'dhcptui dhcptui-16 dhcptui-contrast' -d 'colours: dhcptui, dhcptui-16, dhcptui-contrast'
complete -c dhcptui -n '__dhcptui_in demo' -l ascii -d 'no character beyond ASCII; the default where the locale is not UTF-8'
complete -c dhcptui -n '__dhcptui_in demo' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in demo' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_in status' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in status' -l all -d 'every pair of the configuration'
complete -c dhcptui -n '__dhcptui_in status' -l group -x -d 'the pairs of this group'
complete -c dhcptui -n '__dhcptui_in status' -l machine -x -d 'the pairs with this server: its name or its host'
complete -c dhcptui -n '__dhcptui_in status' -l json -d 'machine-readable, schema 1'
complete -c dhcptui -n '__dhcptui_in status' -l wait -x -d 'how long the answers of both servers may take, a login not counted (6)'
complete -c dhcptui -n '__dhcptui_in status' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in status' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_at status 0' -a '(__dhcptui_names pairs)'
complete -c dhcptui -n '__dhcptui_in plan' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in plan' -l all -d 'every pair of the configuration'
complete -c dhcptui -n '__dhcptui_in plan' -l group -x -d 'the pairs of this group'
complete -c dhcptui -n '__dhcptui_in plan' -l machine -x -d 'the pairs with this server: its name or its host'
complete -c dhcptui -n '__dhcptui_in plan' -l server -x -a '(__dhcptui_names servers)' -d 'the server that acts (for partner-down: the survivor)'
complete -c dhcptui -n '__dhcptui_in plan' -l json -d 'machine-readable, schema 1'
complete -c dhcptui -n '__dhcptui_in plan' -l wait -x -d 'how long evidence may take to come; with do also a dhcpd that reads its leases (usually 30, and 900)'
complete -c dhcptui -n '__dhcptui_in plan' -l rollback -d 'sync-restart: undo an interrupted run instead'
complete -c dhcptui -n '__dhcptui_in plan' -l after -x -d 'start: later (90s, 5m, 2h), by a timer of the server'
complete -c dhcptui -n '__dhcptui_in plan' -l cancel -d 'start: take a scheduled one off again'
complete -c dhcptui -n '__dhcptui_in plan' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in plan' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_at plan 0' -a 'sync-restart partner-down shutdown hand-over take-back start rescue'
complete -c dhcptui -n '__dhcptui_at plan 1' -a '(__dhcptui_names pairs)'
complete -c dhcptui -n '__dhcptui_in do' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in do' -l machine -x -d 'every relationship of this server, whose name is then the TEXT of --confirm'
complete -c dhcptui -n '__dhcptui_in do' -l server -x -a '(__dhcptui_names servers)' -d 'the server that acts (for partner-down: the survivor)'
complete -c dhcptui -n '__dhcptui_in do' -l confirm -x -d 'what the plan asks to be typed; without it nothing is begun, and TEXT is said'
complete -c dhcptui -n '__dhcptui_in do' -l sentence -x -d 'what the plan asks for where proof is impossible'
complete -c dhcptui -n '__dhcptui_in do' -l break-lock -x -d 'first remove the lock of this operator'
complete -c dhcptui -n '__dhcptui_in do' -l wait -x -d 'how long evidence may take to come; with do also a dhcpd that reads its leases (usually 30, and 900)'
complete -c dhcptui -n '__dhcptui_in do' -l rollback -d 'sync-restart: undo an interrupted run instead'
complete -c dhcptui -n '__dhcptui_in do' -l after -x -d 'start: later (90s, 5m, 2h), by a timer of the server'
complete -c dhcptui -n '__dhcptui_in do' -l cancel -d 'start: take a scheduled one off again'
complete -c dhcptui -n '__dhcptui_in do' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in do' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_at do 0' -a 'sync-restart partner-down shutdown hand-over take-back start rescue'
complete -c dhcptui -n '__dhcptui_at do 1' -a '(__dhcptui_names pairs)'
complete -c dhcptui -n '__dhcptui_in audit' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in audit' -l since -x -d '30m, 2h, 3d, or a time as in 2026-11-22T10:00 (UTC)'
complete -c dhcptui -n '__dhcptui_in audit' -l json -d 'the records as they are kept, one a line'
complete -c dhcptui -n '__dhcptui_in audit' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in audit' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_in config' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in config' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in config' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_at config 0' -a 'path show validate names'
complete -c dhcptui -n '__dhcptui_in report' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in report' -l all -d 'every pair of the configuration'
complete -c dhcptui -n '__dhcptui_in report' -l group -x -d 'the pairs of this group'
complete -c dhcptui -n '__dhcptui_in report' -l machine -x -d 'the pairs with this server: its name or its host'
complete -c dhcptui -n '__dhcptui_in report' -l since -x -d 'as for audit (24h)'
complete -c dhcptui -n '__dhcptui_in report' -l json -d 'machine-readable, schema 1'
complete -c dhcptui -n '__dhcptui_in report' -l wait -x -d 'how long the answers of both servers may take, a login not counted (8)'
complete -c dhcptui -n '__dhcptui_in report' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in report' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_at report 0' -a '(__dhcptui_names pairs)'
complete -c dhcptui -n '__dhcptui_in lease' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in lease' -l json -d 'machine-readable, schema 1'
complete -c dhcptui -n '__dhcptui_in lease' -l wait -x -d 'how long the answers of both servers may take, a login not counted (6)'
complete -c dhcptui -n '__dhcptui_in lease' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in lease' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_at lease 0' -a '(__dhcptui_names pairs)'
complete -c dhcptui -n '__dhcptui_in lint' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in lint' -l all -d 'every pair of the configuration'
complete -c dhcptui -n '__dhcptui_in lint' -l group -x -d 'the pairs of this group'
complete -c dhcptui -n '__dhcptui_in lint' -l machine -x -d 'the pairs with this server: its name or its host'
complete -c dhcptui -n '__dhcptui_in lint' -l files -r -F -d 'two dhcpd.conf'
complete -c dhcptui -n '__dhcptui_second --files' -F
complete -c dhcptui -n '__dhcptui_in lint' -l peer -x -d 'with --files: the failover peer to look at'
complete -c dhcptui -n '__dhcptui_in lint' -l ungrouped -d 'every finding by itself, however many there are'
complete -c dhcptui -n '__dhcptui_in lint' -l json -d 'machine-readable, schema 1'
complete -c dhcptui -n '__dhcptui_in lint' -l wait -x -d 'how long the answers of both servers may take, a login not counted (15 for each command)'
complete -c dhcptui -n '__dhcptui_in lint' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in lint' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_at lint 0' -a '(__dhcptui_names pairs)'
complete -c dhcptui -n '__dhcptui_in init' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in init' -l name -l pair -x -a '(__dhcptui_names pairs)' -d 'what to call the pair (the failover peer'\''s name); of several pairs, what each name begins with'
complete -c dhcptui -n '__dhcptui_in init' -l peer -x -d 'this failover peer alone, where the servers share several'
complete -c dhcptui -n '__dhcptui_in init' -l user -x -d 'the account on both servers, but for localhost'
complete -c dhcptui -n '__dhcptui_in init' -l identity -r -F -d 'the private key to log in with'
complete -c dhcptui -n '__dhcptui_in init' -l known-hosts -r -F -d 'where the servers'\'' host keys are'
complete -c dhcptui -n '__dhcptui_in init' -l wait -x -d 'how long the login of each server may take, and then its answers (20, and 15 for each command)'
complete -c dhcptui -n '__dhcptui_in init' -l yes -d 'replace what is there without asking'
complete -c dhcptui -n '__dhcptui_in init' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in init' -l read-only -d 'bind no acting key'
complete -c dhcptui -n '__dhcptui_in scaffold' -s h -l help -d 'show this help message and exit'
complete -c dhcptui -n '__dhcptui_in scaffold' -l peer -x -d 'the failover peer'\''s name'
complete -c dhcptui -n '__dhcptui_in scaffold' -l primary -x -d 'the primary'\''s address'
complete -c dhcptui -n '__dhcptui_in scaffold' -l secondary -x -d 'the secondary'\''s address'
complete -c dhcptui -n '__dhcptui_in scaffold' -l subnet -x -d 'as in 10.0.0.0/24'
complete -c dhcptui -n '__dhcptui_in scaffold' -l range -x -d 'the addresses for clients'
complete -c dhcptui -n '__dhcptui_in scaffold' -l mclt -x -d 'maximum client lead time, in seconds (1800)'
complete -c dhcptui -n '__dhcptui_in scaffold' -l split -x -d 'the primary'\''s share of the clients, in 256ths (128)'
complete -c dhcptui -n '__dhcptui_in scaffold' -l port -x -d 'the failover port (647)'
complete -c dhcptui -n '__dhcptui_in scaffold' -l omapi-port -x -d 'the OMAPI port (7911)'
complete -c dhcptui -n '__dhcptui_in scaffold' -l router -x -d 'may be repeated'
complete -c dhcptui -n '__dhcptui_in scaffold' -l dns -x -d 'may be repeated'
complete -c dhcptui -n '__dhcptui_in scaffold' -l key-algorithm -x -a 'hmac-md5 hmac-sha1 hmac-sha224 hmac-sha256 hmac-sha384 hmac-sha512' -d 'of the OMAPI key (hmac-sha256)'
complete -c dhcptui -n '__dhcptui_in scaffold' -l out -r -F -d 'where to write (a directory called as the peer)'
complete -c dhcptui -n '__dhcptui_in scaffold' -l force -d 'write over what is there'
complete -c dhcptui -n '__dhcptui_in scaffold' -l config -r -F -d 'the configuration file'
complete -c dhcptui -n '__dhcptui_in scaffold' -l read-only -d 'bind no acting key'
