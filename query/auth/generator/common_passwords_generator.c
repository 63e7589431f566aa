// common_passwords_generator LIST OUT: makes the table of common_passwords.h from a JSON array of
// passwords, the most common one first. Those that are too short to be chosen are left out.
#include "core/buffer.h"
#include "core/json_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIST_BYTES_MAX = 16 << 20,
    TABLE_BYTES_MAX = 16 << 20,
    WORDS_MAX = 10000,
    WORD_BYTES_MIN = 8, // PASSWORD_BYTES_MIN.
    WORD_BYTES_MAX = 128
};

struct word_list {
    struct bytes words[WORDS_MAX];
    size_t count;
};

static sg_result read_file(const char *path, struct buffer *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return sg_fail(SG_FATAL, 0, "%s: cannot be read", path);
    }
    size_t got = 1;
    sg_result result = sg_ok();
    while (got > 0 && sg_is_ok(result)) {
        uint8_t piece[4096];
        got = fread(piece, 1, sizeof piece, file);
        result = buffer_append(out, bytes_of(piece, got));
    }
    fclose(file);
    return result;
}

// Whether it can be chosen, is written in the table without escapes and is in lower case already.
static bool is_wanted(struct bytes word)
{
    for (size_t i = 0; i < word.size; i++) {
        uint8_t byte = word.data[i];
        if (byte <= 0x20 || byte >= 0x7F || (byte >= 'A' && byte <= 'Z')) {
            return false;
        }
    }
    return word.size >= WORD_BYTES_MIN && word.size <= WORD_BYTES_MAX;
}

static sg_result read_list(struct json_reader *reader, struct word_list *list)
{
    bool has = false;
    SG_TRY(json_reader_enter(reader));
    SG_TRY(json_reader_item(reader, &has));
    while (has && list->count < WORDS_MAX) {
        struct bytes word;
        SG_TRY(json_reader_string(reader, &word));
        if (is_wanted(word)) {
            list->words[list->count++] = word;
        }
        SG_TRY(json_reader_item(reader, &has));
    }
    if (list->count < WORDS_MAX) {
        return sg_fail(SG_FATAL, 0, "the list has only %zu passwords", list->count);
    }
    return sg_ok();
}

static int compare_words(const void *left, const void *right)
{
    return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

static sg_result print_word(struct bytes word, struct buffer *out)
{
    SG_TRY(buffer_print(out, "    \""));
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] == '"' || word.data[i] == '\\' || word.data[i] == '?') {
            SG_TRY(buffer_append_byte(out, '\\'));
        }
        SG_TRY(buffer_append_byte(out, word.data[i]));
    }
    return buffer_print(out, "\",\n");
}

static sg_result print_table(struct word_list *list, struct buffer *out)
{
    qsort(list->words, list->count, sizeof list->words[0], compare_words);
    SG_TRY(buffer_print(out, "// Made by common_passwords_generator.\n"
                             "#include \"query/auth/common_passwords.h\"\n\n"
                             "const char *const common_passwords_table[] = {\n"));
    for (size_t i = 0; i < list->count; i++) {
        SG_TRY(print_word(list->words[i], out));
    }
    return buffer_print(out, "};\nconst size_t common_passwords_count = %zu;\n", list->count);
}

static sg_result write_file(const char *path, struct bytes text)
{
    FILE *file = fopen(path, "wb");
    size_t written = file == NULL ? 0 : fwrite(text.data, 1, text.size, file);
    if (file == NULL || fclose(file) != 0 || written != text.size) {
        return sg_fail(SG_FATAL, 0, "%s: cannot be written", path);
    }
    return sg_ok();
}

static sg_result generate(const char *list_path, const char *table_path)
{
    static struct word_list list;
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(LIST_BYTES_MAX);
    SG_CLEANUP(buffer_done) struct buffer text;
    SG_CLEANUP(buffer_done) struct buffer table;
    struct json_reader reader;
    buffer_init(&text, LIST_BYTES_MAX);
    buffer_init(&table, TABLE_BYTES_MAX);
    if (arena == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(read_file(list_path, &text));
    json_reader_start(&reader, buffer_bytes(&text), arena);
    SG_TRY(read_list(&reader, &list));
    SG_TRY(print_table(&list, &table));
    return write_file(table_path, buffer_bytes(&table));
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: common_passwords_generator LIST OUT\n");
        return 2;
    }
    if (!sg_is_ok(generate(arguments[1], arguments[2]))) {
        fprintf(stderr, "common_passwords_generator: %s: %s\n", arguments[1], sg_reason());
        return 1;
    }
    return 0;
}
