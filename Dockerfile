FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# What else the program can do: otel exports traces.
ARG FEATURES=
# Paths of the build are replaced by short ones, so that log lines and panics name source files and not a build machine.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    RUSTFLAGS="--remap-path-prefix=/src/= --remap-path-prefix=/usr/local/cargo/registry/src/=cargo/" \
    cargo build --release --locked --package server --bin frontdesk --features "$FEATURES" \
    && install -D target/release/frontdesk /out/frontdesk \
    && mkdir /out/data

# The C library, OpenSSL and the certificate authorities are all the binary needs: no shell, no package manager to attack.
FROM gcr.io/distroless/cc-debian12
COPY --from=build /out/frontdesk /usr/local/bin/frontdesk
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV FRONTDESK_DATA=/data
VOLUME /data
EXPOSE 9443
HEALTHCHECK --interval=5s --timeout=6s --retries=3 --start-period=60s CMD ["frontdesk", "health"]
ENTRYPOINT ["frontdesk"]
CMD ["serve"]
