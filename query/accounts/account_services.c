// Attempts that cost a hash, counted.
#include "query/accounts/account_services.h"

#include "core/service/clock.h"

#include <inttypes.h>

enum { US_PER_MS = 1000 };

sg_result account_services_attempt(const struct account_services *services,
                                   const struct http_request *request, struct bytes account,
                                   struct http_response *response,
                                   struct login_attempt *ret_attempt)
{
    *ret_attempt = (struct login_attempt){.account = account};
    if (!login_address_read(request->address, &ret_attempt->address)) {
        ret_attempt->address = (struct login_address){{0}};
    }
    int64_t wait_s =
        login_limit_take(services->logins, ret_attempt, clock_monotonic_us() / US_PER_MS);
    if (wait_s == 0) {
        return sg_ok();
    }
    SG_TRY(http_response_header(response, "Retry-After", "%" PRId64, wait_s));
    return sg_fail(SG_DROP, 429, "too many attempts: come back in %" PRId64 " s", wait_s);
}
