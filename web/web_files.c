// Looking up what was compiled in.
#include "web/web_files.h"

#include "web/web_table.h"

#include <string.h>

const struct web_file *web_files_page(void)
{
    return &web_table_page;
}

static bool is_named(const struct web_file *file, struct bytes folder, struct bytes name)
{
    size_t folder_size = strcspn(file->name, "/");
    return bytes_equal(folder, bytes_of(file->name, folder_size)) &&
           bytes_is_text(name, file->name + folder_size + 1);
}

const struct web_file *web_files_find(struct bytes version, struct bytes folder, struct bytes name)
{
    if (!bytes_is_text(version, web_table_version)) {
        return NULL;
    }
    for (size_t i = 0; i < web_table_count; i++) {
        if (is_named(&web_table[i], folder, name)) {
            return &web_table[i];
        }
    }
    return NULL;
}
