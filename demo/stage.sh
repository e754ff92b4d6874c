# What demo/run.sh is told with: headings, commands as an operator would type them, waiting, clean-up.
# shellcheck shell=bash

# Colour is for people at a terminal who did not say that they want none (https://no-color.org).
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    readonly BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
    readonly BOLD='' DIM='' RED='' PLAIN=''
fi

LAB_PID='' AGENT_PID='' EVENTS_PID=''
SHOWN='' # what the last command shown printed

# step TITLE WHY...: a heading, and the reason in lines of its own.
step() {
    printf '\n%s== %s%s\n' "$BOLD" "$1" "$PLAIN"
    shift
    printf '   %s\n' "$@"
    printf '\n'
}

say() { printf '   %s\n' "$@"; }

# die WHAT...: what was expected and did not come.
die() {
    printf '\n%sdemo: %s%s\n' "$RED" "$*" "$PLAIN" >&2
    if [ -n "$SHOWN" ]; then
        printf 'demo: the last output was:\n%s\n' "$SHOWN" >&2
    fi
    if [ -s agent.log ]; then
        printf 'demo: end of the log of the agent:\n' >&2
        tail -n 15 agent.log >&2
    fi
    exit 1
}

prompt() { printf '   %s%s%s%s\n' "$DIM" "$1" "$PLAIN" "$2"; }
output() { [ -z "$SHOWN" ] || printf '%s\n' "   ${SHOWN//$'\n'/$'\n   '}"; }

# shown COMMAND...: types the command and shows what it prints. Its exit code counts.
shown() {
    prompt '$ ' "$*"
    local code=0
    SHOWN=$("$@" 2>&1) || code=$?
    output
    return "$code"
}

# must COMMAND...: a command that has to succeed.
must() {
    local code=0
    shown "$@" || code=$?
    [ "$code" = 0 ] || die "'$*' was expected to succeed, and its exit code is $code"
}

# expect TEXT: what was shown last has to contain this.
expect() { grep -qF -- "$1" <<<"$SHOWN" || die "'$1' was expected in the last output"; }

# vty ROUTER DAEMON COMMAND...: runs commands in a daemon of FRR; nothing is shown.
vty() { novaroute-lab vty "$LAB/$1/run/$2.vty" "${@:3}"; }

# asked ROUTER COMMAND [FILTER...]: a command at a router's bgpd as one would type it in vtysh, with its output.
asked() {
    prompt "$1# " "$2"
    local text
    text=$(vty "$1" bgpd "$2") || die "bgpd of $1 was expected to answer '$2'"
    if [ $# -gt 2 ]; then
        text=$("${@:3}" <<<"$text")
    fi
    SHOWN=$text
    output
}

# configured ROUTER DAEMON <FILE: shows and runs configuration lines.
configured() {
    local lines
    mapfile -t lines
    prompt "$1($2)# " 'configure terminal'
    printf '      %s\n' "${lines[@]}"
    vty "$1" "$2" 'configure terminal' "${lines[@]}" >/dev/null || die "$2 of $1 was expected to take these lines"
}

# until_true SECONDS WHAT COMMAND...: looks again and again until the command succeeds.
until_true() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || die "within the time for it, this was expected: $what"
        sleep 0.1 # between two looks
    done
}

# start_lab RELEASE: two routers with FRR; sets LAB (their folder), NODE and TOR (their namespaces), and goes to LAB,
# where the files of the demo are: all of it goes with the lab.
start_lab() {
    local line
    exec {LAB_OUTPUT}< <(exec novaroute-lab up "$1")
    LAB_PID=$!
    LAB='' NODE='' TOR=''
    while [ -z "$TOR" ]; do
        read -r -t 30 -u "$LAB_OUTPUT" line || die 'two routers with FRR were expected to start (novaroute-lab check)'
        case $line in
            'folder: '*) LAB=${line#*: } ;;
            'node: '*) NODE=${line#*: } ;;
            'tor1: '*) TOR=${line#*: } ;;
        esac
    done
    cd "$LAB" || die "the folder of the lab was expected: $LAB"
}

start_agent() {
    prompt '$ ' "ip netns exec $NODE novaroute-agent --config agent.json &"
    ip netns exec "$NODE" novaroute-agent --config agent.json </dev/null >>agent.log 2>&1 &
    AGENT_PID=$!
    until_true 10 'the agent answers and reaches all of FRR' agent_is_connected
}

agent_is_connected() { novaroutectl status -o json | jq -e '.frr_status.connected'; }

start_events() {
    prompt '$ ' 'novaroutectl events >events.log &'
    novaroutectl events </dev/null >events.log 2>&1 &
    EVENTS_PID=$!
}

# killed PID: as a crash would end it. Bash's own message about that is not part of the story.
killed() {
    prompt '$ ' "kill -9 $1"
    { kill -9 "$1" && wait "$1"; } 2>/dev/null || true
}

# ended PID SECONDS: waits for the end of a child and sets CODE to its exit code.
# shellcheck disable=SC2034 # CODE is for the caller
ended() {
    until_true "$2" "process $1 to end" is_gone "$1"
    CODE=0
    wait "$1" || CODE=$?
}

is_gone() { ! kill -0 "$1"; }

# Ends everything that runs for the demo, on any exit: the lab takes its namespaces, their processes and files along.
clean_up() {
    local pid
    trap - EXIT INT TERM HUP
    for pid in $EVENTS_PID $AGENT_PID; do
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [ -n "$LAB_PID" ]; then
        kill -TERM "$LAB_PID" 2>/dev/null || true
        wait "$LAB_PID" 2>/dev/null || true
    fi
}

# on_exit CODE: the one way out.
on_exit() {
    clean_up
    exit "$1"
}
