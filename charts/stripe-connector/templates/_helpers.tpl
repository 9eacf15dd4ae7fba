{{- define "connector.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | regexFind "^.*[a-z0-9]" -}}
{{- end -}}

{{/*
Prefix of every object's name; short enough that the longest part still fits in 63 characters (52 for CronJobs). A Service's name begins with a letter
and has no dots. A longer one is cut and ends with a hash of itself, so that two releases whose names begin alike never share an object.
*/}}
{{- define "connector.fullname" -}}
{{- $full := include "connector.longName" . -}}
{{- if gt (len $full) 30 -}}
{{- printf "%s-%s" (trunc 23 $full | trimSuffix "-") (sha256sum $full | trunc 6) -}}
{{- else -}}
{{- $full -}}
{{- end -}}
{{- end -}}

{{/* That prefix before it is cut. */}}
{{- define "connector.longName" -}}
{{- $name := include "connector.name" . -}}
{{- $full := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) | replace "." "-" -}}
{{- ternary (printf "r-%s" $full) $full (regexMatch "^[0-9]" $full) -}}
{{- end -}}

{{/* Labels for selectors, which must never change in a release. Called with (dict "root" $ "component" "ledger"). */}}
{{- define "connector.selectorLabels" -}}
app.kubernetes.io/name: {{ include "connector.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* The labels of a pod; `commonLabels` may say another `part-of`, `version` or `managed-by`. */}}
{{- define "connector.podLabels" -}}
{{- $own := dict "app.kubernetes.io/part-of" "stripe-connector" "app.kubernetes.io/version" .root.Chart.AppVersion "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- merge (include "connector.selectorLabels" . | fromYaml) (.root.Values.commonLabels | default dict) $own | include "connector.texts" -}}
{{- end -}}

{{/* A map of strings as YAML; numbers and booleans are written as strings. */}}
{{- define "connector.texts" -}}
{{- $texts := dict -}}
{{- range $key, $value := . -}}{{- $_ := set $texts $key (include "connector.text" $value) -}}{{- end -}}
{{- toYaml $texts -}}
{{- end -}}

{{- define "connector.labels" -}}
{{ include "connector.podLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{/* Name, namespace, labels and annotations of an object. (dict "root" "component" "name" "namespace" "labels" "annotations") */}}
{{- define "connector.metadata" -}}
name: {{ .name | default (printf "%s-%s" (include "connector.fullname" .root) .component) | quote }}
namespace: {{ .namespace | default .root.Release.Namespace | quote }}
labels:
  {{- merge (dict) (include "connector.labels" . | fromYaml) (.labels | default dict) | include "connector.texts" | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) (.root.Values.commonAnnotations | default dict) }}
annotations:
  {{- include "connector.texts" . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The installed services: name to `defaults` merged with the service's own values. */}}
{{- define "connector.services" -}}
{{- $services := dict -}}
{{- range $name, $own := .Values.services -}}
{{- $service := mustMergeOverwrite (deepCopy $.Values.defaults) (deepCopy ($own | default dict)) -}}
{{- if $service.enabled -}}{{- $_ := set $services $name $service -}}{{- end -}}
{{- end -}}
{{- toJson $services -}}
{{- end -}}

{{/* One service's values, installed or not: (dict "root" "component"). */}}
{{- define "connector.service" -}}
{{- mustMergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (index .root.Values.services .component | default dict)) | toJson -}}
{{- end -}}

{{- define "connector.image" -}}
{{- $image := .image -}}
{{- $path := printf "%s/%s" $image.registry $image.repository | trimPrefix "/" -}}
{{- if $image.digest -}}
{{ $path }}@{{ $image.digest }}
{{- else -}}
{{ $path }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "connector.serviceAccountName" -}}
{{- $account := .service.serviceAccount -}}
{{- if $account.name -}}
{{- $account.name -}}
{{- else if $account.create -}}
{{- printf "%s-%s" (include "connector.fullname" .root) .component -}}
{{- else -}}
default
{{- end -}}
{{- end -}}

{{/* Address of the routes from outside, without a trailing slash; empty if it is unknown. A host with a wildcard is no address. */}}
{{- define "connector.publicUrl" -}}
{{- if .Values.publicUrl -}}
{{- trimSuffix "/" .Values.publicUrl -}}
{{- else -}}
{{- $urls := list -}}
{{- range ternary .Values.gateway.hostnames list (eq true .Values.gateway.enabled) -}}{{- $urls = append $urls (printf "https://%s" .) -}}{{- end -}}
{{- $scheme := ternary "http" "https" (empty .Values.ingress.tls) -}}
{{- range ternary .Values.ingress.hosts list (eq true .Values.ingress.enabled) -}}{{- $urls = append $urls (printf "%s://%s" $scheme .) -}}{{- end -}}
{{- range $urls -}}{{- if not (contains "*" .) -}}{{- . -}}{{- break -}}{{- end -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/* The port of a URL. */}}
{{- define "connector.portOf" -}}
{{- regexFind "^[a-z]+://[^/]*:[0-9]+(/|$)" . | trimSuffix "/" | regexFind ":[0-9]+$" | trimPrefix ":" | default (ternary "443" "80" (hasPrefix "https:" .)) -}}
{{- end -}}

{{/* The checks that are possible before the release exists, as JSON list: not those of things that the release creates itself, or that only its own service account may reach. */}}
{{- define "connector.preflightAreas" -}}
{{- $areas := list -}}
{{- $simulated := include "connector.simulated" . | fromJsonArray -}}
{{- $isKnown := or .Release.IsUpgrade (not .Values.externalSecrets.enabled) -}}
{{- if and $isKnown (not (has "commercetools" $simulated)) -}}{{- $areas = append $areas "commercetools" -}}{{- end -}}
{{- if and $isKnown (not (has "stripe" $simulated)) -}}{{- $areas = append $areas "stripe" -}}{{- end -}}
{{- $hasAccess := and (ne .Values.kafka.sasl.mechanism "aws-msk-iam") (or .Release.IsUpgrade (not (and .Values.kafka.strimzi.users.enabled .Values.kafka.strimzi.users.create))) -}}
{{- if and $isKnown $hasAccess (not .Values.kafka.bundled.enabled) -}}{{- $areas = append $areas "kafka" -}}{{- end -}}
{{- if and $areas (lt (len $simulated) 2) (include "connector.publicUrl" .) -}}{{- $areas = append $areas "edge" -}}{{- end -}}
{{- toJson $areas -}}
{{- end -}}

{{/* The jobs of the release, as JSON list: each has a ConfigMap and a NetworkPolicy of its own. */}}
{{- define "connector.jobs" -}}
{{- $jobs := list -}}
{{- range $name, $job := .Values.cronJobs -}}
{{- if $job.enabled -}}{{- $jobs = append $jobs $name -}}{{- end -}}
{{- end -}}
{{- if and .Values.preflight.enabled (include "connector.preflightAreas" . | fromJsonArray) -}}{{- $jobs = append $jobs "preflight" -}}{{- end -}}
{{- if .Values.hooks.types.enabled -}}{{- $jobs = append $jobs "types" -}}{{- end -}}
{{- /* Without an id the webhook endpoint is found by its URL, which only works if Stripe can reach that URL. */ -}}
{{- $isStripeReal := not (has "stripe" (include "connector.simulated" . | fromJsonArray)) -}}
{{- if and $isStripeReal .Values.hooks.webhookEndpoint.enabled (or .Values.stripe.webhookEndpointId (hasPrefix "https://" (include "connector.publicUrl" .))) -}}
{{- $jobs = append $jobs "webhook-endpoint" -}}
{{- end -}}
{{- if and $isStripeReal .Values.purge.enabled (or .Values.stripe.webhookEndpointId (include "connector.publicUrl" .)) -}}{{- $jobs = append $jobs "purge-webhook-endpoint" -}}{{- end -}}
{{- if .Values.purge.enabled -}}{{- $jobs = append $jobs "purge-types" -}}{{- end -}}
{{- if .Values.doctor.enabled -}}{{- $jobs = append $jobs "doctor" -}}{{- end -}}
{{- if .Values.redrive.enabled -}}{{- $jobs = append $jobs "redrive" -}}{{- end -}}
{{- toJson $jobs -}}
{{- end -}}
