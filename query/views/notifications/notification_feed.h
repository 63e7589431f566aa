// Notifications and what became of them, from `notifications` and `deliveries`.
#pragma once
#include "query/views/view.h"

extern const struct view notification_view;
