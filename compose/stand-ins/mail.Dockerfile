# In the place of axllent/mailpit.
ARG BASE=debian:12-slim
FROM ${BASE}
RUN apt-get update -q && apt-get install -q -y --no-install-recommends python3-aiosmtpd && rm -rf /var/lib/apt/lists/*
COPY mail_catcher.py /opt/
CMD ["python3", "/opt/mail_catcher.py", "/tmp/mail", "--address", "0.0.0.0"]
