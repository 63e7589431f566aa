// The files of the web page, compiled in. Which ones there are is said in CMakeLists.txt; their
// bytes are in a source that embed_files.cmake makes.
#pragma once
#include "core/bytes.h"

#include <stddef.h>

struct web_file {
    const char *name; // "core/app.js"
    const char *content_type;
    struct bytes plain;
    struct bytes gzipped; // Empty when it would not be shorter.
};

// The page itself: everything else is reached from it. Any thread.
const struct web_file *web_files_page(void);

// A file by the version that its address has, its folder and its name; NULL when there is none. A
// version names the bytes of all files, so what an address gives never changes. Any thread.
const struct web_file *web_files_find(struct bytes version, struct bytes folder, struct bytes name);
