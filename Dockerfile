# The server runs its TypeScript sources as they are (Node 24 strips types); only the web app is built.
FROM node:24-slim AS web
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.web.json ./
COPY tools tools
COPY contract contract
COPY server server
COPY web web
RUN npm run build

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 USHER_DATA=/data
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY tools/bundle.mjs tools/ts.mjs tools/ts-hooks.mjs tools/
COPY contract contract
COPY server server
COPY sandbox sandbox
COPY cli cli
COPY --from=web /app/web/dist web/dist
# The embedded database and the secret key; on PostgreSQL only the key, unless USHER_SECRET_KEY is set.
RUN mkdir /data && chown node:node /data && chmod 700 /data
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "cli/usher.mjs"]
CMD ["serve"]
