// The secrets file: made once by whoever is first, refused when others may read it; the keys that
// come of it.
#include "core/secrets/secrets.h"
#include "core/secrets/secrets_file.h"
#include "fixed_secrets.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_SIZE = 128, PROCESSES = 8, ROUNDS = 20, FILE_BYTES = 2048 };

static const char pattern[] = "/tmp/soglia-secrets-XXXXXX";
static char folder[sizeof pattern];
static char path[PATH_SIZE];

static int make(void **state)
{
    (void)state;
    memcpy(folder, pattern, sizeof folder);
    snprintf(path, sizeof path, "%s/secrets", pattern);
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/secrets", folder);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    unlink(path);
    rmdir(path);
    return rmdir(folder);
}

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static size_t count_files(void)
{
    size_t count = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    const struct dirent *entry = NULL;
    while ((entry = readdir(listing)) != NULL) { // NOLINT(concurrency-mt-unsafe)
        count += entry->d_name[0] != '.' ? 1U : 0U;
    }
    closedir(listing);
    return count;
}

static void the_first_use_makes_the_file(void **state)
{
    (void)state;
    struct secrets *secrets = NULL;
    uint8_t key[SECRETS_KEY_BYTES];
    uint8_t again[SECRETS_KEY_BYTES];
    struct secrets_settings settings = {""};
    assert_true(sg_is_ok(secrets_open_by(&settings, folder, &secrets)));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(count_files(), 1);
    secrets_derive(secrets, "user", key);
    secrets_close(&secrets);
    assert_null(secrets);
    assert_true(sg_is_ok(secrets_open(path, &secrets)));
    secrets_derive(secrets, "user", again);
    assert_memory_equal(key, again, sizeof key);
    assert_string_equal(secrets_kid(secrets, 0), "k1");
    assert_null(secrets_kid(secrets, 1));
    secrets_close(&secrets);
}

static void folders_are_made_too(void **state)
{
    (void)state;
    char deep[3 * PATH_SIZE];
    char inner[2 * PATH_SIZE];
    struct secrets *secrets = NULL;
    snprintf(inner, sizeof inner, "%s/state", folder);
    snprintf(deep, sizeof deep, "%s/secrets", inner);
    assert_true(sg_is_ok(secrets_open(deep, &secrets)));
    secrets_close(&secrets);
    unlink(deep);
    assert_int_equal(rmdir(inner), 0);
}

static void a_file_that_is_named_is_not_made(void **state)
{
    (void)state;
    struct secrets *secrets = NULL;
    struct secrets_settings settings = {path};
    assert_int_equal(secrets_open_by(&settings, "/nowhere", &secrets).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), path));
    assert_null(secrets);
    assert_int_equal(count_files(), 0);
    write_file(FIXED_KEY_1 FIXED_IDENTITY, 0600);
    assert_true(sg_is_ok(secrets_open_by(&settings, "/nowhere", &secrets)));
    secrets_close(&secrets);
}

// Opens the secrets once the gate opens and tells their key.
static void be_a_process(int gate, int answer)
{
    char wait = 0;
    struct secrets *secrets = NULL;
    uint8_t key[SECRETS_KEY_BYTES] = {0};
    bool good = read(gate, &wait, 1) == 0 && sg_is_ok(secrets_open(path, &secrets));
    if (good) {
        secrets_derive(secrets, "user", key);
        good = write(answer, key, sizeof key) == (ssize_t)sizeof key;
    }
    _exit(good ? 0 : 1);
}

// Processes that start at once have the same keys.
static void race(void)
{
    int gate[2];
    int answers[2];
    pid_t children[PROCESSES];
    assert_int_equal(pipe(gate), 0);
    assert_int_equal(pipe(answers), 0);
    for (size_t i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            close(gate[1]);
            be_a_process(gate[0], answers[1]);
        }
    }
    close(gate[0]);
    close(gate[1]);
    uint8_t first[SECRETS_KEY_BYTES];
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = 1;
        uint8_t key[SECRETS_KEY_BYTES];
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
        assert_int_equal(read(answers[0], i == 0 ? first : key, sizeof key), sizeof key);
        assert_true(i == 0 || memcmp(first, key, sizeof key) == 0);
    }
    close(answers[0]);
    close(answers[1]);
    assert_int_equal(count_files(), 1);
}

static void two_processes_make_one_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        race();
        unlink(path);
    }
}

static void assert_refused(const char *why)
{
    struct secrets *secrets = NULL;
    assert_int_equal(secrets_open(path, &secrets).class, SG_FATAL);
    assert_null(secrets);
    if (strstr(sg_reason(), why) == NULL || strstr(sg_reason(), path) == NULL) {
        fail_msg("%s", sg_reason());
    }
    assert_null(strstr(sg_reason(), "1111"));
}

static void files_that_others_may_read_are_refused(void **state)
{
    (void)state;
    static const mode_t refused[] = {0644, 0604, 0601, 0620, 0660, 0666, 0777};
    static const mode_t taken[] = {0600, 0400, 0640, 0440};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        write_file(FIXED_KEY_1 FIXED_IDENTITY, refused[i]);
        assert_refused("chmod 600");
    }
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        struct secrets *secrets = NULL;
        unlink(path);
        write_file(FIXED_KEY_1 FIXED_IDENTITY, taken[i]);
        assert_true(sg_is_ok(secrets_open(path, &secrets)));
        secrets_close(&secrets);
    }
}

// As Docker mounts a secret. Only root can mount one here: the containers' own test does.
static void on_a_read_only_mount_others_may_read(void **state)
{
    (void)state;
    static const mode_t refused[] = {0464, 0446, 0454, 0445, 0666, 0777};
    static const mode_t taken[] = {0444, 0644, 0440, 0400, 0600, 0604};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_false(secrets_file_is_kept(refused[i], true));
    }
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        assert_true(secrets_file_is_kept(taken[i], true));
    }
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused("is no file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused("is no file");
    unlink(path);
    write_file("", 0600);
    assert_int_equal(truncate(path, 1 << 20), 0);
    assert_refused("bytes");
}

static void broken_files_are_refused_and_stay(void **state)
{
    (void)state;
    write_file(FIXED_KEY_1 FIXED_IDENTITY "1111 hunter2\n", 0600);
    assert_refused(":3:");
    write_file("", 0600);
    assert_refused("identity");
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 0);
}

static void keys_rotate(void **state)
{
    (void)state;
    struct secrets *old = fixed_secrets(FIXED_KEY_1 FIXED_IDENTITY);
    struct secrets *both = fixed_secrets(FIXED_KEY_2 FIXED_KEY_1 FIXED_IDENTITY);
    uint8_t before[SECRETS_KEY_BYTES];
    uint8_t after[SECRETS_KEY_BYTES];
    const char *kid = NULL;
    secrets_sign_key(old, "session", &kid, before);
    assert_string_equal(kid, "k1");
    assert_true(secrets_find(both, "session", bytes_of_text("k1"), after));
    assert_memory_equal(before, after, sizeof before);
    secrets_sign_key(both, "session", &kid, after);
    assert_string_equal(kid, "k2");
    assert_memory_not_equal(before, after, sizeof before);
    assert_false(secrets_find(old, "session", bytes_of_text("k2"), after));
    assert_false(secrets_find(old, "session", bytes_of_text(""), after));
    assert_false(secrets_find(old, "session", bytes_of_text("identity"), after));
    secrets_derive(old, "user", before);
    secrets_derive(both, "user", after);
    assert_memory_equal(before, after, sizeof before);
    secrets_close(&old);
    secrets_close(&both);
}

static void purposes_have_their_own_keys(void **state)
{
    (void)state;
    struct secrets *secrets = fixed_secrets(FIXED_KEY_1 FIXED_IDENTITY);
    uint8_t user[SECRETS_KEY_BYTES];
    uint8_t webhook[SECRETS_KEY_BYTES];
    const char *kid = NULL;
    secrets_derive(secrets, "user", user);
    secrets_derive(secrets, "webhook", webhook);
    assert_memory_not_equal(user, webhook, sizeof user);
    secrets_sign_key(secrets, "user", &kid, webhook);
    assert_memory_not_equal(user, webhook, sizeof user);
    secrets_close(&secrets);
}

static void parts_keep_their_bounds(void **state)
{
    (void)state;
    struct secrets *secrets = fixed_secrets(FIXED_KEY_1 FIXED_IDENTITY);
    const struct bytes left[] = {bytes_of_text("ab"), bytes_of_text("c")};
    const struct bytes right[] = {bytes_of_text("a"), bytes_of_text("bc")};
    uint8_t one[16];
    uint8_t other[16];
    secrets_hash(secrets, "x", (struct secrets_parts){left, 2}, one, sizeof one);
    secrets_hash(secrets, "x", (struct secrets_parts){right, 2}, other, sizeof other);
    assert_memory_not_equal(one, other, sizeof one);
    secrets_close(&secrets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_use_makes_the_file, make, drop),
        cmocka_unit_test_setup_teardown(folders_are_made_too, make, drop),
        cmocka_unit_test_setup_teardown(a_file_that_is_named_is_not_made, make, drop),
        cmocka_unit_test_setup_teardown(two_processes_make_one_file, make, drop),
        cmocka_unit_test_setup_teardown(files_that_others_may_read_are_refused, make, drop),
        cmocka_unit_test(on_a_read_only_mount_others_may_read),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(broken_files_are_refused_and_stay, make, drop),
        cmocka_unit_test(keys_rotate),
        cmocka_unit_test(purposes_have_their_own_keys),
        cmocka_unit_test(parts_keep_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
