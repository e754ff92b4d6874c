//! Examples at the end of each help text. A test parses every one of them.

pub(super) const ALL: &str = "\
Examples:
  export NOVAROUTE_OWNER=edge
  novaroutectl configure-bgp --local-as 65001 --router-id 192.0.2.1 --token-file edge.token
  novaroutectl apply-peer --neighbor 192.0.2.254 --remote-as 65000 --bfd --token-file edge.token
  novaroutectl advertise --prefix 203.0.113.7/32 --token-file edge.token
  novaroutectl status --watch

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 agent not reachable,
4 import or support-bundle left something out";

pub(super) const STATUS: &str = "\
Examples:
  novaroutectl status
  novaroutectl status --owner edge --watch --interval 500ms
  novaroutectl status -o json | jq .frr_status.connected";

pub(super) const PEERS: &str = "\
Examples:
  novaroutectl peers -o wide
  novaroutectl peers -o json | jq -r '.peers[] | select(.peer_state != \"established\") | .neighbor_address'";

pub(super) const PREFIXES: &str = "\
Examples:
  novaroutectl prefixes --owner edge
  novaroutectl prefixes -o json | jq -r '.prefixes[] | select(.state != \"advertised\") | .prefix'";

pub(super) const BFD: &str = "\
Examples:
  novaroutectl bfd --watch
  novaroutectl bfd -o yaml";

pub(super) const OSPF: &str = "\
Examples:
  novaroutectl ospf
  novaroutectl ospf -o wide";

pub(super) const OWNERS: &str = "\
Examples:
  novaroutectl owners
  novaroutectl owners -o wide --watch
  novaroutectl owners -o json | jq -r '.owners[] | select(.registered | not) | .owner'";

pub(super) const INTENTS: &str = "\
Examples:
  novaroutectl intents --owner edge
  novaroutectl intents -o yaml
  novaroutectl intents -o json | jq -r '.intents[] | select(.state == \"refused\") | .key'";

pub(super) const EVENTS: &str = "\
Examples:
  novaroutectl events
  novaroutectl events --owner edge --types peer-up,peer-down
  novaroutectl events --types PREFIX_ADVERTISED --types PREFIX_WITHDRAWN -o json | jq .detail
  novaroutectl events --snapshot
  novaroutectl events --from 1042 --boot-id 5f0c2a9d77e1b3460b8e6d1fa2c49b07";

pub(super) const EXPLAIN: &str = "\
Examples:
  novaroutectl explain prefix 203.0.113.7/32
  novaroutectl explain prefix 203.0.113.7/32 --owner edge
  novaroutectl explain prefix 203.0.113.0/24 --protocol ospf -o json | jq -r .answer
  novaroutectl explain peer 192.0.2.254
  novaroutectl explain bfd 192.0.2.254
  novaroutectl explain ospf eth0

Exit codes: 0 it is announced, or up, 1 it is not, or the agent refused to say, 2 wrong usage, 3 agent not reachable";

pub(super) const DOCTOR: &str = "\
Examples:
  novaroutectl doctor
  novaroutectl doctor -o json | jq -r '.checks[] | select(.health != \"ok\") | .found'

Exit codes: 0 no check failed, 1 one did, 2 wrong usage";

pub(super) const TOP: &str = "\
Examples:
  novaroutectl top
  novaroutectl top --owner edge --interval 500ms";

pub(super) const REGISTER: &str = "\
Examples:
  novaroutectl register --owner edge --token-file edge.token
  novaroutectl register --reassert --owner edge --token-file edge.token
  novaroutectl register --lease 60 --instance edge-0 -o json | jq -r .response.session_id";

pub(super) const RENEW: &str = "\
Examples:
  novaroutectl renew --session-id 8d0f5c… --owner edge --token-file edge.token";

pub(super) const END_OF_REPLAY: &str = "\
Examples:
  novaroutectl end-of-replay --owner edge --token-file edge.token
  novaroutectl end-of-replay --session-id 8d0f5c… --confirm-removals";

pub(super) const DEREGISTER: &str = "\
Examples:
  novaroutectl deregister --owner edge --token-file edge.token
  novaroutectl deregister --withdraw-all --owner edge --token-file edge.token";

pub(super) const HANDOFF: &str = "\
Examples:
  novaroutectl handoff --owner admin --token-file admin.token
  systemctl start novaroute-agent";

pub(super) const DRAIN: &str = "\
Examples:
  novaroutectl drain --wait=advertised
  novaroutectl drain --node --delay-s 60 --owner admin --token-file admin.token
  novaroutectl drain --of-owner edge --keep-announced --owner admin --token-file admin.token
  novaroutectl drain --node --shut-sessions --shutdown-message maintenance --owner admin --token-file admin.token";

pub(super) const UNDRAIN: &str = "\
Examples:
  novaroutectl undrain
  novaroutectl undrain --node --owner admin --token-file admin.token";

pub(super) const CONFIRM: &str = "\
Examples:
  novaroutectl apply -f routes.yaml --prune --confirm-within 2m
  novaroutectl confirm";

pub(super) const ROLLBACK: &str = "\
Examples:
  novaroutectl rollback
  novaroutectl rollback 8d0f5c21 --wait";

pub(super) const CONFIGURE_BGP: &str = "\
Examples:
  novaroutectl configure-bgp --local-as 65001 --router-id 192.0.2.1";

pub(super) const APPLY_PEER: &str = "\
Examples:
  novaroutectl apply-peer --neighbor 192.0.2.254 --remote-as 65000
  novaroutectl apply-peer --neighbor 192.0.2.254 --remote-as 65000 --bfd --bfd-min-rx 100
  novaroutectl apply-peer --neighbor 2001:db8::1 --remote-as 65000 --address-families ipv4,ipv6
  novaroutectl apply-peer --neighbor 192.0.2.254 --remote-as 65000 --password-file peer.secret
  novaroutectl apply-peer --interface eth1 --remote-as 65000 --address-families ipv4,ipv6
  novaroutectl apply-peer --neighbor 192.0.2.254 --remote-as 65000 --local-as 65010 --ttl-security 1
  novaroutectl apply-peer --neighbor 192.0.2.254 --remote-as 65000 --import-prefixes 10.0.0.0/8,192.0.2.0/24
  novaroutectl apply-peer --neighbor 192.0.2.254 --remote-as 65000 --refuse-default-route --export-communities 65001:100
  novaroutectl apply-peer --neighbor 192.0.2.254 --remote-as 65000 --shutdown --shutdown-message maintenance
  novaroutectl apply-peer --neighbor 192.0.2.254 --remote-as 65000 --ebgp-multihop 2 --dry-run";

pub(super) const REMOVE_PEER: &str = "\
Examples:
  novaroutectl remove-peer --neighbor 192.0.2.254
  novaroutectl remove-peer --interface eth1";

pub(super) const ADVERTISE: &str = "\
Examples:
  novaroutectl advertise --prefix 203.0.113.7/32
  novaroutectl advertise --prefix 2001:db8:7::7/128 --communities 65001:100,no-export --med 0
  novaroutectl advertise --prefix 203.0.113.8/32 --as-path-prepend 2 --peers 192.0.2.254
  novaroutectl advertise --prefix 203.0.113.9/32 --large-communities 65001:1:100 --extended-communities rt:65001:7
  novaroutectl advertise --prefix 203.0.113.0/24 --protocol ospf";

pub(super) const WITHDRAW: &str = "\
Examples:
  novaroutectl withdraw --prefix 203.0.113.7/32
  novaroutectl withdraw --prefix 203.0.113.0/24 --protocol ospf";

pub(super) const ENABLE_BFD: &str = "\
Examples:
  novaroutectl enable-bfd --peer 192.0.2.254 --min-rx 100 --min-tx 100 --detect-multiplier 3
  novaroutectl enable-bfd --peer fe80::1 --interface eth0
  novaroutectl enable-bfd --peer 198.51.100.1 --multihop --source-address 192.0.2.1";

pub(super) const DISABLE_BFD: &str = "\
Examples:
  novaroutectl disable-bfd --peer 192.0.2.254
  novaroutectl disable-bfd --peer fe80::1 --interface eth0";

pub(super) const ENABLE_OSPF: &str = "\
Examples:
  novaroutectl enable-ospf --interface eth0 --area 0.0.0.0
  novaroutectl enable-ospf --interface lo --area 0 --passive
  novaroutectl enable-ospf --interface eth0 --area 0 --network-type point-to-point --bfd
  novaroutectl enable-ospf --interface eth1 --area 0 --authentication md5 --authentication-key-file ospf.secret";

pub(super) const DISABLE_OSPF: &str = "\
Examples:
  novaroutectl disable-ospf --interface eth0";

pub(super) const APPLY: &str = "\
Examples:
  novaroutectl apply -f routes.yaml
  novaroutectl apply -f routes.yaml --dry-run
  novaroutectl apply -f routes.yaml --print
  novaroutectl apply -f routes.yaml --atomic --wait
  novaroutectl apply -f routes.yaml --prune --confirm-within 2m
  novaroutectl apply -f - -o json

What an owner wants, with the names of the proto fields:
  owner: edge
  token_file: edge.token
  bgp: {local_as: 65001, router_id: 192.0.2.1}
  peers:
  - {neighbor_address: 192.0.2.254, remote_as: 65000, bfd_enabled: true}
  prefixes:
  - {prefix: 203.0.113.7/32, protocol: bgp}

The same request in a list of requests:
  - {action: advertise, owner: edge, token_file: edge.token, prefix: 203.0.113.7/32, protocol: bgp}";

pub(super) const DIFF: &str = "\
Examples:
  novaroutectl diff -f routes.yaml
  novaroutectl diff -f routes.yaml --prune
  novaroutectl diff -f routes.yaml -o json

Exit codes: 0 there is nothing to do, 1 something would change or is refused, 2 wrong usage, 3 the agent cannot be reached";

pub(super) const IMPORT: &str = "\
Examples:
  novaroutectl import -f metallb.yaml > novaroute.yaml
  novaroutectl import --from frr-k8s --strict -o json -f -
  novaroutectl import -f cluster.yaml peers.yaml

From a cluster, with all that belongs together in one call:
  kubectl get -A -o yaml bgppeers,bfdprofiles,bgpadvertisements,communities,ipaddresspools,l2advertisements |
    novaroutectl import -f -
  kubectl get -A -o yaml frrconfigurations | novaroutectl import -f -

Exit codes: 0 everything was translated, 4 something was left out, 2 the input cannot be read";

pub(super) const SUPPORT_BUNDLE: &str = "\
Examples:
  novaroutectl support-bundle -f novaroute.tar.gz
  novaroutectl support-bundle -f novaroute.tar.gz --config /etc/novaroute/config.yaml

Exit codes: 0 everything is in it, 4 something is missing, 1 it could not be written";

pub(super) const MAN: &str = "\
Examples:
  novaroutectl man /usr/local/share/man/man1";

pub(super) const COMPLETION: &str = "\
Examples:
  novaroutectl completion bash > /etc/bash_completion.d/novaroutectl
  novaroutectl completion fish > ~/.config/fish/completions/novaroutectl.fish
  novaroutectl completion zsh > ~/.zfunc/_novaroutectl";
