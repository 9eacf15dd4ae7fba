# One image per service: docker build --build-arg SERVICE=ledger -t ledger .
# The shop and simulators of trials: --build-arg SERVICE=sandbox --build-arg FOLDER=sandbox.
# docker, podman and buildah build it alike; the last stage runs nothing, so the base needs no shell.

# What runs at the end on top of it is one Node binary: a C and C++ runtime is enough, from any registry or built locally.
ARG BASE=gcr.io/distroless/cc-debian13:nonroot
# Where the code is built; its Node is the one in the image.
ARG BUILDER=node:24.21.0-trixie-slim
# `built` builds in the image's first stage; `prebuilt` takes what `npm run build` has left in the checkout, with its Node.
ARG BUNDLES=built

# The binary is the target's; what is bundled is the same for all, so it is made on the building machine's own architecture.
FROM ${BUILDER} AS runtime

FROM --platform=$BUILDPLATFORM ${BUILDER} AS bundling
ARG SERVICE
ARG FOLDER=services/${SERVICE}
WORKDIR /src
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund \
 && cd ${FOLDER} \
 && if [ "${SERVICE}" = sandbox ]; then node src/image/build.ts; else node ../../scripts/build-service.mjs; fi \
 && cd /src \
 && if [ "${SERVICE}" = enabler-static ]; then (cd enabler && npx --no vite build); fi \
 && mkdir -p /out/app/public \
 && mv ${FOLDER}/dist /out/app/dist \
 && if [ -d enabler/public ]; then cp enabler/public/*.js /out/app/public/; fi \
 && find /out -name '*.map' -delete

FROM scratch AS built
COPY --from=bundling /out /out
COPY --from=runtime /usr/local/bin/node /out/node

FROM scratch AS prebuilt
ARG SERVICE
ARG FOLDER=services/${SERVICE}
COPY node_modules/node/bin/node /out/node
COPY ${FOLDER}/dist /out/app/dist
COPY enabler/public/*.js /out/app/public/

FROM ${BUNDLES} AS bundles

FROM ${BASE}
ARG SERVICE
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=""
ARG BASE
LABEL org.opencontainers.image.title="stripe-connector ${SERVICE}" \
      org.opencontainers.image.description="Stripe payments for commercetools Checkout: ${SERVICE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="https://github.com/stripe-checkout-connector/stripe-checkout-connector" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=bundles /out/node /usr/local/bin/node
COPY --from=bundles /out/app /app
ENV PATH=/usr/local/bin:/usr/bin:/bin \
    NODE_ENV=production \
    VERSION="${VERSION}" \
    REVISION="${REVISION}"
WORKDIR /app
USER 65532:65532
EXPOSE 8080 9464
ENTRYPOINT ["/usr/local/bin/node"]
CMD ["dist/main.js"]
