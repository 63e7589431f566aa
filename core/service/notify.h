// Tells systemd how the service fares, when it was started by it: the protocol of sd_notify(3),
// text datagrams to the socket that NOTIFY_SOCKET names.
#pragma once

// Ready to serve; the unit is "active" from here on. Does nothing without systemd. Any thread.
void notify_ready(void);

// On its way out. Does nothing without systemd. Any thread.
void notify_stopping(void);
