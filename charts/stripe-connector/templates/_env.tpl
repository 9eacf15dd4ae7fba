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

{{/*
The credentials that a part reads, as JSON list of variable, Secret, key and whether it comes as a file; what the release makes itself (of simulators,
of Strimzi's users) is never in the operator's own volume. The preflight tells of a Secret that is not there, so it has these as variables.
(dict "root" "component")
*/}}
{{- define "connector.credentials" -}}
{{- $root := .root -}}
{{- $names := index ($root.Files.Get "files/variables.json" | fromJson) .component -}}
{{- $isPreflight := eq .component "preflight" -}}
{{- $files := $root.Values.credentialFiles -}}
{{- $simulated := include "connector.simulated" $root | fromJsonArray -}}
{{- $access := include "connector.kafkaAccess" . | fromJson -}}
{{- $all := list -}}
{{- range $name := concat (list "CTP_CLIENT_ID" "CTP_CLIENT_SECRET" "STRIPE_SECRET_KEY") (ternary (list "STRIPE_WEBHOOK_SIGNING_SECRET") list $isPreflight) -}}
{{- if has $name $names -}}
{{- $ref := include "connector.secretRef" (dict "root" $root "name" $name "component" $.component) | fromJsonArray -}}
{{- $all = append $all (dict "name" $name "secret" (index $ref 0) "key" (index $ref 1) "isOurs" (has (ternary "commercetools" "stripe" (hasPrefix "CTP_" $name)) $simulated)) -}}
{{- end -}}
{{- end -}}
{{- if and $access.saslSecret (has "KAFKA_SASL_PASSWORD" $names) -}}
{{- $isOurs := $root.Values.kafka.strimzi.users.enabled -}}
{{- if $access.usernameKey -}}{{- $all = append $all (dict "name" "KAFKA_SASL_USERNAME" "secret" $access.saslSecret "key" $access.usernameKey "isOurs" $isOurs) -}}{{- end -}}
{{- $all = append $all (dict "name" "KAFKA_SASL_PASSWORD" "secret" $access.saslSecret "key" $access.passwordKey "isOurs" $isOurs) -}}
{{- end -}}
{{- if and $access.oauthSecret (has "KAFKA_SASL_OAUTH_CLIENT_SECRET" $names) -}}
{{- $all = append $all (dict "name" "KAFKA_SASL_OAUTH_CLIENT_ID" "secret" $access.oauthSecret "key" $access.clientIdKey "isOurs" false) -}}
{{- $all = append $all (dict "name" "KAFKA_SASL_OAUTH_CLIENT_SECRET" "secret" $access.oauthSecret "key" $access.clientSecretKey "isOurs" false) -}}
{{- end -}}
{{- range $all -}}
{{- $inVolume := and $files.volume (not .isOurs) -}}
{{- $_ := set . "inVolume" (not (empty $inVolume)) -}}
{{- $_ := set . "asFile" (and $files.enabled (or .inVolume (and (not $files.volume) (not $isPreflight)))) -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* "true" if a component reads the signing secret from the operator's own volume; otherwise empty. */}}
{{- define "connector.signingSecretInVolume" -}}
{{- $files := .root.Values.credentialFiles -}}
{{- if and $files.enabled $files.volume (not (has "stripe" (include "connector.simulated" .root | fromJsonArray))) -}}true{{- end -}}
{{- end -}}

{{/* Environment of a component's container: what depends on the pod, secrets, then the operator's own variables. (dict "root" "component" "extra") */}}
{{- define "connector.env" -}}
{{- $root := .root -}}
{{- /* The preflight reports a missing Secret, so its pod must start without it. */ -}}
{{- $isPreflight := eq .component "preflight" -}}
{{- $optional := ternary ", optional: true" "" $isPreflight -}}
{{- $places := dict -}}
{{- range include "connector.credentials" . | fromJsonArray }}
{{- if .asFile }}
- name: {{ .name }}_FILE
  value: /etc/connector/credentials/{{ .name }}
{{- else }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: { name: {{ .secret | quote }}, key: {{ .key | quote }}{{ $optional }} }
{{- $_ := set $places .name (list .secret .key) }}
{{- end }}
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
  value: {{ concat (list "localhost" "127.0.0.1" ".svc" ".cluster.local" (printf "%s-session-auth" $fullname) (printf "%s-commercetools-simulator" $fullname) (printf "%s-stripe-simulator" $fullname)) ($proxy.exceptions | default list) | join "," | quote }}
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
{{- range .extra }}
- {{ ternary (set (deepCopy .) "value" (include "connector.text" .value)) . (hasKey . "value") | toYaml | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/* Credentials from values for the chart's own Secret, as JSON; empty if every credential comes from elsewhere. */}}
{{- define "connector.valueSecrets" -}}
{{- $data := dict -}}
{{- if not (or .Values.externalSecrets.enabled .Values.credentialFiles.volume) -}}
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
