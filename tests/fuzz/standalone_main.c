// Runs a fuzz target without libFuzzer: over its seeds, each file or folder an argument, and over
// mutations of them that are the same every time.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SEEDS_MAX = 256,
    INPUT_BYTES_MAX = 4096,
    MUTATIONS = 20000,
    CHANGES_MAX = 4,
    PATH_CHARS_MAX = 1024,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    uint8_t data[INPUT_BYTES_MAX];
    size_t size;
};

struct corpus {
    struct input *seeds;
    size_t count;
    uint64_t random;
};

static size_t below(struct corpus *corpus, size_t limit)
{
    corpus->random ^= corpus->random << 13;
    corpus->random ^= corpus->random >> 7;
    corpus->random ^= corpus->random << 17;
    return limit == 0 ? 0 : (size_t)(corpus->random >> 20) % limit;
}

// Runs a copy of exactly that size, so that a sanitizer sees a read beyond it.
static void run(const struct input *input)
{
    uint8_t *data = malloc(input->size + 1);
    if (data == NULL) {
        fprintf(stderr, "out of memory\n");
        abort();
    }
    uint8_t *copy = realloc(data, input->size == 0 ? 1 : input->size);
    copy = copy == NULL ? data : copy;
    memcpy(copy, input->data, input->size);
    LLVMFuzzerTestOneInput(copy, input->size);
    free(copy);
}

static int add_file(struct corpus *corpus, const char *path)
{
    if (corpus->count == SEEDS_MAX) {
        fprintf(stderr, "%s: more than %d seeds\n", path, SEEDS_MAX);
        return 1;
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    struct input *seed = &corpus->seeds[corpus->count++];
    seed->size = fread(seed->data, 1, sizeof seed->data, file);
    fclose(file);
    return 0;
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

// The files of a folder in the order of their names, so that every run is the same.
static int add_folder(struct corpus *corpus, const char *path)
{
    struct dirent **entries = NULL;
    int failures = 0;
    int count = scandir(path, &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        char file[PATH_CHARS_MAX];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        failures += entries[i]->d_name[0] == '.' ? 0 : add_file(corpus, file);
        free(entries[i]);
    }
    free(entries);
    return count < 0 ? 1 : failures;
}

static int add(struct corpus *corpus, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    return S_ISDIR(info.st_mode) ? add_folder(corpus, path) : add_file(corpus, path);
}

// Puts a piece of another seed in.
static void splice(struct corpus *corpus, struct input *input)
{
    const struct input *other = &corpus->seeds[below(corpus, corpus->count)];
    size_t from = below(corpus, other->size);
    size_t length = below(corpus, other->size - from + 1);
    size_t at = below(corpus, input->size + 1);
    if (length > INPUT_BYTES_MAX - input->size) {
        return;
    }
    memmove(input->data + at + length, input->data + at, input->size - at);
    memcpy(input->data + at, other->data + from, length);
    input->size += length;
}

static void cut(struct corpus *corpus, struct input *input)
{
    size_t from = below(corpus, input->size);
    size_t length = below(corpus, input->size - from + 1);
    memmove(input->data + from, input->data + from + length, input->size - from - length);
    input->size -= length;
}

static void change(struct corpus *corpus, struct input *input)
{
    static const uint8_t edges[] = {0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF, '"', '{', '[', '-'};
    size_t at = below(corpus, input->size);
    switch (input->size == 0 ? 3 : below(corpus, 5)) {
    case 0:
        input->data[at] ^= (uint8_t)(1U << below(corpus, 8));
        break;
    case 1:
        input->data[at] = (uint8_t)below(corpus, 256);
        break;
    case 2:
        input->data[at] = edges[below(corpus, sizeof edges)];
        break;
    case 3:
        splice(corpus, input);
        break;
    default:
        cut(corpus, input);
        break;
    }
}

static void run_mutations(struct corpus *corpus)
{
    struct input input;
    for (int i = 0; i < MUTATIONS; i++) {
        input = corpus->seeds[below(corpus, corpus->count)];
        size_t changes = 1 + below(corpus, CHANGES_MAX);
        for (size_t j = 0; j < changes; j++) {
            change(corpus, &input);
        }
        run(&input);
    }
}

int main(int count, char **arguments)
{
    struct corpus corpus = {calloc(SEEDS_MAX, sizeof *corpus.seeds), 0, 88172645463325252U};
    int failures = corpus.seeds == NULL ? 1 : 0;
    for (int i = 1; i < count && failures == 0; i++) {
        failures += add(&corpus, arguments[i]);
    }
    if (failures != 0 || corpus.count == 0) {
        fprintf(stderr, "usage: %s SEED_FILE_OR_FOLDER...\n", arguments[0]);
        free(corpus.seeds);
        return 2;
    }
    for (size_t i = 0; i < corpus.count; i++) {
        run(&corpus.seeds[i]);
    }
    run_mutations(&corpus);
    printf("%zu seeds and %d mutations\n", corpus.count, MUTATIONS);
    free(corpus.seeds);
    return 0;
}
