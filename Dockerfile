# The runtime image of the function. `npm run package` puts one of the same layout together where
# there is no container engine.
FROM --platform=$BUILDPLATFORM node:24.21.0-trixie-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts

FROM gcr.io/distroless/nodejs24-debian13:nonroot
ARG VERSION=v0.0.0
LABEL org.opencontainers.image.title="function-dittofs" \
      org.opencontainers.image.description="A composition function that turns a DittoServer into a running DittoFS file server." \
      org.opencontainers.image.source="https://github.com/dittofs/function-dittofs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
WORKDIR /app
COPY --from=build /src/dist/main.js dist/main.js
EXPOSE 9443 8080
USER 65532
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/main.js"]
