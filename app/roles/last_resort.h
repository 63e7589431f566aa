// The end of a process whose closing does not come to an end.
#pragma once

// Ends the process with code 1 and a line in the log, 4.5 s from now, if it still runs then. What
// was not committed is done again at the next start. Called once, when closing begins. Any thread.
void last_resort_begin(void);
