// The page is made from the topic table, the topology and the descriptors of the records, so it
// cannot differ from them.
#include "app/topics_page.h"

#include "schemas/topic_table.h"
#include "streams/topology.h"

#include <inttypes.h>

enum { DAY_MS = 86400000 };

static const char introduction[] =
    "# Topics and records\n"
    "\n"
    "Made from the tables in the code by `make docs`; `make test` checks that it still agrees.\n"
    "\n"
    "Values are Avro in Confluent's wire format (a zero byte, the schema id in 4 bytes, Avro "
    "binary), those of the\n"
    "`.json` topics plain JSON. Keys are text. Partitions are those of Java's partitioner "
    "(murmur2): kcat needs\n"
    "`-X topic.partitioner=murmur2_random` for Avro topics. Read with "
    "`isolation.level=read_committed` (kcat's default), or\n"
    "records of aborted transactions show up. With `topics.prefix` every name has the prefix "
    "before it.\n"
    "\n"
    "```sh\n"
    "kcat -C -b localhost:9092 -t alerts -o beginning -e -f '%R%s' | soglia decode       # Avro to "
    "JSON lines\n"
    "echo '{\"instrument\":\"stock:AAPL\",\"value\":191.5}' | kcat -P -b localhost:9092 -t "
    "quotes.json\n"
    "echo '{\"command_id\":\"c1\",\"user_id\":\"ada\",\"body\":{\"RegisterUser\":{\"email\":\"ada@"
    "example.org\"}}}' | soglia produce commands\n"
    "soglia tail alerts deliveries --follow                                              # the "
    "same without kcat\n"
    "```\n"
    "\n"
    "In the `.json` topics a line is one record, in plain JSON: an optional value or `null`, times "
    "as milliseconds or as\n"
    "RFC 3339 text. What is left out is filled in from the record in Kafka: `event_time` and "
    "`changed_at` from its timestamp, `source`\n"
    "\"kcat\", `active` true, a user's e-mail as its channel, `subscription_id` from user and "
    "instrument (so that sending it\n"
    "again changes its thresholds), `version` from the timestamp. What cannot be accepted goes to "
    "`dead-letters`: original\n"
    "key and bytes, and the headers `soglia-reason`, `soglia-topic`, `soglia-partition`, "
    "`soglia-offset`, `soglia-at`, `soglia-by`.\n"
    "What can be asked for in `commands`, with a line for each, is in [commands.md](commands.md).\n"
    "\n"
    "## Topics\n"
    "\n"
    "| topic | key | value | kept | largest | written by | read by |\n"
    "|---|---|---|---|---|---|---|\n";

static void print_kept(const struct topic_info *info, FILE *out)
{
    if (info->compacted) {
        fputs("compacted", out);
    } else if (info->retention_ms < 0) {
        fputs("for ever", out);
    } else {
        int64_t days = info->retention_ms / DAY_MS;
        fprintf(out, "%" PRId64 " day%s", days, days == 1 ? "" : "s");
    }
}

static bool lists(const enum topic *topics, enum topic topic)
{
    for (size_t i = 0; topics[i] != TOPIC_COUNT; i++) {
        if (topics[i] == topic) {
            return true;
        }
    }
    return false;
}

static bool has_changelog(const struct processor *processor, enum topic topic)
{
    for (size_t i = 0; i < processor->store_count; i++) {
        if (processor->stores[i].changelog == topic) {
            return true;
        }
    }
    return false;
}

static bool writes(const struct processor *processor, enum topic topic)
{
    return lists(processor->outputs, topic) || has_changelog(processor, topic) ||
           topic == TOPIC_DEAD_LETTERS || topic == TOPIC_JOURNAL;
}

static bool reads(const struct processor *processor, enum topic topic)
{
    return lists(processor->inputs, topic) || has_changelog(processor, topic);
}

static void print_processors(enum topic topic, bool (*does)(const struct processor *, enum topic),
                             const char *besides, FILE *out)
{
    const char *before = "";
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        if (does(topology[i], topic)) {
            fprintf(out, "%s%s", before, topology[i]->name);
            before = ", ";
        }
    }
    fprintf(out, "%s%s", besides[0] == '\0' ? "" : before, besides);
}

static const char *other_writers(const struct topic_info *info)
{
    if (info->json) {
        return "you";
    }
    if (info->topic == TOPIC_USERS || info->topic == TOPIC_SUBSCRIPTIONS) {
        return "you";
    }
    return info->topic == TOPIC_QUOTES     ? "fetch, you"
           : info->topic == TOPIC_COMMANDS ? "serve, you"
                                           : "";
}

static const char *other_readers(enum topic topic)
{
    return topic == TOPIC_QUOTES || topic == TOPIC_COMMAND_RESULTS ? "serve" : "";
}

static void print_topic(const struct topic_info *info, FILE *out)
{
    fprintf(out, "| `%s` | %s | ", info->name,
            info->key_field == NULL ? "as it came"
            : info->json            ? "any or none"
                                    : info->key_field);
    if (info->record == NULL) {
        fputs("original bytes", out);
    } else {
        fprintf(out, "%s%s", info->json ? "JSON of " : "", info->record->name);
    }
    fputs(" | ", out);
    print_kept(info, out);
    fprintf(out, " | %" PRId64 " KiB | ", info->max_message_bytes / 1024);
    print_processors(info->topic, writes, other_writers(info), out);
    fputs(" | ", out);
    print_processors(info->topic, reads, other_readers(info->topic), out);
    fputs(" |\n", out);
}

static void print_symbols(const struct record_enum *names, FILE *out)
{
    for (size_t i = 0; i < names->count; i++) {
        fprintf(out, "%s%s", i == 0 ? "" : ", ", names->symbols[i]);
    }
}

static void print_branch_names(const struct record_value *value, FILE *out)
{
    for (size_t i = 0; i < value->branch_count; i++) {
        fprintf(out, "%s%s", i == 0 ? "" : ", ", value->branches[i]->name);
    }
}

static void print_type(const struct record_value *value, FILE *out)
{
    static const char *const names[] = {
        [RECORD_BOOLEAN] = "boolean", [RECORD_INT] = "int",        [RECORD_LONG] = "long",
        [RECORD_DOUBLE] = "double",   [RECORD_STRING] = "text",    [RECORD_ENUM] = "",
        [RECORD_RECORD] = "",         [RECORD_ARRAY] = "list of ", [RECORD_MAP] = "map to ",
        [RECORD_UNION] = "one of ",
    };
    fputs(value->is_time ? "time" : names[value->kind], out);
    if (value->kind == RECORD_RECORD) {
        fputs(value->record->name, out);
    } else if (value->kind == RECORD_ENUM) {
        print_symbols(value->names, out);
    } else if (value->kind == RECORD_ARRAY || value->kind == RECORD_MAP) {
        print_type(value->item, out);
    } else if (value->kind == RECORD_UNION) {
        print_branch_names(value, out);
    }
}

// Whether the records of a topic are of this type.
static bool has_topic(const struct record_type *type)
{
    enum topic topic = 0;
    while (topic < TOPIC_COUNT && topic_info(topic)->record != type) {
        topic++;
    }
    return topic < TOPIC_COUNT;
}

static void print_record(const struct record_type *type, FILE *out);

// What a field may be one of, where these records stand nowhere else.
static void print_branches(const struct record_value *value, FILE *out)
{
    for (size_t i = 0; i < value->branch_count; i++) {
        if (!has_topic(value->branches[i])) {
            print_record(value->branches[i], out);
        }
    }
}

static void print_record(const struct record_type *type, FILE *out)
{
    fprintf(out, "\n### %s\n\n%s\n\n| field | type | |\n|---|---|---|\n", type->name, type->doc);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct record_field *field = &type->fields[i];
        fprintf(out, "| `%s`%s | ", field->name, field->is_optional ? "?" : "");
        print_type(&field->value, out);
        fprintf(out, "%s | %s |\n",
                field->has_default && !field->is_optional ? ", has a default" : "", field->doc);
    }
    for (size_t i = 0; i < type->field_count; i++) {
        print_branches(&type->fields[i].value, out);
    }
}

static bool is_first_use(enum topic topic)
{
    for (enum topic earlier = 0; earlier < topic; earlier++) {
        if (topic_info(earlier)->record == topic_info(topic)->record) {
            return false;
        }
    }
    return true;
}

void topics_page_print(FILE *out)
{
    fputs(introduction, out);
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        print_topic(topic_info(topic), out);
    }
    fputs("\n## Records\n\nOptional fields have a question mark; times are milliseconds since "
          "1970, UTC.\n",
          out);
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        if (topic_info(topic)->record != NULL && is_first_use(topic)) {
            print_record(topic_info(topic)->record, out);
        }
    }
}
