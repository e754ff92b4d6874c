{{/* The owner that the companion is, as JSON. No other user is taken for it, whatever token it has. */}}
{{- define "novaroute.companionOwner" -}}
{{- $companion := .Values.companion -}}
{{- range .Values.owners -}}
{{- if eq .name "kubernetes" -}}
{{- fail "owners: the owner kubernetes is the companion: rename yours, or set companion.enabled to false" -}}
{{- end -}}
{{- end -}}
{{- if eq (int $companion.metricsPort) (int .Values.agent.metricsPort) -}}
{{- fail "companion.metricsPort: the agent has this port already: set another one" -}}
{{- end -}}
{{- if .Values.config.socket -}}
{{- fail "config.socket: the companion connects by the socket's first mode and group: leave it out, or set companion.enabled to false" -}}
{{- end -}}
{{- $owner := include "novaroute.policy" $companion | fromJson -}}
{{- $_ := set $owner "token_file" "/run/companion/token" -}}
{{- $_ := set $owner "uids" (list 65532) -}}
{{- $_ := set $owner "permissions" (list "peers" "prefixes") -}}
{{- mustToJson $owner -}}
{{- end -}}

{{/* Name of the companion's container port and of the Service's. */}}
{{- define "novaroute.companionPort" -}}companion{{- end -}}

{{/* Name of what is the companion's and in no namespace. */}}
{{- define "novaroute.companionRights" -}}
novaroute:{{ .Release.Namespace }}:{{ include "novaroute.fullname" . }}
{{- end -}}

{{/* What both containers of the companion have. */}}
{{- define "novaroute.companionBase" -}}
image: {{ include "novaroute.image" (list . .Values.companion.image "operator") | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.companion.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 65532
  # The agent's socket and the files of the volumes are for root's group.
  runAsGroup: 0
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Makes the token before the agent reads its configuration, which names the file. */}}
{{- define "novaroute.companionToken" -}}
- name: companion-token
  args: [token, --file=/run/companion/token]
  {{- include "novaroute.companionBase" . | nindent 2 }}
  volumeMounts:
    - name: companion-token
      mountPath: /run/companion
{{- end -}}

{{- define "novaroute.companion" -}}
{{- $companion := .Values.companion -}}
- name: companion
  {{- include "novaroute.companionBase" . | nindent 2 }}
  args:
    - node
    - --socket={{ .Values.agent.socketPath }}
    - --token-file=/run/companion/token
    - --bind=[::]:{{ $companion.metricsPort }}
    - --log-level={{ .Values.agent.logLevel }}
    {{- with $companion.drain }}
    {{- if .onCordon }}
    - --drain-on-cordon
    {{- end }}
    {{- range .taints }}
    - --drain-taint={{ . }}
    {{- end }}
    {{- if or .onCordon .taints }}
    - --drain-wait={{ .waitS }}
    {{- end }}
    {{- end }}
  env:
    {{- range list (list "NODE_NAME" "spec.nodeName") (list "POD_NAME" "metadata.name") (list "POD_NAMESPACE" "metadata.namespace") }}
    - name: {{ index . 0 }}
      valueFrom:
        fieldRef:
          fieldPath: {{ index . 1 }}
    {{- end }}
  ports:
    - name: {{ include "novaroute.companionPort" . }}
      containerPort: {{ $companion.metricsPort }}
      hostPort: {{ $companion.metricsPort }}
      protocol: TCP
  # No readiness: without an API server the companion goes on with what it knows, and the node routes. A node is not to be
  # taken for one that does not.
  livenessProbe:
    httpGet:
      path: /healthz
      port: {{ $companion.metricsPort }}
    periodSeconds: 10
    failureThreshold: 6
  volumeMounts:
    - name: companion-token
      mountPath: /run/companion
      readOnly: true
    - name: companion-account
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
    - name: socket
      mountPath: {{ include "novaroute.socketDir" . }}
{{- end -}}

{{- define "novaroute.companionVolumes" -}}
- name: companion-token
  emptyDir:
    medium: Memory
# What Kubernetes would mount into every container of the pod, for this one alone.
- name: companion-account
  projected:
    defaultMode: 288 # 0440, which YAML 1.1 and 1.2 read differently
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - {key: ca.crt, path: ca.crt}
      - downwardAPI:
          items:
            - path: namespace
              fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}
{{- end -}}
