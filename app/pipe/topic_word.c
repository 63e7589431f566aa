// Names are those of the topic table.
#include "app/pipe/topic_word.h"

#include "core/settings/nearest.h"

SG_RESULT topic_word_read(const char *word, enum topic *ret_topic)
{
    enum topic found = topic_by_name(word);
    if (found != TOPIC_COUNT) {
        *ret_topic = found;
        return sg_ok();
    }
    struct nearest nearest = {.wanted = word};
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        nearest_offer(&nearest, topic_info(topic)->name);
    }
    const char *meant = nearest_word(&nearest);
    return sg_fail(SG_FATAL, COMMAND_BAD_WORDS, "no topic %s%s%s%s", word,
                   meant == NULL ? "; `soglia topics describe` lists them" : "; did you mean ",
                   meant == NULL ? "" : meant, meant == NULL ? "" : "?");
}
