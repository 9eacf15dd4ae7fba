{{/* Volumes of a component: temporary files, CAs, certificates for Kafka, the webhook secret. (dict "root" "component") */}}
{{- define "connector.volumeMounts" -}}
{{- $access := include "connector.kafkaAccess" . | fromJson -}}
{{- $names := index (.root.Files.Get "files/variables.json" | fromJson) .component -}}
- name: tmp
  mountPath: /tmp
{{- if or .root.Values.extraCaCerts.existingConfigMap .root.Values.extraCaCerts.existingSecret }}
- name: extra-ca-certs
  mountPath: /etc/connector/ca
  readOnly: true
{{- end }}
{{- if and $access.tls (has "KAFKA_BROKERS" $names) }}
{{- if and $access.tlsSecret $access.ca }}
- name: kafka-ca
  mountPath: /etc/connector/kafka-ca
  readOnly: true
{{- end }}
{{- if or $access.certSecret (and $access.tlsSecret $access.cert) }}
- name: kafka-cert
  mountPath: /etc/connector/kafka-cert
  readOnly: true
{{- end }}
{{- end }}
{{- $hasSigningSecret := has "signing-secret" ((include "connector.componentOf" . | fromJson).mounts | default list) }}
{{- $inVolume := include "connector.signingSecretInVolume" . }}
{{- if and $hasSigningSecret (not $inVolume) }}
- name: signing-secret
  mountPath: /etc/connector/stripe
  readOnly: true
{{- end }}
{{- if include "connector.credentialsVolume" . | trim }}
- name: credentials
  mountPath: /etc/connector/credentials
  readOnly: true
{{- end }}
{{- end -}}

{{/* The volume with a component's credentials; empty if it has none as files. */}}
{{- define "connector.credentialsVolume" -}}
{{- $files := .root.Values.credentialFiles -}}
{{- $hasSigningSecret := has "signing-secret" ((include "connector.componentOf" . | fromJson).mounts | default list) -}}
{{- $projected := list -}}
{{- $needsOwn := and $hasSigningSecret (include "connector.signingSecretInVolume" .) -}}
{{- range include "connector.credentials" . | fromJsonArray -}}
{{- if and .asFile .inVolume -}}{{- $needsOwn = true -}}
{{- else if .asFile -}}
{{- $projected = append $projected (dict "secret" (dict "name" .secret "items" (list (dict "key" .key "path" .name)))) -}}
{{- end -}}
{{- end -}}
{{- if $needsOwn -}}
{{- toYaml $files.volume -}}
{{- else if $projected -}}
projected:
  defaultMode: 0440
  sources:
    {{- toYaml $projected | nindent 4 }}
{{- end -}}
{{- end -}}

{{- define "connector.volumes" -}}
{{- $access := include "connector.kafkaAccess" . | fromJson -}}
{{- $names := index (.root.Files.Get "files/variables.json" | fromJson) .component -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .tmpSizeLimit }}
{{- with .root.Values.extraCaCerts }}
{{- if .existingConfigMap }}
- name: extra-ca-certs
  configMap:
    name: {{ .existingConfigMap | quote }}
    items: [{ key: {{ .key | quote }}, path: ca.crt }]
{{- else if .existingSecret }}
- name: extra-ca-certs
  secret:
    secretName: {{ .existingSecret | quote }}
    defaultMode: 0440
    items: [{ key: {{ .key | quote }}, path: ca.crt }]
{{- end }}
{{- end }}
{{- if and $access.tls (has "KAFKA_BROKERS" $names) }}
{{- if and $access.tlsSecret $access.ca }}
- name: kafka-ca
  secret:
    secretName: {{ $access.tlsSecret | quote }}
    defaultMode: 0440
    {{- if eq .component "preflight" }}
    optional: true
    {{- end }}
    items: [{ key: {{ $access.ca | quote }}, path: ca.crt }]
{{- end }}
{{- if $access.certSecret }}
- name: kafka-cert
  secret:
    secretName: {{ $access.certSecret | quote }}
    defaultMode: 0440
    {{- if eq .component "preflight" }}
    optional: true
    {{- end }}
    items: [{ key: user.crt, path: tls.crt }, { key: user.key, path: tls.key }]
{{- else if and $access.tlsSecret $access.cert }}
- name: kafka-cert
  secret:
    secretName: {{ $access.tlsSecret | quote }}
    defaultMode: 0440
    {{- if eq .component "preflight" }}
    optional: true
    {{- end }}
    items: [{ key: {{ $access.cert | quote }}, path: tls.crt }, { key: {{ $access.key | quote }}, path: tls.key }]
{{- end }}
{{- end }}
{{- with include "connector.credentialsVolume" . | trim }}
- name: credentials
  {{- . | nindent 2 }}
{{- end }}
{{- if and (has "signing-secret" ((include "connector.componentOf" . | fromJson).mounts | default list)) (not (include "connector.signingSecretInVolume" .)) }}
{{- $ref := include "connector.secretRef" (dict "root" .root "name" "STRIPE_WEBHOOK_SIGNING_SECRET" "component" .component) | fromJsonArray }}
- name: signing-secret
  secret:
    secretName: {{ index $ref 0 | quote }}
    defaultMode: 0440
    items: [{ key: {{ index $ref 1 | quote }}, path: webhook-signing-secret }]
{{- end }}
{{- end -}}
