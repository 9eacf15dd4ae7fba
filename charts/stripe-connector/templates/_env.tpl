{{/* Where a credential is, as JSON list [Secret, key]; (dict "root" "name" "component"). */}}
{{- define "connector.secretRef" -}}
{{- $chart := include "connector.credentialsName" . -}}
{{- $ct := .root.Values.commercetools -}}
{{- $stripe := .root.Values.stripe -}}
{{- $ref := list -}}
{{- $simulated := include "connector.simulated" .root | fromJsonArray -}}
{{- if has (ternary "commercetools" "stripe" (hasPrefix "CTP_" .name)) $simulated -}}
{{- $key := get (dict "CTP_CLIENT_ID" "commercetools-client-id" "CTP_CLIENT_SECRET" "commercetools-client-secret" "STRIPE_SECRET_KEY" "stripe-secret-key" "STRIPE_WEBHOOK_SIGNING_SECRET" "stripe-webhook-signing-secret") .name -}}
{{- $ref = list (printf "%s-simulators" (include "connector.fullname" .root)) $key -}}
{{- else if eq .name "CTP_CLIENT_ID" -}}
{{- $ref = ternary (list $ct.existingSecret $ct.existingSecretKeys.clientId) (list $chart "commercetools-client-id") (ne $ct.existingSecret "") -}}
{{- else if eq .name "CTP_CLIENT_SECRET" -}}
{{- $ref = ternary (list $ct.existingSecret $ct.existingSecretKeys.clientSecret) (list $chart "commercetools-client-secret") (ne $ct.existingSecret "") -}}
{{- else if eq .name "STRIPE_SECRET_KEY" -}}
{{- $own := $stripe.existingSecret -}}
{{- if and $stripe.setupExistingSecret (has (default "" .component) (list "webhook-endpoint" "purge-webhook-endpoint")) -}}{{- $own = $stripe.setupExistingSecret -}}{{- end -}}
{{- $ref = ternary (list $own $stripe.existingSecretKeys.secretKey) (list $chart "stripe-secret-key") (ne $own "") -}}
{{- else if eq .name "STRIPE_WEBHOOK_SIGNING_SECRET" -}}
{{- $own := $stripe.webhookExistingSecret | default $stripe.existingSecret -}}
{{- $ref = ternary (list $own $stripe.existingSecretKeys.webhookSigningSecret) (list $chart "stripe-webhook-signing-secret") (ne $own "") -}}
{{- end -}}
{{- toJson $ref -}}
{{- end -}}

{{/* Environment of one part's container: what depends on the pod, secrets, then the operator's own. (dict "root" "component" "extra") */}}
{{- define "connector.env" -}}
{{- $root := .root -}}
{{- $names := index ($root.Files.Get "files/variables.json" | fromJson) .component -}}
{{- /* The preflight tells of a Secret that is not there, so its pod must start without it. */ -}}
{{- $isPreflight := eq .component "preflight" -}}
{{- $optional := ternary ", optional: true" "" $isPreflight -}}
{{- $places := dict -}}
{{- range $name := concat (list "CTP_CLIENT_ID" "CTP_CLIENT_SECRET" "STRIPE_SECRET_KEY") (ternary (list "STRIPE_WEBHOOK_SIGNING_SECRET") list $isPreflight) -}}
{{- if has $name $names }}
{{- $ref := include "connector.secretRef" (dict "root" $root "name" $name "component" $.component) | fromJsonArray }}
{{- $_ := set $places $name $ref }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: { name: {{ index $ref 0 | quote }}, key: {{ index $ref 1 | quote }}{{ $optional }} }
{{- end }}
{{- end }}
{{- $access := include "connector.kafkaAccess" . | fromJson }}
{{- if and $access.saslSecret (has "KAFKA_SASL_PASSWORD" $names) }}
{{- if $access.usernameKey }}
- name: KAFKA_SASL_USERNAME
  valueFrom:
    secretKeyRef: { name: {{ $access.saslSecret | quote }}, key: {{ $access.usernameKey | quote }}{{ $optional }} }
{{- $_ := set $places "KAFKA_SASL_USERNAME" (list $access.saslSecret $access.usernameKey) }}
{{- end }}
- name: KAFKA_SASL_PASSWORD
  valueFrom:
    secretKeyRef: { name: {{ $access.saslSecret | quote }}, key: {{ $access.passwordKey | quote }}{{ $optional }} }
{{- $_ := set $places "KAFKA_SASL_PASSWORD" (list $access.saslSecret $access.passwordKey) }}
{{- end }}
{{- if and $access.oauthSecret (has "KAFKA_SASL_OAUTH_CLIENT_SECRET" $names) }}
- name: KAFKA_SASL_OAUTH_CLIENT_ID
  valueFrom:
    secretKeyRef: { name: {{ $access.oauthSecret | quote }}, key: {{ $access.clientIdKey | quote }}{{ $optional }} }
{{- $_ := set $places "KAFKA_SASL_OAUTH_CLIENT_ID" (list $access.oauthSecret $access.clientIdKey) }}
- name: KAFKA_SASL_OAUTH_CLIENT_SECRET
  valueFrom:
    secretKeyRef: { name: {{ $access.oauthSecret | quote }}, key: {{ $access.clientSecretKey | quote }}{{ $optional }} }
{{- $_ := set $places "KAFKA_SASL_OAUTH_CLIENT_SECRET" (list $access.oauthSecret $access.clientSecretKey) }}
{{- end }}
{{- if $isPreflight }}
- name: DOCTOR_SECRETS
  value: {{ toJson $places | quote }}
{{- end }}
{{- $proxy := $root.Values.proxy }}
{{- if or $proxy.https $proxy.http $proxy.existingSecret }}
{{- $fullname := include "connector.fullname" $root }}
{{- range $name, $kind := dict "HTTPS_PROXY" "https" "HTTP_PROXY" "http" }}
{{- if and $proxy.existingSecret (get $proxy.existingSecretKeys $kind) }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: { name: {{ $proxy.existingSecret | quote }}, key: {{ get $proxy.existingSecretKeys $kind | quote }}{{ $optional }} }
{{- else if get $proxy $kind }}
- name: {{ $name }}
  value: {{ get $proxy $kind | quote }}
{{- end }}
{{- end }}
- name: NO_PROXY
  value: {{ concat (list "localhost" "127.0.0.1" ".svc" ".cluster.local" (printf "%s-session-auth" $fullname) (printf "%s-commercetools-simulator" $fullname) (printf "%s-stripe-simulator" $fullname)) $proxy.exceptions | join "," | quote }}
- name: NODE_USE_ENV_PROXY
  value: "1"
{{- end }}
{{- if or $root.Values.extraCaCerts.existingConfigMap $root.Values.extraCaCerts.existingSecret }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/connector/ca/ca.crt
{{- end }}
{{- if $root.Values.otel.endpoint }}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: POD_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ printf "service.namespace=%s,service.instance.id=$(POD_NAME),k8s.pod.name=$(POD_NAME),k8s.namespace.name=$(POD_NAMESPACE)%s" $root.Release.Name (empty $root.Values.otel.environment | ternary "" (printf ",deployment.environment.name=%s" $root.Values.otel.environment)) | quote }}
{{- end }}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What the chart's own Secret holds from values, as JSON; empty when every credential comes from elsewhere. */}}
{{- define "connector.valueSecrets" -}}
{{- $data := dict -}}
{{- if not .Values.externalSecrets.enabled -}}
{{- $ct := .Values.commercetools -}}
{{- $stripe := .Values.stripe -}}
{{- $sasl := .Values.kafka.sasl -}}
{{- $simulated := include "connector.simulated" . | fromJsonArray -}}
{{- $isStripeReal := not (has "stripe" $simulated) -}}
{{- if not (or $ct.existingSecret (has "commercetools" $simulated)) -}}
{{- $_ := set $data "commercetools-client-id" $ct.clientId -}}
{{- $_ := set $data "commercetools-client-secret" $ct.clientSecret -}}
{{- end -}}
{{- if and $isStripeReal (not $stripe.existingSecret) -}}{{- $_ := set $data "stripe-secret-key" $stripe.secretKey -}}{{- end -}}
{{- if and $isStripeReal (not (or $stripe.webhookExistingSecret $stripe.existingSecret)) -}}{{- $_ := set $data "stripe-webhook-signing-secret" $stripe.webhookSigningSecret -}}{{- end -}}
{{- if and (has $sasl.mechanism (list "plain" "scram-sha-256" "scram-sha-512")) (not $sasl.existingSecret) (not .Values.kafka.strimzi.users.enabled) -}}
{{- $_ := set $data "kafka-username" $sasl.username -}}
{{- $_ := set $data "kafka-password" $sasl.password -}}
{{- end -}}
{{- end -}}
{{- toJson $data -}}
{{- end -}}
