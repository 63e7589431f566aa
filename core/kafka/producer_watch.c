// What a producer notes of the traffic of its client: ends of transactions, and connections lost.
#include "core/kafka/producer_state.h"

#include <librdkafka/rdkafka.h>

#include <string.h>

enum { API_END_TXN = 26 };

// Called by a broker's thread, which must not call the library.
// NOLINTNEXTLINE(readability-function-size): the parameters are the library's.
static rd_kafka_resp_err_t count_end(rd_kafka_t *client, int socket, const char *broker,
                                     int32_t broker_id, int16_t api, int16_t version,
                                     int32_t correlation, size_t size, void *opaque)
{
    (void)client, (void)socket, (void)broker, (void)broker_id;
    (void)version, (void)correlation, (void)size;
    struct kafka_producer *producer = opaque;
    if (api == API_END_TXN) {
        atomic_fetch_add(&producer->ends_sent, 1);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Called by a broker's thread, as above.
// NOLINTNEXTLINE(readability-function-size): the parameters are the library's.
static rd_kafka_resp_err_t count_outage(rd_kafka_t *client, int32_t broker_id, const char *protocol,
                                        const char *broker, int port, const char *state,
                                        void *opaque)
{
    (void)client, (void)broker_id, (void)protocol, (void)broker, (void)port;
    struct kafka_producer *producer = opaque;
    if (strcmp(state, "DOWN") == 0) {
        atomic_fetch_add(&producer->outages, 1);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// NOLINTBEGIN(readability-non-const-parameter): the parameters are the library's.
static rd_kafka_resp_err_t watch_client(rd_kafka_t *client, const rd_kafka_conf_t *conf,
                                        void *opaque, char *text, size_t size)
{
    (void)conf, (void)text, (void)size;
    rd_kafka_resp_err_t error =
        rd_kafka_interceptor_add_on_broker_state_change(client, "soglia", count_outage, opaque);
    return error != RD_KAFKA_RESP_ERR_NO_ERROR
               ? error
               : rd_kafka_interceptor_add_on_request_sent(client, "soglia", count_end, opaque);
}
// NOLINTEND(readability-non-const-parameter)

void producer_state_watch(rd_kafka_conf_t *conf, struct kafka_producer *producer)
{
    rd_kafka_conf_interceptor_add_on_new(conf, "soglia", watch_client, producer);
}

int kafka_producer_outages(const struct kafka_producer *producer)
{
    return atomic_load(&producer->outages);
}
