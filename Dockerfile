# One file, three images. The gateway's is the last stage, so that a plain `docker build .` makes it.
#
#   gateway    what runs in production: compiled, with production dependencies alone
#   upstream   the analytics API the gateway stands in front of
#   devnet     local Base and Solana chains

FROM node:20-bookworm-slim AS base
WORKDIR /app

# Everything but the legacy clients, which tests alone use: 0.7 GB instead of 1.3.
FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
COPY upstreams/analytics/package.json upstreams/analytics/
RUN npm ci --include-workspace-root --workspace=@farebox/analytics

FROM dependencies AS build
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

# Without the workspaces' own package.json files npm has nothing of theirs to install; the flag says that it is meant.
# A compiler comes along as a peer of @solana/kit's types; nothing that runs asks for it.
FROM base AS production-dependencies
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --workspaces=false && rm -rf node_modules/typescript node_modules/.bin

FROM dependencies AS devnet
COPY contracts/index.ts contracts/
COPY contracts/artifacts contracts/artifacts
COPY devnet devnet
USER node
EXPOSE 8545 8899
# What it runs stands in docker-compose.yml.

FROM dependencies AS upstream
COPY upstreams/analytics upstreams/analytics
ENV HOST=0.0.0.0 PORT=4010
USER node
EXPOSE 4010
CMD ["node", "--import", "tsx", "upstreams/analytics/main.ts"]

FROM base AS gateway
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4020 STORE_DIR=/var/lib/farebox
# The embedded store, for one gateway without a REDIS_URL, outlives the container in a volume.
RUN mkdir --mode=700 /var/lib/farebox && chown node:node /var/lib/farebox
VOLUME /var/lib/farebox
COPY --from=production-dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json pricing.json pricing.schema.json LICENSE ./
USER node
EXPOSE 4020
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The exec form: SIGTERM reaches node, which drains and exits 0.
CMD ["node", "dist/main.js"]
