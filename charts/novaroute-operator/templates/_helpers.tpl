{{/* The chart's name in labels. */}}
{{- define "novaroute-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The Deployment's name; those that are made of it must fit into 63 characters. */}}
{{- define "novaroute-operator.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $made := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $made .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "novaroute-operator.serviceAccountName" -}}
{{- $made := .Values.serviceAccount.create | ternary (include "novaroute-operator.fullname" .) "default" -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end -}}

{{/* The labels by which pods are found; they can never change. */}}
{{- define "novaroute-operator.selectorLabels" -}}
app.kubernetes.io/component: operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/name: {{ include "novaroute-operator.name" . }}
{{- end -}}

{{- define "novaroute-operator.labels" -}}
{{ include "novaroute-operator.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The ClusterRole of the companions. */}}
{{- define "novaroute-operator.companionRole" -}}
{{ include "novaroute-operator.fullname" . }}-companion
{{- end -}}

{{/* Who gets the roles. */}}
{{- define "novaroute-operator.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "novaroute-operator.serviceAccountName" . }}
    namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* What an object of this name is called that is made of a file. */}}
{{- define "novaroute-operator.fileName" -}}
{{- $stem := base (index . 1) | trimSuffix (ext (index . 1)) | lower | replace "_" "-" -}}
{{- printf "%s-%s" (include "novaroute-operator.fullname" (index . 0)) $stem | trunc 63 | trimSuffix "-" -}}
{{- end -}}
