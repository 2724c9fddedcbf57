# syntax=docker/dockerfile:1
# The image of factorydash: the static binary, certificates, and nothing else.
#
#   make image        (docker buildx build --build-arg VERSION=… -t factorydash:local .)
#
# Whatever the platform of the image, the compiler runs on the builder's own. Layers
# are all the cache there is: modules are fetched anew when go.mod or go.sum changes.

FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=unknown
RUN CGO_ENABLED=0 GOOS="$TARGETOS" GOARCH="$TARGETARCH" go build -buildvcs=false -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/factorydash ./cmd/factorydash
RUN mkdir -p /out/data /out/tmp

FROM scratch
ARG VERSION=unknown
LABEL org.opencontainers.image.title="factorydash" \
      org.opencontainers.image.description="A flight recorder and a live dashboard for machine tools" \
      org.opencontainers.image.source="https://github.com/factorydash/factorydash" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/factorydash /usr/bin/factorydash
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
# Production demands SECRET_KEY and ALLOWED_HOSTS, and listens on every address, port
# 8000 or PORT. The embedded store, where it is used, is in /data: put a volume there.
ENV FACTORYDASH_ENV=production FACTORYDASH_DATA=/data FACTORYDASH_LOG_FORMAT=json
USER 65532:65532
WORKDIR /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --start-interval=2s --retries=3 CMD ["/usr/bin/factorydash", "healthcheck"]
ENTRYPOINT ["/usr/bin/factorydash"]
CMD ["serve"]
