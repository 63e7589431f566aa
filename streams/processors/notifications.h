// notifications: alerts joined with their users, written so that a person likes to read them.
#pragma once
#include "streams/processor.h"

// Its stores, in the order of the topology.
enum { NOTIFICATIONS_USERS };

// See struct processor.
SG_RESULT notifications_take(const struct process *process, const struct event *event);
