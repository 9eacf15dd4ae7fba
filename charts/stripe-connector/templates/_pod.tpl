{{/* The common part of every pod's spec, from the values of the service it belongs to. (dict "root" "service" "account") */}}
{{- define "connector.podSettings" -}}
{{- with .account }}
serviceAccountName: {{ . | quote }}
{{- end }}
automountServiceAccountToken: {{ .automount | default false }}
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $name := list "priorityClassName" "runtimeClassName" "dnsPolicy" }}
{{- with get $.service $name }}
{{ $name }}: {{ . | quote }}
{{- end }}
{{- end }}
securityContext:
  {{- toYaml .service.podSecurityContext | nindent 2 }}
{{- with .service.nodeSelector }}
nodeSelector:
  {{- include "connector.texts" . | nindent 2 }}
{{- end }}
{{- range $name := list "tolerations" "affinity" "hostAliases" "dnsConfig" }}
{{- with get $.service $name }}
{{ $name }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Labels and annotations of the pod of a job, a hook or the test. (dict "root" "component" "service") */}}
{{- define "connector.jobPodMetadata" -}}
labels:
  {{- merge (include "connector.podLabels" . | fromYaml) (.root.Values.jobs.podLabels | default dict) (.service.podLabels | default dict) | include "connector.texts" | nindent 2 }}
{{- with merge (dict) (.root.Values.jobs.podAnnotations | default dict) (.service.podAnnotations | default dict) (.root.Values.commonAnnotations | default dict) }}
annotations:
  {{- include "connector.texts" . | nindent 2 }}
{{- end }}
{{- end -}}
