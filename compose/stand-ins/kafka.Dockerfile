# In the place of apache/kafka. The context has the jars in libs/, kafka-run.sh and log4j2.properties.
ARG BASE=debian:12-slim
FROM ${BASE}
RUN apt-get update -q && apt-get install -q -y --no-install-recommends openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1000 --no-create-home appuser && install -d -o appuser -g appuser /var/lib/kafka/data /opt/kafka/config
COPY libs /opt/kafka/libs
COPY kafka-run.sh log4j2.properties /opt/kafka/
USER 1000:1000
CMD ["/opt/kafka/kafka-run.sh"]
