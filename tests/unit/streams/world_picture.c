// Lines of hexadecimal: nothing is lost, and a difference can be seen.
#include "world_picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/service/log.h"
#include "fake_kafka.h"
#include "fake_process.h"
#include "state/file/environment.h"
#include "streams/topology.h"

enum { LINES_MAX = 16384, PATH_BYTES_MAX = 4096, MAP_BYTES = 64 << 20 };

struct line_list {
    char *lines[LINES_MAX];
    size_t count;
};

static void must(sg_result result)
{
    if (!sg_is_ok(result)) {
        fprintf(stderr, "picture: %s\n", sg_reason());
        abort();
    }
}

static void print_hex(struct buffer *out, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        must(buffer_print(out, bytes.data[i] >= 0x21 && bytes.data[i] < 0x7F ? "%c" : "\\%02x",
                          bytes.data[i]));
    }
}

static char *line_of(const struct fake_record *record)
{
    struct buffer line;
    buffer_init(&line, 1 << 20);
    print_hex(&line, record->key);
    must(buffer_print(&line, record->has_value ? " = " : " removed"));
    print_hex(&line, record->value);
    must(buffer_print(&line, " at %lld %s", (long long)record->timestamp_ms,
                      record->reason == NULL ? "" : record->reason));
    char *text = bytes_to_text(buffer_bytes(&line));
    buffer_done(&line);
    if (text == NULL) {
        abort();
    }
    return text;
}

static int compare_lines(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void add_lines(struct buffer *out, struct line_list *list, bool sorted)
{
    if (sorted && list->count > 1) {
        qsort(list->lines, list->count, sizeof list->lines[0], compare_lines);
    }
    for (size_t i = 0; i < list->count; i++) {
        must(buffer_print(out, "%s\n", list->lines[i]));
        free(list->lines[i]);
    }
    list->count = 0;
}

void world_picture_topic(struct buffer *out, const char *topic, bool sorted)
{
    static struct line_list list;
    for (int32_t partition = 0; partition < FAKE_PARTITIONS_MAX; partition++) {
        struct fake_record record;
        for (size_t at = 0; fake_kafka_read(topic, partition, at, &record); at++) {
            list.lines[list.count++] = line_of(&record);
        }
        must(buffer_print(out, "%s %d\n", topic, (int)partition));
        add_lines(out, &list, sorted);
    }
}

// True when a later record of the partition has the same key.
static bool is_replaced(const char *topic, int32_t partition, size_t at, struct bytes key)
{
    struct fake_record later;
    for (size_t i = at + 1; fake_kafka_read(topic, partition, i, &later); i++) {
        if (bytes_equal(later.key, key)) {
            return true;
        }
    }
    return false;
}

void world_picture_changelog(struct buffer *out, const char *topic)
{
    static struct line_list list;
    for (int32_t partition = 0; partition < FAKE_PARTITIONS_MAX; partition++) {
        struct fake_record record;
        for (size_t at = 0; fake_kafka_read(topic, partition, at, &record); at++) {
            if (record.has_value && !is_replaced(topic, partition, at, record.key)) {
                record.timestamp_ms = 0; // That of the transaction, which may be another one.
                list.lines[list.count++] = line_of(&record);
            }
        }
        must(buffer_print(out, "%s %d\n", topic, (int)partition));
        add_lines(out, &list, true);
    }
}

static void print_table(struct buffer *out, struct environment *environment, const char *name)
{
    struct table table;
    must(environment_table(environment, name, &table));
    SG_CLEANUP(transaction_abort) struct transaction *transaction = NULL;
    must(transaction_begin(environment, false, &transaction));
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    must(cursor_open(transaction, table, &cursor));
    must(buffer_print(out, "table %s\n", name));
    uint8_t least[1] = {0};
    struct bytes key = bytes_of(least, 1);
    struct bytes value;
    bool found = false;
    must(cursor_at_least(cursor, key, &key, &value, &found));
    while (found) {
        print_hex(out, key);
        must(buffer_print(out, " = "));
        print_hex(out, value);
        must(buffer_print(out, "\n"));
        must(cursor_next(cursor, &key, &value, &found));
    }
}

void world_picture_state(struct buffer *out, const char *processor, const char *folder,
                         int32_t partitions)
{
    const struct processor *row = topology_find(processor);
    for (int32_t partition = 0; partition < partitions; partition++) {
        char path[PATH_BYTES_MAX];
        snprintf(path, sizeof path, "%s/%s/%d", folder, processor, (int)partition);
        SG_CLEANUP(environment_close) struct environment *environment = NULL;
        must(environment_open(path, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment));
        for (size_t i = 0; i < row->store_count; i++) {
            print_table(out, environment, row->stores[i].name);
            if (row->stores[i].index_name != NULL) {
                print_table(out, environment, row->stores[i].index_name);
            }
        }
    }
}

void world_picture_positions(struct buffer *out, const char *processor, int32_t partitions)
{
    const struct processor *row = topology_find(processor);
    char group[128];
    snprintf(group, sizeof group, "soglia-%s", processor);
    for (size_t i = 0; row->inputs[i] != TOPIC_COUNT; i++) {
        for (int32_t partition = 0; partition < partitions; partition++) {
            const char *topic = topic_info(row->inputs[i])->name;
            struct kafka_position position = fake_kafka_committed(group, topic, partition);
            must(buffer_print(out, "%s %d: %lld\n", topic, (int)partition,
                              (long long)position.offset));
        }
    }
}
