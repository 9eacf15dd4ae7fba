{{/*
Every part of the release that runs, as YAML by name: the service whose image, account and settings it has, its command (none: the service
itself), whom it calls, the Kafka user when it is another part's, the files it reads, the exit codes after which another try would end alike, and for a
job of Helm's the hooks and where its values are.
*/}}
{{- define "connector.components" -}}
session-auth: { service: session-auth, calls: [kafka, https] }
intent: { service: intent, calls: [kafka, https, session-auth] }
webhook-ingest: { service: webhook-ingest, calls: [kafka], mounts: [signing-secret] }
ledger: { service: ledger, calls: [kafka, https] }
enabler: { service: enabler, calls: [] }
ensure-topics: { service: ledger, command: ensure-topics, calls: [kafka], user: ledger }
reconcile: { service: webhook-ingest, command: reconcile, calls: [kafka, https] }
reconcile-undelivered: { service: webhook-ingest, command: reconcile, calls: [kafka, https], user: reconcile }
reconcile-pending: { service: ledger, command: reconcile-pending, calls: [kafka, https] }
audit: { service: ledger, command: audit, calls: [kafka, https], final: [1, 64, 78] }
unordered: { service: ledger, command: unordered, calls: [kafka, https{{ if eq .Values.orders.settle "return" }}, intent{{ end }}] }
doctor: { service: intent, command: doctor, calls: [kafka, https], mounts: [signing-secret] }
redrive: { service: ledger, command: redrive, calls: [kafka] }
preflight: { service: intent, command: doctor, calls: [kafka, https], user: doctor, hook: "pre-install,pre-upgrade", values: [preflight] }
types: { service: intent, command: ensure-types, calls: [https], hook: "post-install,post-upgrade", values: [hooks, types] }
webhook-endpoint: { service: webhook-ingest, command: ensure-webhook-endpoint, calls: [https], hook: "post-install,post-upgrade", values: [hooks, webhookEndpoint] }
purge-types: { service: intent, command: purge, calls: [https], hook: pre-delete, values: [purge] }
purge-webhook-endpoint: { service: webhook-ingest, command: purge, calls: [https], hook: pre-delete, values: [purge] }
test: { calls: [services] }
{{- end -}}

{{/* One component, as JSON. (dict "root" "component") */}}
{{- define "connector.componentOf" -}}
{{- get (include "connector.components" .root | fromYaml) .component | default dict | toJson -}}
{{- end -}}
