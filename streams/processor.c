// What processors share.
#include "streams/processor.h"

sg_result process_emit(const struct process *process, enum topic topic, struct bytes key,
                       const void *record)
{
    return process->emitter->emit(process->emitter->context, topic, key, record);
}

int64_t process_stamp(int64_t timestamp_ms)
{
    return timestamp_ms > 0 ? timestamp_ms : 1;
}
