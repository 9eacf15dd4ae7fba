{{- define "connector.brokers" -}}
{{- if .Values.kafka.bundled.enabled -}}
{{- printf "%s-kafka:9092" (include "connector.fullname" .) -}}
{{- else -}}
{{- join "," .Values.kafka.brokers -}}
{{- end -}}
{{- end -}}

{{/* Key of the commercetools project; a simulated project has a key of its own for each release, so that events of two trials can be distinguished. */}}
{{- define "connector.projectKey" -}}
{{- if has "commercetools" (include "connector.simulated" . | fromJsonArray) -}}
{{- printf "%s/%s" .Release.Namespace .Release.Name | sha256sum | trunc 8 | printf "sandbox-%s" -}}
{{- else -}}
{{- .Values.commercetools.projectKey -}}
{{- end -}}
{{- end -}}

{{/* Name of this installation, unique among those that share a Kafka. */}}
{{- define "connector.instance" -}}
{{- .Values.kafka.instance | default (printf "%s.%s.%s" (include "connector.projectKey" .) .Release.Namespace .Release.Name) -}}
{{- end -}}

{{/* Prefix of every topic and group: the value if it is set (also an empty one), else the installation's name. */}}
{{- define "connector.topicPrefix" -}}
{{- if kindIs "invalid" .Values.kafka.topicPrefix -}}
{{- printf "%s." (include "connector.instance" .) -}}
{{- else -}}
{{- .Values.kafka.topicPrefix -}}
{{- end -}}
{{- end -}}

{{/* A value as the text of an environment variable: lists joined by commas, objects as JSON, whole numbers without an exponent. */}}
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

{{/* URLs of the commercetools project as JSON; those that are not set follow from the region. */}}
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

{{/* How a component connects to Kafka, as JSON: with its own Strimzi user, or with the release's credentials. (dict "root" "component") */}}
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

{{/* Non-secret variables of a component, as JSON: exactly those of files/variables.json that have a value. */}}
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
{{- $_ := set $all "STRIPE_WEBHOOK_SIGNING_SECRET_FILE" (ternary "/etc/connector/credentials/STRIPE_WEBHOOK_SIGNING_SECRET" "/etc/connector/stripe/webhook-signing-secret" (ne (include "connector.signingSecretInVolume" .) "")) -}}
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

{{/* Name of a component's ConfigMap. It contains a hash of the content, so that a pod never reads the configuration of another version. (dict "root" "component") */}}
{{- define "connector.configName" -}}
{{- printf "%s-%s-%s" (include "connector.fullname" .root) .component (include "connector.config" . | sha256sum | trunc 8) -}}
{{- end -}}

{{/* Name of the Secret with credentials from values, with such a hash; or of the Secret that External Secrets manages. (dict "root" "component") */}}
{{- define "connector.credentialsName" -}}
{{- $name := printf "%s-credentials" (include "connector.fullname" .root) -}}
{{- if eq (default "" .component) "preflight" -}}
{{- /* It runs before the release's own Secrets exist. */ -}}
{{- ternary $name (printf "%s-preflight" (include "connector.fullname" .root)) (eq true .root.Values.externalSecrets.enabled) -}}
{{- else if .root.Values.externalSecrets.enabled -}}
{{- $name -}}
{{- else -}}
{{- printf "%s-%s" $name (include "connector.valueSecrets" .root | sha256sum | trunc 8) -}}
{{- end -}}
{{- end -}}

{{/* The components that have a ConfigMap, as JSON list. */}}
{{- define "connector.configured" -}}
{{- $services := include "connector.services" . | fromJson -}}
{{- $parts := concat (keys $services) (include "connector.jobs" . | fromJsonArray) -}}
{{- if and (hasKey $services "ledger") .Values.kafka.topics.create (not .Values.kafka.strimzi.topics.enabled) -}}{{- $parts = append $parts "ensure-topics" -}}{{- end -}}
{{- without $parts "preflight" | sortAlpha | toJson -}}
{{- end -}}

{{/* Makes Argo CD keep what old pods may read until everything else of a sync is healthy. */}}
{{- define "connector.pruneLast" -}}
argocd.argoproj.io/sync-options: PruneLast=true
{{- end -}}

{{/* Annotations that change when something has changed that a pod reads at its start. (dict "root" "component") */}}
{{- define "connector.checksums" -}}
checksum/config: {{ include "connector.config" . | sha256sum }}
{{- with .root.Values.secretRevision }}
secretRevision: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* The text of a rule or dashboard file with its placeholders replaced for this release. (dict "root" "text") */}}
{{- define "connector.filled" -}}
{{- $root := .root -}}
{{- $values := $root.Values.metrics.prometheusRule -}}
{{- $text := .text
  | replace "__NAMESPACE__" $root.Release.Namespace
  | replace "__RELEASE__" (include "connector.fullname" $root)
  | replace "__RUNBOOK_BASE_URL__" (trimSuffix "/" $values.runbookBaseUrl)
  | replace "__DASHBOARD_BASE_URL__" (trimSuffix "/" ($values.dashboardBaseUrl | default "")) -}}
{{- range $alert, $threshold := $root.Files.Get "files/rules/thresholds.yaml" | fromYaml -}}
{{- $own := get ($values.alerts | default dict) $alert | default dict -}}
{{- $text = $text | replace (printf "__THRESHOLD_%s__" $alert) (include "connector.text" (hasKey $own "threshold" | ternary $own.threshold $threshold)) -}}
{{- end -}}
{{- $text -}}
{{- end -}}
