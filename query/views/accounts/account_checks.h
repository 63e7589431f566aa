// What the accounts view takes, as the processors that read the same topics do. All fail with
// SG_DROP. Any thread.
#pragma once
#include "query/views/view.h"

SG_RESULT account_checks_user(const struct view_record *record);
SG_RESULT account_checks_subscription(const struct view_record *record);
SG_RESULT account_checks_result(const struct view_record *record);
