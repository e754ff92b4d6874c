{{/* The chart's name in labels. */}}
{{- define "novaroute.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The DaemonSet's name. Those that are made of it are longer, and must fit into 63 characters. */}}
{{- define "novaroute.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $made := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $made .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "novaroute.serviceAccountName" -}}
{{- $made := .Values.serviceAccount.create | ternary (include "novaroute.fullname" .) "default" -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end -}}

{{/* The labels by which pods are found; they can never change. */}}
{{- define "novaroute.selectorLabels" -}}
app.kubernetes.io/component: agent
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/name: {{ include "novaroute.name" . }}
{{- end -}}

{{- define "novaroute.labels" -}}
{{ include "novaroute.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* An image: the one that is named, or ours. Takes a list: the root, what is named, the component. */}}
{{- define "novaroute.image" -}}
{{- $root := index . 0 -}}
{{- $image := $root.Values.image -}}
{{- $ours := printf "%s/novaroute-%s:%s" (trimSuffix "/" $image.repository) (index . 2) (default $root.Chart.AppVersion $image.tag) -}}
{{- default $ours (index . 1) -}}
{{- end -}}

{{/* The folder of the agent's socket, which is the node's. */}}
{{- define "novaroute.socketDir" -}}
{{- regexReplaceAll "/[^/]*$" .Values.agent.socketPath "" | default "/" -}}
{{- end -}}

{{/* Name of the agent's container port and of the Service's. */}}
{{- define "novaroute.metricsPort" -}}metrics{{- end -}}
