# docker build --tag gatez .
# docker run --volume gatez:/data --publish 8080:8080 gatez
#
# /data holds gatez.yaml and everything gatez keeps. The image has the one program and no Node, no npm, no sources.

FROM node:24-bookworm-slim AS build
WORKDIR /gatez
# For `strip`: the symbols of Node are a tenth of the program.
RUN apt-get update && apt-get install --yes --no-install-recommends binutils
# The scripts of packages do not run: nothing the program needs is made by one. esbuild brings its program as a package.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-fund --no-audit
COPY . .
RUN node bin/build.js && cd dist && sha256sum --check gatez.sha256

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin gatez \
 && install --directory --mode 0700 --owner gatez --group gatez /data /var/cache/gatez
COPY --from=build /gatez/dist/gatez /gatez/dist/gatez.cdx.json /usr/local/bin/
ENV GATEZ_CACHE_DIR=/var/cache/gatez
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
# Calls in flight end first (gateway.drain); what is counted is on the disk by then, and reaches the ledger.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /gatez/health HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["/usr/local/bin/gatez"]
CMD ["serve"]
