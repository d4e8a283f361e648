FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# What else the program can do: otel exports traces.
ARG FEATURES=
# A certificate authority of the network that the build is in, beside the public ones: --secret id=authority,src=FILE.
# The cache of target may have been filled from another checkout, and cargo judges by file times: new times have everything of this
# one compiled. Paths of the build are replaced by short ones, so that log lines and panics name source files and not a build machine.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    --mount=type=secret,id=authority \
    if [ -s /run/secrets/authority ]; then \
        cat /etc/ssl/certs/ca-certificates.crt /run/secrets/authority > /tmp/authorities.pem && export CARGO_HTTP_CAINFO=/tmp/authorities.pem; \
    fi \
    && find Cargo.toml Cargo.lock .cargo crates fuzz migrations -exec touch {} + \
    && RUSTFLAGS="--remap-path-prefix=/src/= --remap-path-prefix=/usr/local/cargo/registry/src/=cargo/" \
    cargo build --release --locked --package server --bin frontdesk --features "$FEATURES" \
    && install -D target/release/frontdesk /out/frontdesk \
    && mkdir /out/data

# `make demo` in one container, for the profile `demo` of docker-compose.yml: nothing of it is in the last image.
FROM node:22-bookworm AS demo
WORKDIR /demo
COPY adapters/oidc-provider adapters/oidc-provider
RUN mkdir -p target/demo && cp -R adapters/oidc-provider/. target/demo && cd target/demo && npm ci --silent && cp package-lock.json installed.lock \
    && chown -R node:node /demo
COPY --from=build /out/frontdesk /usr/local/bin/frontdesk
COPY --chown=node:node scripts/demo scripts/demo
COPY --chown=node:node demo demo
USER node
ENV FRONTDESK=/usr/local/bin/frontdesk DEMO_HOST=0.0.0.0 DEMO_PORTS="9443 9444 9445 9446 9447"
CMD ["scripts/demo"]

# The C library, OpenSSL and the certificate authorities are all the binary needs: no shell, no package manager to attack.
FROM gcr.io/distroless/cc-debian12
COPY --from=build /out/frontdesk /usr/local/bin/frontdesk
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# Development mode listens on every address, so that a published port leads to it.
ENV FRONTDESK_DATA=/data FRONTDESK_CONTAINER=true
EXPOSE 9443
HEALTHCHECK --interval=5s --timeout=6s --retries=3 --start-period=60s CMD ["frontdesk", "health"]
ENTRYPOINT ["frontdesk"]
CMD ["serve"]
