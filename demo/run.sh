#!/usr/bin/env bash
# A node and a top-of-rack router (ToR), each in a network namespace with real FRR; the agent on the node; told as a story.
# Each step shows what it claims or the demo fails. `make demo` builds what is needed here and calls it, as root.
#
#   demo/run.sh [distribution|next]   which FRR: the installed one, or that of the next Debian release
#   KEEP=1 demo/run.sh                leaves everything running at the end
set -euo pipefail
cd "$(dirname "$0")/.."

TARGET=$(realpath "${CARGO_TARGET_DIR:-target}")
readonly TARGET RELEASE=${1:-distribution}
PATH=$TARGET/debug:$PATH

# shellcheck source=demo/stage.sh
. demo/stage.sh
trap 'on_exit $?' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

readonly VIP4=203.0.113.10 VIP6=2001:db8:113::10
readonly NODE_AT=10.0.1.1 TOR_AT=10.0.1.2 # the two ends of the link

the_rack() {
    step '1. A rack' 'Two network namespaces with FRR in each: a node, and the top-of-rack router that it is cabled to.' \
        'The ToR is configured by hand, as the network team would. The node has no routing configuration at all.'
    start_lab "$RELEASE"
    asked tor1 'show version' head -n 1
    configured tor1 bgpd <<END
router bgp 65100
 bgp router-id $TOR_AT
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor $NODE_AT remote-as 65001
 neighbor $NODE_AT timers connect 1
 neighbor $NODE_AT bfd
 address-family ipv4 unicast
  neighbor $NODE_AT activate
 exit-address-family
 address-family ipv6 unicast
  neighbor $NODE_AT activate
 exit-address-family
END
    configured tor1 bfdd <<END
bfd
 peer $NODE_AT
  receive-interval 200
  transmit-interval 200
END
}

the_agent() {
    step '2. The agent' 'It is the only writer of FRR on the node. Its configuration says who may ask for what:' \
        'the owner "edge", a load balancer, may announce host routes out of two blocks and nothing else.'
    cat >agent.json <<END
{
  "listen_socket": "$LAB/novaroute.sock",
  "state_dir": "$LAB/state",
  "frr": {"socket_dir": "$LAB/node/run"},
  "owners": {
    "edge": {
      "token": "not-a-secret",
      "allowed_prefixes": {"type": "host_only", "allowed_cidrs": ["203.0.113.0/24", "2001:db8:113::/48"]}
    }
  }
}
END
    must cat agent.json
    export NOVAROUTE_SOCKET=$LAB/novaroute.sock NOVAROUTE_OWNER=edge NOVAROUTE_TOKEN=not-a-secret
    start_agent
    must novaroutectl status
}

the_peer() {
    step '3. A peer that BFD protects' 'The owner says what it wants. The agent turns it into the few lines that FRR needs.'
    must novaroutectl register
    must novaroutectl configure-bgp --local-as 65001 --router-id "$NODE_AT"
    must novaroutectl apply-peer --neighbor "$TOR_AT" --remote-as 65100 --address-families ipv4,ipv6 \
        --bfd --bfd-min-rx 200 --bfd-min-tx 200
    until_true 30 'an established session' session_is_up
    until_true 30 'BFD up at both ends' bfd_is_up
    must novaroutectl peers
    asked node 'show running-config' awk '/^router bgp/, /^exit$/'
}

session_is_up() { [ "$(at_tor bgpState)" = Established ]; }
bfd_is_up() {
    novaroutectl peers -o json | jq -e --arg peer "$TOR_AT" \
        '.peers[] | select(.neighbor_address == $peer) | .state == "Established" and .bfd_status == "up"'
}

# at_tor FIELD: what the ToR's bgpd says of its session with the node.
at_tor() { vty tor1 bgpd "show bgp neighbors $NODE_AT json" | jq -r --arg node "$NODE_AT" ".[\$node].$1"; }

the_vips() {
    step '4. A virtual address, IPv4 and IPv6' 'The load balancer puts the address on the node, then announces it.' \
        'The ToR learns both, routes to them, and reaches them.'
    must ip -n "$NODE" address add "$VIP4/32" dev lo
    must ip -n "$NODE" address add "$VIP6/128" dev lo
    must novaroutectl advertise --prefix "$VIP4/32"
    must novaroutectl advertise --prefix "$VIP6/128"
    until_true 30 'both prefixes in the table of the ToR' tor_has_vips
    until_true 30 'both prefixes shown as advertised' all_are_advertised
    must novaroutectl prefixes
    asked tor1 'show bgp ipv4 unicast' routes
    expect "$VIP4/32"
    asked tor1 'show bgp ipv6 unicast' routes
    expect "$VIP6/128"
    until_true 30 'a route in the kernel of the ToR' ip -n "$TOR" route get "$VIP4"
    until_true 30 'a route in the kernel of the ToR' ip -n "$TOR" -6 route get "$VIP6"
    must ip netns exec "$TOR" ping -q -c 2 -i 0.2 -W 2 "$VIP4"
    must ip netns exec "$TOR" ping -q -c 2 -i 0.2 -W 2 "$VIP6"
}

# The table without FRR's legend.
routes() { awk '/Network +Next Hop/, /^$/'; }
tor_has() { vty tor1 bgpd "show bgp $1 unicast $2 json" | jq -e --arg prefix "$2" '.prefix == $prefix'; }
tor_has_vips() { tor_has ipv4 "$VIP4/32" && tor_has ipv6 "$VIP6/128"; }
all_are_advertised() { novaroutectl prefixes -o json | jq -e '.prefixes | length > 0 and all(.state == "advertised")'; }

a_refusal() {
    step '5. A prefix that is none of its business' 'Policy is decided before anything changes, and the answer says which rule it was.'
    local code=0
    shown novaroutectl advertise --prefix 198.51.100.7/32 || code=$?
    expect PREFIX_NOT_IN_ALLOWED_CIDRS
    prompt '$ ' "echo \$?"
    say "$code"
    [ "$code" = 1 ] || die "exit code 1 was expected, not $code"
}

a_crash() {
    local before after uptime
    step '6. The agent crashes' 'kill -9, then a new agent: it reads its journal and what FRR runs, and finds nothing to do.' \
        'The ToR sees no flap and not a single UPDATE.'
    until_true 60 'a session that has been at rest for some seconds' session_is_at_rest
    before=$(session_of_tor)
    uptime=$(at_tor bgpTimerUpMsec)
    say "The session at the ToR: $before"
    killed "$AGENT_PID"
    must ip netns exec "$TOR" ping -q -c 2 -i 0.2 -W 2 "$VIP4"
    start_agent
    until_true 30 'both prefixes shown as advertised' all_are_advertised
    after=$(session_of_tor)
    say "The session at the ToR: $after"
    say 'Nothing came. One prefix more, as a check that UPDATEs are counted:'
    must novaroutectl advertise --prefix 203.0.113.11/32
    until_true 30 '203.0.113.11/32 in the table of the ToR' tor_has ipv4 203.0.113.11/32
    after=$(session_of_tor)
    say "The session at the ToR: $after"
    [ "$(updates "$after")" = "$(($(updates "$before") + 1))" ] || die 'exactly one UPDATE more than before was expected'
    [ "${after%%,*}" = "${before%%,*}" ] || die 'as many established sessions as before were expected'
    [ "$(at_tor bgpTimerUpMsec)" -ge "$uptime" ] || die 'a session that has been up all the time was expected'
    # What is told of later is then told of what happens later.
    until_true 30 'all prefixes shown as advertised' all_are_advertised
}

# What FRR does by itself after a session came up is not to be taken for the work of the agent: it may make the BFD session
# anew, and BGP flaps once then; and bgpd looks at new route-maps after 5 s and announces once more what it had announced.
# All of that is over when the session has been up for longer, and nothing has come over it for some seconds.
AT_REST='' AT_REST_SINCE=0
session_is_at_rest() {
    local now
    now=$(session_of_tor | sed 's/up for [^,]*, //')
    if [ "$now" != "$AT_REST" ]; then
        AT_REST=$now AT_REST_SINCE=$SECONDS
    fi
    bgpd_is_done && session_is_up && bfd_is_up && all_are_advertised &&
        [ "$(at_tor bgpTimerUpMsec)" -ge 6000 ] && [ $((SECONDS - AT_REST_SINCE)) -ge 3 ]
}

bgpd_is_done() {
    local timers
    timers=$(vty node bgpd 'show thread timers' || vty node bgpd 'show event timers') || return 1
    ! grep -qE 'bgp_route_map_update_timer|bgp_announce_route_timer' <<<"$timers"
}

# How often the session was established, for how long it has been, and how many UPDATEs came over it.
session_of_tor() {
    vty tor1 bgpd "show bgp neighbors $NODE_AT json" | jq -r --arg node "$NODE_AT" '.[$node] |
        "established \(.connectionsEstablished) time(s), up for \(.bgpTimerUpString), \(.messageStats.updatesRecv) UPDATEs"'
}
updates() { grep -o '[0-9]* UPDATEs' <<<"$1" | cut -d ' ' -f 1; }

a_cut() {
    step '7. The cable is pulled' 'The session ends at once, not after its hold time of 180 s. Whoever follows the events is told.'
    start_events
    until_true 30 'the stream of events to be open' stream_is_open
    prompt 'tor1# ' 'interface node; shutdown'
    ip -n "$TOR" link set dev node down
    until_true 30 'BFD_DOWN and PEER_DOWN in the stream of events' saw BFD_DOWN PEER_DOWN
    must cat events.log
    step '8. The cable is put back' 'Nobody has to do anything: what was asked for still is.'
    prompt 'tor1# ' 'interface node; no shutdown'
    ip -n "$TOR" link set dev node up
    until_true 30 'both prefixes back in the table of the ToR' tor_has_vips
    until_true 30 'BFD_UP and PEER_UP in the stream of events' saw BFD_UP PEER_UP
    until_true 30 'all prefixes shown as advertised' all_are_advertised
    must tail -n 5 events.log
    asked tor1 'show bgp ipv4 unicast' routes
}

# A stream tells what happens from the moment it is open; registering again is something that happens.
stream_is_open() { novaroutectl register && grep -q OWNER_REGISTERED events.log; }
saw() {
    local type
    for type; do grep -q " $type " events.log || return 1; done
}

the_end() {
    step '9. The agent is told to end' 'SIGTERM withdraws what it announced, in order, and leaves nothing of its own in FRR.'
    prompt '$ ' "kill $AGENT_PID"
    kill -TERM "$AGENT_PID"
    ended "$AGENT_PID" 10
    say "exit code $CODE"
    [ "$CODE" = 0 ] || die "exit code 0 was expected, not $CODE"
    asked tor1 'show bgp ipv4 unicast'
    tor_has_nothing || die 'an empty table of the ToR was expected'
    say "The table of the ToR is empty."
}

tor_has_nothing() {
    local family
    for family in ipv4 ipv6; do
        vty tor1 bgpd "show bgp $family unicast json" | jq -e '(.routes // {}) | length == 0' >/dev/null || return 1
    done
}

# With KEEP=1 nothing is ended; what to look at, and how to end it.
keep() {
    trap - EXIT
    cat <<END

== Everything runs on (KEEP=1)
   Talk to the agent:
      export PATH=$TARGET/debug:\$PATH
      export NOVAROUTE_SOCKET=$NOVAROUTE_SOCKET NOVAROUTE_OWNER=edge NOVAROUTE_TOKEN=not-a-secret
      novaroutectl status -o wide
      novaroutectl prefixes --watch
   Talk to FRR on either side ($LAB/{node,tor1}/run/*.vty):
      novaroute-lab vty $LAB/tor1/run/bgpd.vty 'show bgp summary'
   Be on the node or the ToR:
      ip netns exec $NODE bash
      ip netns exec $TOR ping $VIP4
   Files: $LAB/{agent.json,agent.log,events.log}
   End it all, nothing is left:
      kill $LAB_PID
END
}

main() {
    [ "$(id -u)" = 0 ] || die 'network namespaces and the daemons of FRR need root'
    the_rack
    the_agent
    the_peer
    the_vips
    a_refusal
    a_crash
    a_cut
    if [ -n "${KEEP:-}" ]; then
        keep
        return
    fi
    the_end
    printf '\n%sThat was all of it, in %d seconds. Everything is cleaned up.%s\n' "$BOLD" "$SECONDS" "$PLAIN"
}

main
