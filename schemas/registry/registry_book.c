// Versions and texts, in sorted arrays: a registry holds hundreds, and is read at every start.
#include "schemas/registry/registry_book.h"

#include <stdlib.h>
#include <string.h>

void registry_book_done(struct registry_book *book)
{
    for (size_t i = 0; i < book->text_count; i++) {
        free(book->texts[i].schema);
        free(book->texts[i].canonical);
    }
    free(book->texts);
    free(book->versions);
    *book = (struct registry_book){.versions = NULL};
}

// The items with room for one more of `size` bytes, NULL without memory or past the limit.
static void *with_room(void *items, size_t *room, size_t count, size_t size)
{
    if (count < *room) {
        return items;
    }
    size_t wanted = *room == 0 ? 32 : *room * 2;
    void *larger = count >= REGISTRY_BOOK_MAX ? NULL : realloc(items, wanted * size);
    *room = larger == NULL ? *room : wanted;
    return larger;
}

static sg_result fail_full(size_t count)
{
    return sg_fail(SG_FATAL, 0, "registry: no room for more than %zu entries", count);
}

static int order_of(const struct registry_version *version, const char *subject, int32_t number)
{
    int order = strcmp(version->subject, subject);
    if (order != 0) {
        return order;
    }
    return (version->version > number) - (version->version < number);
}

// Where a version is, or would stand.
static size_t place_of_version(const struct registry_book *book, const char *subject,
                               int32_t number)
{
    size_t low = 0;
    size_t high = book->version_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order_of(&book->versions[middle], subject, number) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t place_of_text(const struct registry_book *book, int32_t id)
{
    size_t low = 0;
    size_t high = book->text_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (book->texts[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_version(const struct registry_book *book, size_t place, const char *subject,
                       int32_t number)
{
    return place < book->version_count && order_of(&book->versions[place], subject, number) == 0;
}

static sg_result copy_text(int32_t id, struct bytes schema, struct registry_text *ret_text)
{
    struct registry_text text = {.id = id};
    if (schema.data != NULL) {
        SG_TRY(registry_record_canonical(schema, &text.canonical));
        text.schema = bytes_to_text(schema);
        if (text.schema == NULL) {
            free(text.canonical);
            return sg_fail(SG_FATAL, 0, "schema %d: out of memory", (int)id);
        }
    }
    *ret_text = text;
    return sg_ok();
}

sg_result registry_book_keep(struct registry_book *book, int32_t id, struct bytes schema)
{
    size_t place = place_of_text(book, id);
    if (place < book->text_count && book->texts[place].id == id) {
        return sg_ok();
    }
    struct registry_text text = {.id = id};
    SG_TRY(copy_text(id, schema, &text));
    struct registry_text *texts =
        with_room(book->texts, &book->text_room, book->text_count, sizeof *texts);
    if (texts == NULL) {
        free(text.schema);
        free(text.canonical);
        return fail_full(book->text_count);
    }
    book->texts = texts;
    memmove(&book->texts[place + 1], &book->texts[place],
            (book->text_count - place) * sizeof *book->texts);
    book->texts[place] = text;
    book->text_count++;
    return sg_ok();
}

static sg_result put_version(struct registry_book *book, const struct registry_record *record)
{
    size_t place = place_of_version(book, record->subject, record->version);
    if (!is_version(book, place, record->subject, record->version)) {
        struct registry_version *versions =
            with_room(book->versions, &book->version_room, book->version_count, sizeof *versions);
        if (versions == NULL) {
            return fail_full(book->version_count);
        }
        book->versions = versions;
        memmove(&book->versions[place + 1], &book->versions[place],
                (book->version_count - place) * sizeof *book->versions);
        book->version_count++;
    }
    struct registry_version *version = &book->versions[place];
    *version = (struct registry_version){
        .version = record->version, .id = record->id, .deleted = record->deleted};
    memcpy(version->subject, record->subject, sizeof version->subject);
    return sg_ok();
}

static void remove_version(struct registry_book *book, const struct registry_record *record)
{
    size_t place = place_of_version(book, record->subject, record->version);
    if (is_version(book, place, record->subject, record->version)) {
        memmove(&book->versions[place], &book->versions[place + 1],
                (book->version_count - place - 1) * sizeof *book->versions);
        book->version_count--;
    }
}

static void delete_subject(struct registry_book *book, const struct registry_record *record)
{
    for (size_t i = 0; i < book->version_count; i++) {
        struct registry_version *version = &book->versions[i];
        if (strcmp(version->subject, record->subject) == 0 && version->version <= record->version) {
            version->deleted = true;
        }
    }
}

sg_result registry_book_take(struct registry_book *book, const struct registry_record *record)
{
    switch (record->kind) {
    case REGISTRY_RECORD_OTHER:
        return sg_ok();
    case REGISTRY_RECORD_DELETE_SUBJECT:
        if (!record->tombstone) {
            delete_subject(book, record);
        }
        return sg_ok();
    case REGISTRY_RECORD_SCHEMA:
        break;
    }
    if (record->tombstone) {
        remove_version(book, record);
        return sg_ok();
    }
    SG_TRY(registry_book_keep(book, record->id, bytes_of_text(record->schema)));
    return put_version(book, record);
}

const struct registry_text *registry_book_text(const struct registry_book *book, int32_t id)
{
    size_t place = place_of_text(book, id);
    bool found = place < book->text_count && book->texts[place].id == id;
    return found ? &book->texts[place] : NULL;
}

const struct registry_text *registry_book_same(const struct registry_book *book,
                                               const char *canonical)
{
    for (size_t i = 0; i < book->text_count; i++) {
        const struct registry_text *text = &book->texts[i];
        if (text->canonical != NULL && strcmp(text->canonical, canonical) == 0) {
            return text;
        }
    }
    return NULL;
}

const struct registry_version *registry_book_version(const struct registry_book *book,
                                                     const char *subject, int32_t version)
{
    const struct registry_version *found = NULL;
    for (size_t i = 0; i < book->version_count; i++) {
        const struct registry_version *each = &book->versions[i];
        if (!each->deleted && strcmp(each->subject, subject) == 0 &&
            (version == -1 || each->version == version)) {
            found = each;
        }
    }
    return found;
}

const struct registry_version *registry_book_find(const struct registry_book *book,
                                                  const char *subject, const char *canonical)
{
    const struct registry_version *found = NULL;
    for (size_t i = 0; i < book->version_count; i++) {
        const struct registry_version *each = &book->versions[i];
        if (each->deleted || strcmp(each->subject, subject) != 0) {
            continue;
        }
        const struct registry_text *text = registry_book_text(book, each->id);
        if (text != NULL && text->canonical != NULL && strcmp(text->canonical, canonical) == 0) {
            found = each;
        }
    }
    return found;
}

int32_t registry_book_next_id(const struct registry_book *book)
{
    return book->text_count == 0 ? 1 : book->texts[book->text_count - 1].id + 1;
}

int32_t registry_book_next_version(const struct registry_book *book, const char *subject)
{
    int32_t highest = 0;
    for (size_t i = 0; i < book->version_count; i++) {
        const struct registry_version *each = &book->versions[i];
        if (strcmp(each->subject, subject) == 0 && each->version > highest) {
            highest = each->version;
        }
    }
    return highest + 1;
}
