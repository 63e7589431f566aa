// The alerts, from `alerts`.
#pragma once
#include "query/views/view.h"

extern const struct view alert_view;
