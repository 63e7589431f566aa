// The form that is hashed is the journal's, behind the topic.
#include "app/audit/fold/identity.h"

#include "streams/ledger.h"

#include <string.h>

enum { TOPIC_BYTES = 4 };

struct identity identity_of(enum topic topic, const struct kafka_message *message)
{
    struct digest digest;
    uint8_t hash[DIGEST_BYTES];
    digest_begin(&digest);
    digest_add_number(&digest, topic, TOPIC_BYTES);
    ledger_add(&digest, message);
    digest_end(&digest, hash);
    struct identity identity;
    memcpy(identity.words, hash, sizeof identity.words);
    return identity;
}

bool identity_equal(const struct identity *left, const struct identity *right)
{
    return left->words[0] == right->words[0] && left->words[1] == right->words[1];
}
