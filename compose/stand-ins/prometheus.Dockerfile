# In the place of prom/prometheus.
ARG BASE=debian:12-slim
FROM ${BASE}
RUN apt-get update -q && apt-get install -q -y --no-install-recommends prometheus wget && rm -rf /var/lib/apt/lists/* && \
    install -d -o nobody -g nogroup /prometheus
USER 65534:65534
ENTRYPOINT ["prometheus"]
