// A full disk or a closed pipe ends a command at once, not after hours of work for nobody.
#include "app/pipe/stdout_writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

SG_RESULT stdout_writer_put(struct bytes bytes)
{
    if (bytes.size > 0 && fwrite(bytes.data, 1, bytes.size, stdout) < bytes.size) {
        return sg_fail(SG_FATAL, errno, "standard output: %s", strerror(errno));
    }
    return sg_ok();
}
