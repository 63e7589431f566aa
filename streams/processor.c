// What processors share.
#include "streams/processor.h"

sg_result process_emit(const struct process *process, enum topic topic, struct bytes key,
                       const void *record)
{
    return process->emitter->emit(process->emitter->context, topic, key, record);
}
