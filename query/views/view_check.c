// Checks of records.
#include "query/views/view_check.h"

#include "core/utf8.h"
#include "query/views/view_key.h"

#include <math.h>

sg_result view_check_name(const char *field, struct bytes name)
{
    if (name.size == 0 || name.size > VIEW_NAME_MAX || !utf8_is_printable(name)) {
        return sg_fail(SG_DROP, 0, "%s must be 1 to %d bytes without control characters", field,
                       VIEW_NAME_MAX);
    }
    return sg_ok();
}

sg_result view_check_finite(const char *field, double value)
{
    return isfinite(value) ? sg_ok() : sg_fail(SG_DROP, 0, "%s must be finite", field);
}

sg_result view_check_not_negative(const char *field, int64_t number)
{
    return number >= 0 ? sg_ok() : sg_fail(SG_DROP, 0, "%s must not be negative", field);
}

sg_result view_check_key(const struct view_record *record, const char *field, struct bytes name)
{
    SG_TRY(view_check_name(field, name));
    return bytes_equal(record->key, name) ? sg_ok()
                                          : sg_fail(SG_DROP, 0, "the key is not the %s", field);
}
