#!/usr/bin/env bash
# A cluster in Docker with Traefik and the connector, both sides simulated: http://payments.localhost:8080 is its shop.
# Needs docker, kind, kubectl and helm. Run it again to build and install what has changed; `kind delete cluster -n payments` ends it.
set -euo pipefail
cd "$(dirname "$0")/../.."
tag=$(git describe --always --dirty)-$(date +%s)

kind get clusters | grep -qx payments || kind create cluster --config k8s/local/kind.yaml --wait 2m
kubectl config use-context kind-payments

for image in session-auth intent webhook-ingest ledger enabler-static sandbox; do
  folder=services/$image
  [ "$image" = sandbox ] && folder=sandbox
  docker build --build-arg SERVICE="$image" --build-arg FOLDER="$folder" --build-arg VERSION="$tag" \
    -t "ghcr.io/stripe-checkout-connector/$image:$tag" .
  kind load docker-image -n payments "ghcr.io/stripe-checkout-connector/$image:$tag"
done

helm upgrade --install traefik traefik --repo https://traefik.github.io/charts -n traefik --create-namespace --wait \
  --set service.type=NodePort --set ports.web.nodePort=30080

kubectl apply -k k8s/namespace
helm upgrade --install payments charts/stripe-connector -n payments -f charts/stripe-connector/values-dev.yaml --wait --timeout 10m \
  --set defaults.image.tag="$tag" --set defaults.image.pullPolicy=Never \
  --set ingress.enabled=true --set ingress.className=traefik --set 'ingress.hosts={payments.localhost}' \
  --set publicUrl=http://payments.localhost:8080
helm test payments -n payments

echo 'Pay at http://payments.localhost:8080'
