# In the place of nginx.
ARG BASE=debian:12-slim
FROM ${BASE}
RUN apt-get update -q && apt-get install -q -y --no-install-recommends nginx curl && rm -rf /var/lib/apt/lists/*
