#!/usr/bin/env bash
# Builds and starts everything on this machine, waits until it works, says what to try.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/local.sh
. scripts/local.sh

fetch_and_start_kafka() {
    scripts/fetch-kafka.sh >/dev/null
    compose/local/kafka.sh start --data "$home/kafka" --port "$kafka_port" ${kafka_nodes:+--nodes "$kafka_nodes"}
}

start_mail_catcher() {
    start mail-catcher mail_catcher.py /usr/bin/python3 compose/local/mail_catcher.py "$home/mail" \
        --smtp-port "$mail_port" --http-port "$mail_page_port"
    export SOGLIA_SMTP_URL=smtp://127.0.0.1:$mail_port
    mail_words="mails are caught and shown at http://127.0.0.1:$mail_page_port (files: $home/mail)"
}

wait_until_ready() {
    local tenths=0
    until curl -sf -o /dev/null "http://$SOGLIA_HTTP_LISTEN/readyz"; do
        if ! is_running soglia "$soglia_line" || ((tenths++ > ready_s_max * 10)); then
            echo "soglia did not become ready; the end of $home/log/soglia.log:" >&2
            tail -n 15 "$home/log/soglia.log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

SECONDS=0
echo "building soglia (the first time takes a minute)"
scripts/build.sh
fetch_and_start_kafka
build/soglia topics apply >"$home/topics.log" || { cat "$home/topics.log" >&2; exit 1; }
# Links of mails lead to this machine's page.
export SOGLIA_MAIL_LINK_BASE=${SOGLIA_MAIL_LINK_BASE-http://$SOGLIA_HTTP_LISTEN/}
mail_words="mails go to ${SOGLIA_SMTP_URL:-}"
[[ -n ${SOGLIA_SMTP_URL:-} ]] || start_mail_catcher
# A program that was built anew since it was started goes on from the log in its new form.
[[ ! build/soglia -nt $home/run/soglia.pid ]] || stop soglia "$soglia_line"
start soglia "$soglia_line" scripts/keep-running.sh build/soglia run all
wait_until_ready

# soglia's own default needs no saying.
brokers_option=
[[ $SOGLIA_KAFKA_BROKERS == 127.0.0.1:9092 ]] || brokers_option=" --kafka.brokers=$SOGLIA_KAFKA_BROKERS"

cat <<END
soglia is ready after $SECONDS s. Open http://$SOGLIA_HTTP_LISTEN in a browser: everything can be done there.

Kafka is at $SOGLIA_KAFKA_BROKERS, the HTTP interface at http://$SOGLIA_HTTP_LISTEN/api,
$mail_words, logs in $home/log.

Try:
  echo '{"user_id":"ada","email":"ada@example.org"}' | kcat -P -b $SOGLIA_KAFKA_BROKERS -t users.json
  echo '{"user_id":"ada","instrument":"stock:AAPL","low":180,"high":190}' | kcat -P -b $SOGLIA_KAFKA_BROKERS -t subscriptions.json
  printf '%s\n' '{"instrument":"stock:AAPL","value":185}' '{"instrument":"stock:AAPL","value":191.5}' | kcat -P -b $SOGLIA_KAFKA_BROKERS -t quotes.json
  kcat -C -b $SOGLIA_KAFKA_BROKERS -t alerts -o beginning -e -f '%R%s' | build/soglia decode$brokers_option
  curl -s $SOGLIA_HTTP_LISTEN/v1/instruments/stock:AAPL
  curl -s '$SOGLIA_HTTP_LISTEN/v1/instruments/stock:AAPL/mean?last=2'
END
