{{/* The sides that are simulated, as JSON list: those without credentials, where simulators are enabled. */}}
{{- define "connector.simulated" -}}
{{- $v := .Values -}}
{{- $sides := list -}}
{{- if $v.simulators.enabled -}}
{{- $stored := ternary $v.externalSecrets.remoteRefs dict (eq true $v.externalSecrets.enabled) -}}
{{- $ct := $v.commercetools -}}
{{- if not (or $ct.existingSecret $ct.clientId $ct.clientSecret (hasKey $stored "commercetools-client-id")) -}}{{- $sides = append $sides "commercetools" -}}{{- end -}}
{{- $stripe := $v.stripe -}}
{{- if not (or $stripe.existingSecret $stripe.webhookExistingSecret $stripe.secretKey $stripe.webhookSigningSecret (hasKey $stored "stripe-secret-key")) -}}{{- $sides = append $sides "stripe" -}}{{- end -}}
{{- end -}}
{{- toJson $sides -}}
{{- end -}}

{{/* Address of a side's simulator inside the cluster. (dict "root" "side") */}}
{{- define "connector.simulatorUrl" -}}
{{- printf "http://%s-%s-simulator:8080" (include "connector.fullname" .root) .side -}}
{{- end -}}

{{/* The components of a trial: the shop, and the simulators that run. */}}
{{- define "connector.trialParts" -}}
{{- $parts := list -}}
{{- range include "connector.simulated" . | fromJsonArray -}}{{- $parts = append $parts (printf "%s-simulator" .) -}}{{- end -}}
{{- if $parts -}}{{- $parts = append $parts "shop" -}}{{- end -}}
{{- toJson $parts -}}
{{- end -}}

{{/* Reasons why the simulators are impossible or dangerous, as JSON list. */}}
{{- define "connector.simulatorProblems" -}}
{{- $v := .Values -}}
{{- $problems := list -}}
{{- if $v.simulators.enabled -}}
{{- range $name := list "publishableKey" "secretKey" -}}
{{- if regexMatch "^[a-z]+_live_" (get $v.stripe $name) -}}{{- $problems = append $problems (printf "simulators are for trials, and stripe.%s is a live key: set simulators.enabled=false" $name) -}}{{- end -}}
{{- end -}}
{{- $simulated := include "connector.simulated" . | fromJsonArray -}}
{{- if and $simulated (not $v.publicUrl) -}}{{- $problems = append $problems "publicUrl is required with simulators: where a browser opens the shop, e.g. http://localhost:8080 through kubectl port-forward" -}}{{- end -}}
{{- range $side, $names := dict "commercetools" (list "projectKey" "region" "authUrl" "apiUrl" "sessionUrl" "checkoutUrl" "jwksUrl" "jwtIssuer") "stripe" (list "publishableKey" "accountId" "apiBase" "webhookEndpointId") -}}
{{- if has $side $simulated -}}
{{- range $name := $names -}}
{{- if get (get $v $side) $name -}}{{- $problems = append $problems (printf "%s.%s is given without credentials: give them too to use that side, or leave it out to have it simulated" $side $name) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
