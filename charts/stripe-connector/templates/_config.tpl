{{- define "connector.brokers" -}}
{{- if .Values.kafka.bundled.enabled -}}
{{- printf "%s-kafka:9092" (include "connector.fullname" .) -}}
{{- else -}}
{{- join "," .Values.kafka.brokers -}}
{{- end -}}
{{- end -}}

{{/* Key of the commercetools project; a simulated one is the release's own, so that events of two trials can be distinguished. */}}
{{- define "connector.projectKey" -}}
{{- if has "commercetools" (include "connector.simulated" . | fromJsonArray) -}}
{{- printf "%s/%s" .Release.Namespace .Release.Name | sha256sum | trunc 8 | printf "sandbox-%s" -}}
{{- else -}}
{{- .Values.commercetools.projectKey -}}
{{- end -}}
{{- end -}}

{{/* Name of this installation among all that may be on one Kafka. */}}
{{- define "connector.instance" -}}
{{- .Values.kafka.instance | default (printf "%s.%s.%s" (include "connector.projectKey" .) .Release.Namespace .Release.Name) -}}
{{- end -}}

{{/* Put before every topic and group: what the values say, an empty text too, else the installation's name. */}}
{{- define "connector.topicPrefix" -}}
{{- if kindIs "invalid" .Values.kafka.topicPrefix -}}
{{- printf "%s." (include "connector.instance" .) -}}
{{- else -}}
{{- .Values.kafka.topicPrefix -}}
{{- end -}}
{{- end -}}

{{/* A value as the text of a variable: lists joined by commas, objects as JSON, whole numbers without an exponent. */}}
{{- define "connector.text" -}}
{{- if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if kindIs "map" . -}}
{{- toJson . -}}
{{- else if kindIs "float64" . -}}
{{- if eq (float64 (int64 .)) . -}}{{- int64 . -}}{{- else -}}{{- . -}}{{- end -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end -}}

{{/* URLs of the commercetools project as JSON; those not given follow from the region. */}}
{{- define "connector.commercetoolsUrls" -}}
{{- $ct := .Values.commercetools -}}
{{- $urls := dict -}}
{{- if has "commercetools" (include "connector.simulated" . | fromJsonArray) -}}
{{- $origin := include "connector.simulatorUrl" (dict "root" . "side" "commercetools") -}}
{{- $ct = dict "authUrl" $origin "apiUrl" $origin "sessionUrl" $origin "checkoutUrl" $origin "jwtIssuer" $origin "jwksUrl" (printf "%s/.well-known/jwks.json" $origin) "region" "" -}}
{{- end -}}
{{- range $name, $host := dict "authUrl" "auth" "apiUrl" "api" "sessionUrl" "session" "checkoutUrl" "checkout" "jwtIssuer" "mc-api" -}}
{{- $url := get $ct $name -}}
{{- if and (not $url) $ct.region -}}{{- $url = printf "https://%s.%s.commercetools.com" $host $ct.region -}}{{- end -}}
{{- $_ := set $urls $name $url -}}
{{- end -}}
{{- $jwks := $ct.jwksUrl -}}
{{- if and (not $jwks) $ct.region -}}{{- $jwks = printf "https://mc-api.%s.commercetools.com/.well-known/jwks.json" $ct.region -}}{{- end -}}
{{- toJson (set $urls "jwksUrl" $jwks) -}}
{{- end -}}

{{/* How a part comes to Kafka, as JSON: its own Strimzi user, or the release's credentials. (dict "root" "component") */}}
{{- define "connector.kafkaAccess" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $access := dict "tls" $kafka.tls.enabled "tlsSecret" $kafka.tls.existingSecret "ca" $kafka.tls.existingSecretKeys.ca "cert" $kafka.tls.existingSecretKeys.cert "key" $kafka.tls.existingSecretKeys.key "mechanism" $kafka.sasl.mechanism -}}
{{- if not $kafka.tls.existingSecret -}}{{- $access = mustMergeOverwrite $access (dict "ca" "" "cert" "" "key" "") -}}{{- end -}}
{{- if $kafka.sasl.mechanism -}}
{{- $chart := include "connector.credentialsName" . -}}
{{- if eq $kafka.sasl.mechanism "aws-msk-iam" -}}
{{- else if eq $kafka.sasl.mechanism "oauthbearer" -}}
{{- $keys := $kafka.sasl.existingSecretKeys -}}
{{- $access = mustMergeOverwrite $access (dict "oauthSecret" ($kafka.sasl.existingSecret | default $chart) "clientIdKey" (ternary $keys.clientId "kafka-client-id" (ne $kafka.sasl.existingSecret "")) "clientSecretKey" (ternary $keys.clientSecret "kafka-client-secret" (ne $kafka.sasl.existingSecret ""))) -}}
{{- else if $kafka.sasl.existingSecret -}}
{{- $access = mustMergeOverwrite $access (dict "saslSecret" $kafka.sasl.existingSecret "usernameKey" $kafka.sasl.existingSecretKeys.username "passwordKey" $kafka.sasl.existingSecretKeys.password) -}}
{{- else -}}
{{- $access = mustMergeOverwrite $access (dict "saslSecret" $chart "usernameKey" "kafka-username" "passwordKey" "kafka-password") -}}
{{- end -}}
{{- end -}}
{{- if $kafka.strimzi.users.enabled -}}
{{- $part := include "connector.componentOf" . | fromJson -}}
{{- $user := printf "%s-%s" (include "connector.fullname" .root) ($part.user | default .component) -}}
{{- if eq $kafka.strimzi.users.authentication "tls" -}}
{{- $access = mustMergeOverwrite $access (dict "mechanism" "" "saslSecret" "" "certSecret" $user) -}}
{{- else -}}
{{- $access = mustMergeOverwrite $access (dict "mechanism" "scram-sha-512" "saslSecret" $user "username" $user "usernameKey" "" "passwordKey" "password") -}}
{{- end -}}
{{- end -}}
{{- toJson $access -}}
{{- end -}}

{{/* Variables without secrets of one part, as JSON; exactly those of files/variables.json that have a value. */}}
{{- define "connector.config" -}}
{{- $root := .root -}}
{{- $names := index ($root.Files.Get "files/variables.json" | fromJson) .component -}}
{{- $values := $root.Values -}}
{{- $urls := include "connector.commercetoolsUrls" $root | fromJson -}}
{{- $access := include "connector.kafkaAccess" . | fromJson -}}
{{- $simulated := include "connector.simulated" $root | fromJsonArray -}}
{{- $isStripeSimulated := has "stripe" $simulated -}}
{{- $all := dict
  "HTTP_PORT" "8080"
  "METRICS_PORT" "9464"
  "CTP_PROJECT_KEY" (include "connector.projectKey" $root)
  "CTP_AUTH_URL" $urls.authUrl
  "CTP_API_URL" $urls.apiUrl
  "CTP_SESSION_URL" $urls.sessionUrl
  "CTP_CHECKOUT_URL" $urls.checkoutUrl
  "CTP_JWKS_URL" $urls.jwksUrl
  "CTP_JWT_ISSUER" $urls.jwtIssuer
  "CTP_SCOPE" (ternary "" (join " " $values.commercetools.scopes) (has "commercetools" $simulated))
  "STRIPE_PUBLISHABLE_KEY" (ternary "pk_test_sandbox" $values.stripe.publishableKey $isStripeSimulated)
  "STRIPE_ACCOUNT_ID" $values.stripe.accountId
  "STRIPE_API_BASE" (ternary (include "connector.simulatorUrl" (dict "root" $root "side" "stripe")) $values.stripe.apiBase $isStripeSimulated)
  "STRIPE_WEBHOOK_ID" $values.stripe.webhookEndpointId
  "CONNECT_SERVICE_URL" (include "connector.publicUrl" $root)
  "KAFKA_BROKERS" (include "connector.brokers" $root)
  "KAFKA_TOPIC_PREFIX" (include "connector.topicPrefix" $root)
  "KAFKA_INSTANCE" (include "connector.instance" $root)
  "KAFKA_CLIENT_ID" $values.kafka.clientId
  "KAFKA_SASL_MECHANISM" $access.mechanism
  "KAFKA_SASL_USERNAME" ($access.username | default "")
  "KAFKA_SASL_AWS_REGION" $values.kafka.sasl.awsRegion
  "KAFKA_SASL_OAUTH_TOKEN_URL" $values.kafka.sasl.oauth.tokenUrl
  "KAFKA_SASL_OAUTH_SCOPE" $values.kafka.sasl.oauth.scope
  "KAFKA_SASL_OAUTH_AUDIENCE" $values.kafka.sasl.oauth.audience
  "KAFKA_RACK_ID" $values.kafka.rackId
  "SESSION_AUTH_URL" (printf "http://%s-session-auth:8080" (include "connector.fullname" $root))
  "INTENT_URL" (ternary (printf "http://%s-intent:8080" (include "connector.fullname" $root)) "" (eq $values.orders.settle "return"))
  "ORDERS_SETTLE" $values.orders.settle
  "ORDERS_AFTER" $values.orders.after
  "ORDERS_NUMBER" $values.orders.orderNumber
  "ORDERS_LIMIT" (include "connector.text" $values.orders.limit)
-}}
{{- if $access.tls -}}
{{- $_ := set $all "KAFKA_SSL_ENABLED" "true" -}}
{{- $_ := set $all "KAFKA_SSL_SERVERNAME" $values.kafka.tls.serverName -}}
{{- if and $access.tlsSecret $access.ca -}}{{- $_ := set $all "KAFKA_SSL_CA" "/etc/connector/kafka-ca/ca.crt" -}}{{- end -}}
{{- if or $access.certSecret (and $access.tlsSecret $access.cert) -}}
{{- $_ := set $all "KAFKA_SSL_CERT" "/etc/connector/kafka-cert/tls.crt" -}}
{{- $_ := set $all "KAFKA_SSL_KEY" "/etc/connector/kafka-cert/tls.key" -}}
{{- end -}}
{{- end -}}
{{- if has "signing-secret" ((include "connector.componentOf" . | fromJson).mounts | default list) -}}
{{- $_ := set $all "STRIPE_WEBHOOK_SIGNING_SECRET_FILE" "/etc/connector/stripe/webhook-signing-secret" -}}
{{- end -}}
{{- if eq .component "ensure-topics" -}}
{{- $_ := set $all "KAFKA_TOPICS_REPLICATION" (include "connector.text" $values.kafka.topics.replication) -}}
{{- if $values.kafka.bundled.enabled -}}{{- $_ := set $all "KAFKA_TOPICS_REPLICATION" "1" -}}{{- end -}}
{{- with $values.kafka.topics.partitions -}}{{- $_ := set $all "KAFKA_TOPICS_PARTITIONS" (toJson .) -}}{{- end -}}
{{- with $values.kafka.topics.config -}}{{- $_ := set $all "KAFKA_TOPICS_CONFIG" (include "connector.texts" . | fromYaml | toJson) -}}{{- end -}}
{{- end -}}
{{- if and $values.simulators.enabled $values.publicUrl -}}
{{- $_ := set $all "ALLOWED_ORIGINS" (trimSuffix "/" $values.publicUrl) -}}
{{- $_ := set $all "MERCHANT_RETURN_URL" (printf "%s/" (trimSuffix "/" $values.publicUrl)) -}}
{{- end -}}
{{- range $name, $value := $values.settings -}}
{{- if not (kindIs "invalid" $value) -}}
{{- if not (and (kindIs "slice" $value) (empty $value)) -}}
{{- $_ := set $all $name (include "connector.text" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $config := dict -}}
{{- $mayBeEmpty := list "STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE" -}}
{{- range $name, $value := $all -}}
{{- if and (has $name $names) (or $value (has $name $mayBeEmpty)) -}}{{- $_ := set $config $name $value -}}{{- end -}}
{{- end -}}
{{- if $values.otel.endpoint -}}
{{- $_ := set $config "OTEL_EXPORTER_OTLP_ENDPOINT" $values.otel.endpoint -}}
{{- $_ := set $config "OTEL_EXPORTER_OTLP_PROTOCOL" $values.otel.protocol -}}
{{- $_ := set $config "OTEL_TRACES_SAMPLER" "parentbased_traceidratio" -}}
{{- $_ := set $config "OTEL_TRACES_SAMPLER_ARG" (toString $values.otel.samplerRatio) -}}
{{- end -}}
{{- toJson $config -}}
{{- end -}}

{{/* Name of a part's ConfigMap: what it holds is in the name, so that a pod never reads what was made for another one. (dict "root" "component") */}}
{{- define "connector.configName" -}}
{{- printf "%s-%s-%s" (include "connector.fullname" .root) .component (include "connector.config" . | sha256sum | trunc 8) -}}
{{- end -}}

{{/* Name of the Secret with credentials that come from values, likewise; or of that which External Secrets keeps. (dict "root" "component") */}}
{{- define "connector.credentialsName" -}}
{{- $name := printf "%s-credentials" (include "connector.fullname" .root) -}}
{{- if eq (default "" .component) "preflight" -}}
{{- /* It runs before the release's own Secrets are there. */ -}}
{{- ternary $name (printf "%s-preflight" (include "connector.fullname" .root)) .root.Values.externalSecrets.enabled -}}
{{- else if .root.Values.externalSecrets.enabled -}}
{{- $name -}}
{{- else -}}
{{- printf "%s-%s" $name (include "connector.valueSecrets" .root | sha256sum | trunc 8) -}}
{{- end -}}
{{- end -}}

{{/* The parts that have a ConfigMap, as JSON list. */}}
{{- define "connector.configured" -}}
{{- $services := include "connector.services" . | fromJson -}}
{{- $parts := concat (keys $services) (include "connector.jobs" . | fromJsonArray) -}}
{{- if and (hasKey $services "ledger") .Values.kafka.topics.create (not .Values.kafka.strimzi.topics.enabled) -}}{{- $parts = append $parts "ensure-topics" -}}{{- end -}}
{{- without $parts "preflight" | sortAlpha | toJson -}}
{{- end -}}

{{/* Keeps what old pods may read until everything else of a sync by Argo CD is healthy. */}}
{{- define "connector.pruneLast" -}}
argocd.argoproj.io/sync-options: PruneLast=true
{{- end -}}

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
{{- if has "signing-secret" ((include "connector.componentOf" . | fromJson).mounts | default list) }}
- name: signing-secret
  mountPath: /etc/connector/stripe
  readOnly: true
{{- end }}
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
    name: {{ .existingConfigMap }}
    items: [{ key: {{ .key | quote }}, path: ca.crt }]
{{- else if .existingSecret }}
- name: extra-ca-certs
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items: [{ key: {{ .key | quote }}, path: ca.crt }]
{{- end }}
{{- end }}
{{- if and $access.tls (has "KAFKA_BROKERS" $names) }}
{{- if and $access.tlsSecret $access.ca }}
- name: kafka-ca
  secret:
    secretName: {{ $access.tlsSecret }}
    defaultMode: 0440
    {{- if eq .component "preflight" }}
    optional: true
    {{- end }}
    items: [{ key: {{ $access.ca | quote }}, path: ca.crt }]
{{- end }}
{{- if $access.certSecret }}
- name: kafka-cert
  secret:
    secretName: {{ $access.certSecret }}
    defaultMode: 0440
    {{- if eq .component "preflight" }}
    optional: true
    {{- end }}
    items: [{ key: user.crt, path: tls.crt }, { key: user.key, path: tls.key }]
{{- else if and $access.tlsSecret $access.cert }}
- name: kafka-cert
  secret:
    secretName: {{ $access.tlsSecret }}
    defaultMode: 0440
    {{- if eq .component "preflight" }}
    optional: true
    {{- end }}
    items: [{ key: {{ $access.cert | quote }}, path: tls.crt }, { key: {{ $access.key | quote }}, path: tls.key }]
{{- end }}
{{- end }}
{{- if has "signing-secret" ((include "connector.componentOf" . | fromJson).mounts | default list) }}
{{- $ref := include "connector.secretRef" (dict "root" .root "name" "STRIPE_WEBHOOK_SIGNING_SECRET" "component" .component) | fromJsonArray }}
- name: signing-secret
  secret:
    secretName: {{ index $ref 0 }}
    defaultMode: 0440
    items: [{ key: {{ index $ref 1 | quote }}, path: webhook-signing-secret }]
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

{{/* Annotations that change when what a pod read at its start has changed. (dict "root" "component") */}}
{{- define "connector.checksums" -}}
checksum/config: {{ include "connector.config" . | sha256sum }}
{{- with .root.Values.secretRevision }}
secretRevision: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* The text of a rule or dashboard file with what its placeholders stand for in this release. (dict "root" "text") */}}
{{- define "connector.filled" -}}
{{- $root := .root -}}
{{- $values := $root.Values.metrics.prometheusRule -}}
{{- $text := .text
  | replace "__NAMESPACE__" $root.Release.Namespace
  | replace "__RELEASE__" (include "connector.fullname" $root)
  | replace "__RUNBOOK_BASE_URL__" (trimSuffix "/" $values.runbookBaseUrl)
  | replace "__DASHBOARD_BASE_URL__" (trimSuffix "/" $values.dashboardBaseUrl) -}}
{{- range $alert, $threshold := $root.Files.Get "files/rules/thresholds.yaml" | fromYaml -}}
{{- $own := get $values.alerts $alert | default dict -}}
{{- $text = $text | replace (printf "__THRESHOLD_%s__" $alert) (include "connector.text" (hasKey $own "threshold" | ternary $own.threshold $threshold)) -}}
{{- end -}}
{{- $text -}}
{{- end -}}
