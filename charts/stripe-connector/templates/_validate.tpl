{{/*
Reports missing defaults: Helm deletes the defaults of `orders:` with nothing after it, and `--reuse-values` leaves out every value that is new in this
version. Rendered before everything else, because all templates read these values.
*/}}
{{- define "connector.validateRequired" -}}
{{- $missing := list -}}
{{- range $path := .Files.Get "files/required.json" | fromJsonArray -}}
{{- $value := $.Values -}}
{{- range splitList "." $path -}}
{{- if and (kindIs "map" $value) (hasKey $value .) -}}{{- $value = index $value . -}}{{- else -}}{{- $value = index dict "" -}}{{- end -}}
{{- end -}}
{{- $isTold := false -}}{{- range $missing -}}{{- if hasPrefix (printf "%s." .) $path -}}{{- $isTold = true -}}{{- end -}}{{- end -}}
{{- if and (kindIs "invalid" $value) (not $isTold) -}}{{- $missing = append $missing $path -}}{{- end -}}
{{- end -}}
{{- if $missing -}}
{{- fail (printf "\n\nThe values cannot be used: nothing is left of %s.\nA key without a value deletes the chart's defaults: leave it out to have them. After helm upgrade --reuse-values, use --reset-then-reuse-values.\n" (join ", " $missing)) -}}
{{- end -}}
{{- end -}}

{{/* Reports all missing and contradictory values at once. */}}
{{- define "connector.validate" -}}
{{- $v := .Values -}}
{{- $services := include "connector.services" . | fromJson -}}
{{- $problems := list -}}
{{- $ct := $v.commercetools -}}
{{- $simulated := include "connector.simulated" . | fromJsonArray -}}
{{- $problems = concat $problems (include "connector.simulatorProblems" . | fromJsonArray) -}}
{{- if not (or $ct.projectKey (has "commercetools" $simulated)) -}}{{- $problems = append $problems "commercetools.projectKey is required" -}}{{- end -}}
{{- range $name, $url := include "connector.commercetoolsUrls" . | fromJson -}}
{{- if not $url -}}{{- $problems = append $problems (printf "commercetools.%s is required, or commercetools.region, from which it follows" $name) -}}{{- end -}}
{{- end -}}
{{- if not (or $v.stripe.publishableKey (has "stripe" $simulated)) -}}{{- $problems = append $problems "stripe.publishableKey is required" -}}{{- end -}}
{{- if and $v.stripe.webhookEndpointId (not (include "connector.publicUrl" .)) -}}{{- $problems = append $problems "publicUrl (or a host of gateway or ingress) is required with stripe.webhookEndpointId: it is where Stripe posts to" -}}{{- end -}}
{{- if hasKey $services "intent" -}}
{{- if and (empty $v.settings.ALLOWED_ORIGINS) (not $v.simulators.enabled) -}}{{- $problems = append $problems "settings.ALLOWED_ORIGINS must name at least one origin: without it no page may call the processor" -}}{{- end -}}
{{- if not (or $v.settings.MERCHANT_RETURN_URL $v.simulators.enabled) -}}{{- $problems = append $problems "settings.MERCHANT_RETURN_URL is required" -}}{{- end -}}
{{- if and (not (hasKey $services "session-auth")) (not $v.settings.SESSION_AUTH_URL) -}}{{- $problems = append $problems "settings.SESSION_AUTH_URL is required when services.session-auth is not installed" -}}{{- end -}}
{{- end -}}
{{- if eq $v.orders.settle "return" -}}
{{- if not (hasKey $services "intent") -}}{{- $problems = append $problems "orders.settle=return needs services.intent, whose operations return the money" -}}{{- end -}}
{{- if and $v.commercetools.scopes (not (has "commercetools" $simulated)) (not (regexMatch "(^| )manage_(checkout_payment_intents|project)(:| |$)" (join " " $v.commercetools.scopes))) -}}{{- $problems = append $problems "orders.settle=return needs manage_checkout_payment_intents in commercetools.scopes (or no commercetools.scopes, for all that the API client has)" -}}{{- end -}}
{{- end -}}
{{- if and (ne $v.orders.settle "report") (not $v.cronJobs.unordered.enabled) -}}{{- $problems = append $problems (printf "orders.settle=%s does nothing without cronJobs.unordered.enabled" $v.orders.settle) -}}{{- end -}}
{{- $isRenamed := false -}}
{{- $prefix := include "connector.topicPrefix" . -}}
{{- if gt (len $prefix) 180 -}}{{- $problems = append $problems (printf "kafka.topicPrefix is %d characters long, and Kafka's names with it at most 249: choose one of at most 180" (len $prefix)) -}}{{- end -}}
{{- /* The installed ledger's topics: their names must not change only because a default changed. */ -}}
{{- $ledger := lookup "apps/v1" "Deployment" .Release.Namespace (printf "%s-ledger" (include "connector.fullname" .)) -}}
{{- if and .Release.IsUpgrade $ledger (kindIs "invalid" $v.kafka.topicPrefix) -}}
{{- $config := (first ($ledger.spec.template.spec.containers)).envFrom | first -}}
{{- $before := lookup "v1" "ConfigMap" .Release.Namespace $config.configMapRef.name -}}
{{- $old := get ($before.data | default dict) "KAFKA_TOPIC_PREFIX" | default "" -}}
{{- if ne $old $prefix -}}{{- $problems = append $problems (printf "this release's topics begin with %q, and would begin with %q from now on: set kafka.topicPrefix=%q to keep them, or move as UPGRADING.md says" $old $prefix $old) -}}{{- end -}}
{{- end -}}
{{- if and (not $v.kafka.bundled.enabled) (empty $v.kafka.brokers) -}}{{- $problems = append $problems "kafka.brokers must name at least one host:port (kafka.bundled.enabled=true starts a broker for trials)" -}}{{- end -}}
{{- /* A name that is cut ends with a hash; releases that were made before had it without. */ -}}
{{- $cut := include "connector.longName" . | trunc 30 | trimSuffix "-" -}}
{{- if and .Release.IsUpgrade (ne $cut (include "connector.fullname" .)) -}}
{{- range $name, $_ := $services -}}
{{- $old := lookup "apps/v1" "Deployment" $.Release.Namespace (printf "%s-%s" $cut $name) -}}
{{- if and $old (not $isRenamed) (eq $.Release.Name (get ($old.metadata.labels | default dict) "app.kubernetes.io/instance" | default "")) -}}
{{- $isRenamed = true -}}
{{- $problems = append $problems (printf "this release's objects are named %s-…, and would be named %s-… from now on: set fullnameOverride=%s to keep them, as UPGRADING.md says" $cut (include "connector.fullname" $) $cut) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $v.kafka.bundled.enabled $v.kafka.brokers -}}{{- $problems = append $problems "kafka.bundled.enabled and kafka.brokers contradict each other" -}}{{- end -}}
{{- if and $v.kafka.bundled.enabled (or $v.kafka.tls.enabled $v.kafka.sasl.mechanism $v.kafka.strimzi.topics.enabled $v.kafka.strimzi.users.enabled) -}}{{- $problems = append $problems "kafka.bundled speaks plain Kafka: kafka.tls, kafka.sasl and kafka.strimzi must be off" -}}{{- end -}}
{{- if and $v.kafka.tls.existingSecretKeys.cert (not $v.kafka.tls.existingSecretKeys.key) -}}{{- $problems = append $problems "kafka.tls.existingSecretKeys.key is required with .cert" -}}{{- end -}}
{{- if and $v.kafka.tls.existingSecretKeys.cert (not $v.kafka.tls.existingSecret) -}}{{- $problems = append $problems "kafka.tls.existingSecret is required for a client certificate" -}}{{- end -}}
{{- $sasl := $v.kafka.sasl -}}
{{- if eq $sasl.mechanism "oauthbearer" -}}
{{- if not $sasl.oauth.tokenUrl -}}{{- $problems = append $problems "kafka.sasl.oauth.tokenUrl is required with kafka.sasl.mechanism=oauthbearer" -}}{{- end -}}
{{- if not (or $sasl.existingSecret $v.externalSecrets.enabled) -}}{{- $problems = append $problems "kafka.sasl.existingSecret must name the Secret with the client's id and secret with kafka.sasl.mechanism=oauthbearer, or use externalSecrets" -}}{{- end -}}
{{- else if or $sasl.oauth.tokenUrl $sasl.oauth.scope $sasl.oauth.audience -}}
{{- $problems = append $problems "kafka.sasl.oauth has a meaning with kafka.sasl.mechanism=oauthbearer only" -}}
{{- end -}}
{{- if eq $sasl.mechanism "aws-msk-iam" -}}
{{- if not $sasl.awsRegion -}}{{- $problems = append $problems "kafka.sasl.awsRegion is required with kafka.sasl.mechanism=aws-msk-iam" -}}{{- end -}}
{{- if not $v.kafka.tls.enabled -}}{{- $problems = append $problems "kafka.tls.enabled must be true with kafka.sasl.mechanism=aws-msk-iam: MSK takes IAM over TLS only" -}}{{- end -}}
{{- if $sasl.existingSecret -}}{{- $problems = append $problems "kafka.sasl.existingSecret has no meaning with kafka.sasl.mechanism=aws-msk-iam: the pods' AWS identity is used" -}}{{- end -}}
{{- else if $sasl.awsRegion -}}
{{- $problems = append $problems "kafka.sasl.awsRegion has a meaning with kafka.sasl.mechanism=aws-msk-iam only" -}}
{{- end -}}
{{- $strimzi := $v.kafka.strimzi -}}
{{- if and (or $strimzi.topics.enabled $strimzi.users.enabled) (not $strimzi.clusterName) -}}{{- $problems = append $problems "kafka.strimzi.clusterName is required for Strimzi's topics and users" -}}{{- end -}}
{{- if $strimzi.users.enabled -}}
{{- if and $strimzi.namespace (ne $strimzi.namespace .Release.Namespace) -}}{{- $problems = append $problems "kafka.strimzi.users needs the cluster in the release's namespace: its Secrets cannot be read from another" -}}{{- end -}}
{{- if and $v.kafka.topics.create (not $strimzi.topics.enabled) -}}{{- $problems = append $problems "kafka.strimzi.users may not create topics: enable kafka.strimzi.topics, or make them yourself and set kafka.topics.create=false" -}}{{- end -}}
{{- if $v.kafka.sasl.mechanism -}}{{- $problems = append $problems "kafka.strimzi.users brings its own credentials: kafka.sasl.mechanism must be empty" -}}{{- end -}}
{{- if and (eq $strimzi.users.authentication "tls") (not $v.kafka.tls.enabled) -}}{{- $problems = append $problems "kafka.strimzi.users.authentication=tls needs kafka.tls.enabled" -}}{{- end -}}
{{- end -}}
{{- range $name, $service := $services -}}
{{- if not (has $name (list "session-auth" "intent" "webhook-ingest" "ledger" "enabler")) -}}{{- $problems = append $problems (printf "services.%s is no service of this chart" $name) -}}{{- end -}}
{{- if and $service.autoscaling.enabled $service.autoscaling.keda.enabled -}}{{- $problems = append $problems (printf "services.%s.autoscaling: a HorizontalPodAutoscaler (enabled) and KEDA (keda.enabled) would fight over the replicas; choose one" $name) -}}{{- end -}}
{{- if and $service.autoscaling.keda.enabled (ne $name "ledger") -}}{{- $problems = append $problems (printf "services.%s.autoscaling.keda: only the ledger has a consumer lag to scale by" $name) -}}{{- end -}}
{{- if gt (int $service.autoscaling.minReplicas) (int $service.autoscaling.maxReplicas) -}}{{- $problems = append $problems (printf "services.%s.autoscaling.minReplicas is above maxReplicas" $name) -}}{{- end -}}
{{- $grace := int (default 0 $v.settings.SHUTDOWN_GRACE_MS) -}}
{{- if ge $grace (mul 1000 (int $service.terminationGracePeriodSeconds)) -}}{{- $problems = append $problems (printf "services.%s.terminationGracePeriodSeconds leaves no time after settings.SHUTDOWN_GRACE_MS" $name) -}}{{- end -}}
{{- end -}}
{{- if and $v.metrics.serviceMonitor.enabled $v.metrics.podMonitor.enabled -}}{{- $problems = append $problems "metrics.serviceMonitor and metrics.podMonitor would both scrape every pod; choose one" -}}{{- end -}}
{{- range $key, $value := include "connector.valueSecrets" . | fromJson -}}
{{- if not $value -}}
{{- $where := get (dict
  "commercetools-client-id" "commercetools.existingSecret"
  "commercetools-client-secret" "commercetools.existingSecret"
  "stripe-secret-key" "stripe.existingSecret"
  "stripe-webhook-signing-secret" "stripe.existingSecret or stripe.webhookExistingSecret"
  "kafka-username" "kafka.sasl.existingSecret"
  "kafka-password" "kafka.sasl.existingSecret") $key -}}
{{- $problems = append $problems (printf "no %s: name the Secret that holds it in %s, or use externalSecrets" $key $where) -}}
{{- end -}}
{{- end -}}
{{- if $v.externalSecrets.enabled -}}
{{- if not $v.externalSecrets.secretStoreRef.name -}}{{- $problems = append $problems "externalSecrets.secretStoreRef.name is required" -}}{{- end -}}
{{- range include "connector.externalKeys" . | fromJsonArray -}}
{{- if not (hasKey $v.externalSecrets.remoteRefs .) -}}{{- $problems = append $problems (printf "externalSecrets.remoteRefs.%s is required, no existingSecret holds it" .) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $v.credentialFiles.volume -}}
{{- if not $v.credentialFiles.enabled -}}{{- $problems = append $problems "credentialFiles.volume needs credentialFiles.enabled" -}}{{- end -}}
{{- $others := list -}}
{{- range $place := list "commercetools.existingSecret" "stripe.existingSecret" "stripe.webhookExistingSecret" "stripe.setupExistingSecret" "kafka.sasl.existingSecret" -}}
{{- $value := $v -}}{{- range splitList "." $place -}}{{- $value = get $value . -}}{{- end -}}
{{- if $value -}}{{- $others = append $others $place -}}{{- end -}}
{{- end -}}
{{- if $v.externalSecrets.enabled -}}{{- $others = append $others "externalSecrets" -}}{{- end -}}
{{- range $place := list "commercetools.clientId" "commercetools.clientSecret" "stripe.secretKey" "stripe.webhookSigningSecret" "kafka.sasl.password" -}}
{{- $value := $v -}}{{- range splitList "." $place -}}{{- $value = get $value . -}}{{- end -}}
{{- if $value -}}{{- $others = append $others $place -}}{{- end -}}
{{- end -}}
{{- if $others -}}{{- $problems = append $problems (printf "credentialFiles.volume holds all credentials: leave out %s" (join ", " $others)) -}}{{- end -}}
{{- end -}}
{{- if and $v.extraCaCerts.existingConfigMap $v.extraCaCerts.existingSecret -}}{{- $problems = append $problems "extraCaCerts.existingConfigMap and extraCaCerts.existingSecret contradict each other: name one" -}}{{- end -}}
{{- if and $v.proxy.existingSecret (or $v.proxy.https $v.proxy.http) -}}{{- $problems = append $problems "proxy.existingSecret and proxy.https or proxy.http contradict each other: the address comes from one" -}}{{- end -}}
{{- /* Inline credentials beside a Secret would be unused, but stay in the release's history. */ -}}
{{- range $path, $pair := dict
  "commercetools.existingSecret and commercetools.clientId or clientSecret" (list $ct.existingSecret (or $ct.clientId $ct.clientSecret))
  "stripe.existingSecret and stripe.secretKey" (list $v.stripe.existingSecret $v.stripe.secretKey)
  "stripe.webhookExistingSecret and stripe.webhookSigningSecret" (list $v.stripe.webhookExistingSecret $v.stripe.webhookSigningSecret)
  "kafka.sasl.existingSecret and kafka.sasl.username or password" (list $v.kafka.sasl.existingSecret (or $v.kafka.sasl.username $v.kafka.sasl.password))
-}}
{{- if and (index $pair 0) (index $pair 1) -}}{{- $problems = append $problems (printf "%s contradict each other: a credential comes from one place" $path) -}}{{- end -}}
{{- end -}}
{{- $modeOf := dict -}}
{{- range $name := list "publishableKey" "secretKey" -}}
{{- with regexFind "_(test|live)_" (get $v.stripe $name) -}}{{- $_ := set $modeOf . $name -}}{{- end -}}
{{- end -}}
{{- if eq (len $modeOf) 2 -}}{{- $problems = append $problems "stripe.publishableKey and stripe.secretKey are of different modes, test and live: take both from the same" -}}{{- end -}}
{{- if and (contains "_live_" ($v.stripe.publishableKey | default "")) (hasPrefix "http://" (include "connector.publicUrl" .)) -}}{{- $problems = append $problems "publicUrl must be https in live mode: Stripe posts to nothing else, and wallets show on nothing else (with ingress.hosts, ingress.tls makes it https)" -}}{{- end -}}
{{- if and $sasl.mechanism (ne $sasl.mechanism "aws-msk-iam") (not $v.kafka.tls.enabled) (not $v.kafka.sasl.allowPlaintext) -}}{{- $problems = append $problems (printf "kafka.tls.enabled must be true with kafka.sasl.mechanism=%s: the password would go to the brokers in the clear (kafka.sasl.allowPlaintext=true accepts that)" $sasl.mechanism) -}}{{- end -}}
{{- $topics := list -}}
{{- range .Files.Get "files/topics.json" | fromJsonArray -}}{{- $topics = append $topics .name -}}{{- end -}}
{{- range $topic, $count := $v.kafka.topics.partitions -}}
{{- if not (has $topic $topics) -}}{{- $problems = append $problems (printf "kafka.topics.partitions: there is no topic %s; there are %s" $topic (join ", " $topics)) -}}{{- end -}}
{{- end -}}
{{- $alerts := dict -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.rules.yaml" -}}
{{- range ($.Files.Get $path | fromYaml).groups -}}{{- range .rules -}}{{- with .alert -}}{{- $_ := set $alerts . true -}}{{- end -}}{{- end -}}{{- end -}}
{{- end -}}
{{- range $alert, $own := $v.metrics.prometheusRule.alerts -}}
{{- if not (hasKey $alerts $alert) -}}{{- $problems = append $problems (printf "metrics.prometheusRule.alerts: there is no alert %s; there are %s" $alert (keys $alerts | sortAlpha | join ", ")) -}}{{- end -}}
{{- end -}}
{{- range $entry := $v.ingress.tls -}}
{{- range $host := $entry.hosts | default list -}}
{{- if and $v.ingress.enabled (not (has $host $v.ingress.hosts)) -}}{{- $problems = append $problems (printf "ingress.tls: %s is not one of ingress.hosts" $host) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $where, $hosts := dict "ingress.hosts" $v.ingress.hosts "gateway.hostnames" $v.gateway.hostnames -}}
{{- range $hosts -}}
{{- if or (contains "/" .) (contains ":" .) -}}{{- $problems = append $problems (printf "%s: %s must be a host alone, without scheme, port and path" $where .) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $broker := $v.kafka.brokers -}}
{{- $port := splitList ":" $broker | last | int -}}
{{- if or (lt $port 1) (gt $port 65535) -}}{{- $problems = append $problems (printf "kafka.brokers: %s has no port from 1 to 65535" $broker) -}}{{- end -}}
{{- end -}}
{{- range $where, $image := dict "simulators.image" $v.simulators.image "kafka.bundled.image" $v.kafka.bundled.image -}}
{{- if eq (toString $image.tag) "latest" -}}{{- $problems = append $problems (printf "%s.tag=latest changes under a release that did not: name a version, or a digest" $where) -}}{{- end -}}
{{- end -}}
{{- range $name, $service := $services -}}
{{- if eq (toString $service.image.tag) "latest" -}}{{- $problems = append $problems (printf "services.%s.image.tag (or defaults.image.tag)=latest changes under a release that did not, and a rollback brings the same again: name a version, or a digest" $name) -}}{{- end -}}
{{- if and $service.pdb.enabled (has (toString $service.pdb.maxUnavailable) (list "0" "0%")) -}}{{- $problems = append $problems (printf "services.%s.pdb.maxUnavailable=0 would stop every drain of a node: at least 1, or pdb.enabled=false" $name) -}}{{- end -}}
{{- range $part := list "requests" "limits" -}}
{{- $memory := toString (get (get ($service.resources | default dict) $part | default dict) "memory") -}}
{{- if regexMatch "^[0-9.]+[KMGkmg]i?[Bb]$|^[0-9.]+[kmg]b$" $memory -}}{{- $problems = append $problems (printf "services.%s.resources.%s.memory=%s is no quantity of Kubernetes: write %si" $name $part $memory (regexReplaceAll "i?[Bb]$" $memory "" | upper)) -}}{{- end -}}
{{- if regexMatch "^[0-9.]+m$|^[0-9.]+$" $memory -}}
{{- if or (hasSuffix "m" $memory) (lt (float64 $memory) 1e+06) -}}{{- $problems = append $problems (printf "services.%s.resources.%s.memory=%s is less than a megabyte: write %sMi" $name $part $memory (trimSuffix "m" $memory)) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $label := list "name" "instance" "component" -}}
{{- if hasKey ($v.commonLabels | default dict) (printf "app.kubernetes.io/%s" $label) -}}{{- $problems = append $problems (printf "commonLabels.app.kubernetes.io/%s is the chart's own: by it each service finds its pods" $label) -}}{{- end -}}
{{- end -}}
{{- range $name, $schedule := include "connector.schedules" . | fromJson -}}
{{- if not (regexMatch (include "connector.schedulePattern" .) $schedule) -}}{{- $problems = append $problems (printf "%s.schedule=%q is no schedule of Kubernetes: minute (0-59), hour (0-23), day (1-31), month (1-12 or JAN-DEC), weekday (0-6 or SUN-SAT), or @daily and the like" $name $schedule) -}}{{- end -}}
{{- end -}}
{{- $routed := false -}}{{- range list "intent" "webhook-ingest" "enabler" -}}{{- if hasKey $services . -}}{{- $routed = true -}}{{- end -}}{{- end -}}
{{- if and (or $v.gateway.enabled $v.ingress.enabled) (not $routed) (empty (include "connector.trialParts" . | fromJsonArray)) -}}{{- $problems = append $problems "gateway.enabled and ingress.enabled need a service with public routes: services.intent, webhook-ingest or enabler" -}}{{- end -}}
{{- $replicas := ternary $strimzi.topics.replicas (int $v.kafka.topics.replication) (eq true $strimzi.topics.enabled) | int -}}
{{- $inSync := get ($v.kafka.topics.config | default dict) "min.insync.replicas" | default (ternary $strimzi.topics.minInsyncReplicas 0 (eq true $strimzi.topics.enabled)) | toString | int -}}
{{- if and (gt $replicas 0) (gt $inSync $replicas) -}}{{- $problems = append $problems (printf "topics with %d replicas and min.insync.replicas %d could never be written: kafka.strimzi.topics or kafka.topics" $replicas $inSync) -}}{{- end -}}
{{- if and $strimzi.topics.enabled (not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" (printf "%sx" $prefix | replace "_" "-" | lower))) -}}{{- $problems = append $problems (printf "kafka.topicPrefix=%q makes no names for Strimzi's KafkaTopics: it begins with a letter or digit, and so does what comes after each dot" $prefix) -}}{{- end -}}
{{- with get $services "ledger" -}}
{{- if and .autoscaling.keda.enabled $v.credentialFiles.volume $sasl.mechanism (not .autoscaling.keda.authenticationRef) -}}{{- $problems = append $problems "services.ledger.autoscaling.keda.authenticationRef must name a TriggerAuthentication of yours: KEDA reads no credential of credentialFiles.volume" -}}{{- end -}}
{{- end -}}
{{- if and $v.networkPolicy.enabled $v.proxy.existingSecret (empty $v.networkPolicy.extraEgress) -}}{{- $problems = append $problems "networkPolicy.extraEgress must let the pods out to the proxy: its address is in proxy.existingSecret, where the chart cannot look" -}}{{- end -}}
{{- if and $v.gateway.enabled (empty $v.gateway.parentRefs) -}}{{- $problems = append $problems "gateway.parentRefs must name the Gateway to attach to" -}}{{- end -}}
{{- if not $v.disableAPICheck -}}
{{- $needed := dict -}}
{{- if $v.gateway.enabled -}}{{- $_ := set $needed "gateway.networking.k8s.io/v1" "gateway.enabled" -}}{{- end -}}
{{- if or $v.metrics.serviceMonitor.enabled $v.metrics.podMonitor.enabled $v.metrics.prometheusRule.enabled -}}{{- $_ := set $needed "monitoring.coreos.com/v1" "metrics.serviceMonitor, podMonitor or prometheusRule" -}}{{- end -}}
{{- if $v.externalSecrets.enabled -}}{{- $_ := set $needed "external-secrets.io/v1" "externalSecrets.enabled" -}}{{- end -}}
{{- range $name, $service := $services -}}
{{- if $service.autoscaling.keda.enabled -}}{{- $_ := set $needed "keda.sh/v1alpha1" (printf "services.%s.autoscaling.keda" $name) -}}{{- end -}}
{{- end -}}
{{- range $api, $value := $needed -}}
{{- if not ($.Capabilities.APIVersions.Has $api) -}}{{- $problems = append $problems (printf "the cluster does not know %s, which %s needs: install its CRDs first (disableAPICheck=true leaves this check out)" $api $value) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\nThe values cannot be used:\n  - %s\n" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end -}}

{{/* All schedules in the values, by their path, as JSON. */}}
{{- define "connector.schedules" -}}
{{- $schedules := dict -}}
{{- range $name, $job := .Values.cronJobs -}}{{- if $job.enabled -}}{{- $_ := set $schedules (printf "cronJobs.%s" $name) $job.schedule -}}{{- end -}}{{- end -}}
{{- range $name := list "doctor" "redrive" -}}{{- with (get $.Values $name).schedule -}}{{- $_ := set $schedules $name . -}}{{- end -}}{{- end -}}
{{- toJson $schedules -}}
{{- end -}}

{{/* Regular expression of the schedules that Kubernetes accepts. */}}
{{- define "connector.schedulePattern" -}}
{{- $fields := list -}}
{{- range list "[0-5]?[0-9]" "1?[0-9]|2[0-3]" "0?[1-9]|[12][0-9]|3[01]" "0?[1-9]|1[0-2]|[A-Za-z]{3}" "[0-6]|[A-Za-z]{3}" -}}
{{- $one := printf "([*?]|(%s)(-(%s))?)(/[1-9][0-9]*)?" . . -}}
{{- $fields = append $fields (printf "%s(,%s)*" $one $one) -}}
{{- end -}}
^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)|{{ join " +" $fields }})$
{{- end -}}

{{/* Credentials that External Secrets must provide, as JSON list. */}}
{{- define "connector.externalKeys" -}}
{{- $v := .Values -}}
{{- $keys := list -}}
{{- $simulated := include "connector.simulated" . | fromJsonArray -}}
{{- $isStripeReal := not (has "stripe" $simulated) -}}
{{- if not (or $v.commercetools.existingSecret (has "commercetools" $simulated)) -}}{{- $keys = concat $keys (list "commercetools-client-id" "commercetools-client-secret") -}}{{- end -}}
{{- if and $isStripeReal (not $v.stripe.existingSecret) -}}{{- $keys = append $keys "stripe-secret-key" -}}{{- end -}}
{{- if and $isStripeReal (not (or $v.stripe.webhookExistingSecret $v.stripe.existingSecret)) -}}{{- $keys = append $keys "stripe-webhook-signing-secret" -}}{{- end -}}
{{- if and $v.kafka.sasl.mechanism (not $v.kafka.sasl.existingSecret) -}}
{{- if eq $v.kafka.sasl.mechanism "oauthbearer" -}}{{- $keys = concat $keys (list "kafka-client-id" "kafka-client-secret") -}}
{{- else if ne $v.kafka.sasl.mechanism "aws-msk-iam" -}}{{- $keys = concat $keys (list "kafka-username" "kafka-password") -}}
{{- end -}}
{{- end -}}
{{- toJson $keys -}}
{{- end -}}
