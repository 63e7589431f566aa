// How the process takes memory from the system and gives it back. By glibc's allocator.
#pragma once

// Keeps freed memory for the next use, where the allocator would give it back after each batch of
// records and clear it anew for the next. For the start of a process that works without end, before
// other threads.
void memory_keep(void);

// Gives back what is free, of all threads: for a quiet time. Any thread.
void memory_give_back(void);
