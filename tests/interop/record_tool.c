// record_tool COMMAND TYPE: what the Python tests drive to try records from outside.
// Messages are lines of hexadecimal Avro binary, records are lines of JSON; what is refused is a
// line that begins with "! " and gives the reason.
//   types                     the full name of every record
//   schema TYPE               the schema
//   random TYPE SEED COUNT    random records: JSON, tab, message
//   encode TYPE               JSON from standard input to messages
//   decode TYPE [SCHEMA]      messages from standard input to JSON; SCHEMA is the file with that of
//                             the writer
#include "random_record.h"
#include "record_table.h"

#include "schemas/record_json.h"
#include "schemas/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 1 << 22, RECORD_BYTES_MAX = 1024, USAGE = 2 };

struct tool {
    const struct record_type *type;
    struct resolver *resolver; // NULL without a writer's schema.
    struct arena *arena;
    struct buffer in;
    struct buffer out;
    max_align_t record[RECORD_BYTES_MAX / sizeof(max_align_t)];
};

static void print_hex(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        printf("%02x", bytes.data[i]);
    }
}

static sg_result read_hex(const char *line, struct buffer *out)
{
    for (; line[0] != '\0' && line[1] != '\0'; line += 2) {
        const char digits[] = {line[0], line[1], '\0'};
        SG_TRY(buffer_append_byte(out, (uint8_t)strtoul(digits, NULL, 16)));
    }
    return sg_ok();
}

static void print_text(struct bytes text)
{
    (void)fwrite(text.data, 1, text.size, stdout);
}

static sg_result encode_line(struct tool *tool, const char *line)
{
    uint64_t present = 0;
    SG_TRY(record_json_read(tool->type, bytes_of_text(line), tool->arena, tool->record, &present));
    return tool->type->encode(tool->record, &tool->out);
}

static sg_result decode_line(struct tool *tool, const char *line)
{
    SG_TRY(read_hex(line, &tool->in));
    struct bytes avro = buffer_bytes(&tool->in);
    SG_TRY(tool->resolver == NULL
               ? tool->type->decode(avro, tool->arena, tool->record)
               : resolver_decode(tool->resolver, avro, tool->arena, tool->record));
    return record_json_print(tool->type, tool->record, &tool->out);
}

static void convert_line(struct tool *tool, const char *line, bool is_encode)
{
    arena_reset(tool->arena);
    buffer_clear(&tool->in);
    buffer_clear(&tool->out);
    sg_result result = is_encode ? encode_line(tool, line) : decode_line(tool, line);
    if (!sg_is_ok(result)) {
        printf("! %s\n", sg_reason());
        return;
    }
    if (is_encode) {
        print_hex(buffer_bytes(&tool->out));
    } else {
        print_text(buffer_bytes(&tool->out));
    }
    putchar('\n');
}

static int convert(struct tool *tool, bool is_encode)
{
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        convert_line(tool, line, is_encode);
    }
    free(line);
    return 0;
}

static int print_random(struct tool *tool, uint64_t seed, long count)
{
    struct random_source source = {seed};
    for (long i = 0; i < count; i++) {
        arena_reset(tool->arena);
        buffer_clear(&tool->in);
        buffer_clear(&tool->out);
        if (!random_record(tool->type, &source, tool->arena, tool->record) ||
            !sg_is_ok(tool->type->encode(tool->record, &tool->in)) ||
            !sg_is_ok(record_json_print(tool->type, tool->record, &tool->out))) {
            return 1;
        }
        print_text(buffer_bytes(&tool->out));
        putchar('\t');
        print_hex(buffer_bytes(&tool->in));
        putchar('\n');
    }
    return 0;
}

static int use_schema(struct tool *tool, const char *path)
{
    char *text = NULL;
    size_t capacity = 0;
    FILE *file = fopen(path, "r");
    ssize_t length = file == NULL ? -1 : getdelim(&text, &capacity, '\0', file);
    if (file != NULL) {
        fclose(file);
    }
    sg_result result =
        length < 0 ? sg_fail(SG_FATAL, 0, "%s: cannot be read", path)
                   : resolver_new(bytes_of(text, (size_t)length), tool->type, &tool->resolver);
    free(text);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s\n", sg_reason());
        return 1;
    }
    return 0;
}

static int run(struct tool *tool, int count, char **arguments)
{
    const char *command = arguments[1];
    if (strcmp(command, "schema") == 0) {
        puts(tool->type->schema);
        return 0;
    }
    if (strcmp(command, "random") == 0 && count == 5) {
        return print_random(tool, strtoull(arguments[3], NULL, 10), strtol(arguments[4], NULL, 10));
    }
    if (strcmp(command, "encode") == 0) {
        return convert(tool, true);
    }
    if (strcmp(command, "decode") != 0 || (count == 4 && use_schema(tool, arguments[3]) != 0)) {
        return USAGE;
    }
    return convert(tool, false);
}

static int print_types(void)
{
    for (size_t i = 0; i < record_table_count; i++) {
        puts(record_table[i]->full_name);
    }
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "types") == 0) {
        return print_types();
    }
    struct tool tool = {.type = count < 3 ? NULL : record_table_find(arguments[2])};
    if (tool.type == NULL) {
        fprintf(stderr, "usage: record_tool types | schema|random|encode|decode TYPE ...\n");
        return USAGE;
    }
    tool.arena = arena_new(BYTES_MAX);
    buffer_init(&tool.in, BYTES_MAX);
    buffer_init(&tool.out, BYTES_MAX);
    int status = run(&tool, count, arguments);
    resolver_free(&tool.resolver);
    arena_free(&tool.arena);
    buffer_done(&tool.in);
    buffer_done(&tool.out);
    return status;
}
