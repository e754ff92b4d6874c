{{/* The agent's configuration file: what the values say, with `config` laid over it. */}}
{{- define "novaroute.config" -}}
{{- $agent := .Values.agent -}}
{{- $config := dict
      "listen_socket" $agent.socketPath
      "state_dir" (printf "%s/state" (include "novaroute.socketDir" . | trimSuffix "/"))
      "log_level" $agent.logLevel
      "metrics_address" (printf ":%d" (int $agent.metricsPort))
      "frr" (dict "socket_dir" "/run/frr") -}}
{{- with include "novaroute.bgp" .Values.bgp | fromJson -}}
{{- $_ := set $config "bgp" . -}}
{{- end -}}
{{- $owners := dict -}}
{{- range .Values.owners -}}
{{- if hasKey $owners .name -}}
{{- fail (printf "owners: two have the name %q" .name) -}}
{{- end -}}
{{- $_ := set $owners .name (include "novaroute.owner" . | fromJson) -}}
{{- end -}}
{{- if .Values.companion.enabled -}}
{{- $_ := set $owners "kubernetes" (include "novaroute.companionOwner" . | fromJson) -}}
{{- end -}}
{{- $_ := set $config "owners" $owners -}}
{{- mustMergeOverwrite $config (deepCopy .Values.config) | mustToPrettyJson -}}
{{- end -}}

{{/* BGP of each node, as JSON. */}}
{{- define "novaroute.bgp" -}}
{{- $bgp := dict -}}
{{- with .localAs -}}{{- $_ := set $bgp "local_as" . -}}{{- end -}}
{{- with .asBase -}}{{- $_ := set $bgp "as_base" . -}}{{- end -}}
{{- with .routerId -}}{{- $_ := set $bgp "router_id" . -}}{{- end -}}
{{- if and .autoRouterId (not .routerId) (or .localAs .asBase) -}}
{{- $_ := set $bgp "auto_router_id" true -}}
{{- end -}}
{{- $peers := dict -}}
{{- $list := list -}}
{{- range .peers -}}
{{- if hasKey $peers .address -}}
{{- fail (printf "bgp.peers: two have the address %q" .address) -}}
{{- end -}}
{{- $_ := set $peers .address true -}}
{{- $list = append $list (include "novaroute.peer" . | fromJson) -}}
{{- end -}}
{{- with $list -}}{{- $_ := set $bgp "peers" . -}}{{- end -}}
{{- mustToJson $bgp -}}
{{- end -}}

{{/* A peer, as JSON. */}}
{{- define "novaroute.peer" -}}
{{- $peer := dict "neighbor_address" .address "remote_as" .remoteAs -}}
{{- $given := . -}}
{{- $keys := dict "description" "description" "keepalive" "keepalive" "holdTime" "hold_time" "password" "password" -}}
{{- if .bfd -}}
{{- $_ := set $peer "bfd_enabled" true -}}
{{- $_ := mustMerge $keys (dict "bfdMinRxMs" "bfd_min_rx_ms" "bfdMinTxMs" "bfd_min_tx_ms" "bfdDetectMultiplier" "bfd_detect_multiplier") -}}
{{- end -}}
{{- if .maxPrefixes -}}{{- $_ := set $keys "maxPrefixes" "max_prefix" -}}{{- end -}}
{{- range $value, $key := $keys -}}
{{- if hasKey $given $value -}}{{- $_ := set $peer $key (get $given $value) -}}{{- end -}}
{{- end -}}
{{- if and .keepalive (lt (int .holdTime) (mul 3 (int .keepalive))) -}}
{{- fail (printf "bgp.peers: %s: holdTime is at least three times keepalive" .address) -}}
{{- end -}}
{{- mustToJson $peer -}}
{{- end -}}

{{/* An owner, as JSON; its token is in a file of its name. */}}
{{- define "novaroute.owner" -}}
{{- $owner := include "novaroute.policy" . | fromJson -}}
{{- $_ := set $owner "token_file" (printf "/etc/novaroute/tokens/%s" .name) -}}
{{- with .permissions -}}{{- $_ := set $owner "permissions" . -}}{{- end -}}
{{- mustToJson $owner -}}
{{- end -}}

{{/* What an owner may announce and hold, as JSON. */}}
{{- define "novaroute.policy" -}}
{{- $prefixes := dict "type" (default "any" .prefixType) -}}
{{- with .allowedCIDRs -}}{{- $_ := set $prefixes "allowed_cidrs" . -}}{{- end -}}
{{- $policy := dict "allowed_prefixes" $prefixes -}}
{{- with .limits -}}
{{- with .maxPrefixes -}}{{- $_ := set $policy "max_prefixes" . -}}{{- end -}}
{{- with .maxPeers -}}{{- $_ := set $policy "max_peers" . -}}{{- end -}}
{{- end -}}
{{- mustToJson $policy -}}
{{- end -}}

{{/* Not empty: the configuration has a password or a token in it, and belongs into the Secret. */}}
{{- define "novaroute.isConfidential" -}}
{{- $config := include "novaroute.config" . | fromJson -}}
{{- range (get $config "bgp" | default dict).peers -}}
{{- if hasKey . "password" -}}yes{{- end -}}
{{- end -}}
{{- range $config.owners -}}
{{- if hasKey . "token" -}}yes{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the Secret holds: the tokens that stand in the values, and a configuration that is confidential. */}}
{{- define "novaroute.secrets" -}}
{{- $data := dict -}}
{{- range .Values.owners -}}
{{- if .token -}}{{- $_ := set $data (printf "token-%s" .name) .token -}}{{- end -}}
{{- end -}}
{{- if include "novaroute.isConfidential" . -}}
{{- $_ := set $data "config.json" (printf "%s\n" (include "novaroute.config" .)) -}}
{{- end -}}
{{- mustToJson $data -}}
{{- end -}}

{{/* What the ConfigMap holds. */}}
{{- define "novaroute.open" -}}
{{- $data := dict "daemons" (include "novaroute.daemons" .Values.frr.daemons) -}}
{{- if not (include "novaroute.isConfidential" .) -}}
{{- $_ := set $data "config.json" (printf "%s\n" (include "novaroute.config" .)) -}}
{{- end -}}
{{- mustToJson $data -}}
{{- end -}}

{{/* FRR's list of the daemons that it starts. What others may reach is the agent's socket, not FRR's ports. */}}
{{- define "novaroute.daemons" -}}
bgpd={{ .bgpd | ternary "yes" "no" }}
ospfd={{ .ospfd | ternary "yes" "no" }}
ospf6d={{ .ospf6d | ternary "yes" "no" }}
bfdd={{ .bfdd | ternary "yes" "no" }}
vtysh_enable=yes
zebra_options="-A 127.0.0.1 -s 90000000"
staticd_options="-A 127.0.0.1"
bgpd_options="-A 127.0.0.1"
ospfd_options="-A 127.0.0.1"
bfdd_options="-A 127.0.0.1"
mgmtd_options="-A 127.0.0.1"
ospf6d_options="-A ::1"
{{ end -}}
