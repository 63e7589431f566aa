// soglia metrics: what /metrics can show.
#include "app/command.h"

#include "app/pipe/stdout_writer.h"

#include "core/service/metric.h"

enum { PAGE_MAX_BYTES = 1024 * 1024 };

struct metrics_words {
    bool markdown;
};

static const struct option options[] = {
    {.key = "markdown",
     .type = OPTION_BOOL,
     .offset = offsetof(struct metrics_words, markdown),
     .fallback = "false",
     .help = "Print docs/metrics.md."},
};

static sg_result run(const struct invocation *invocation)
{
    const struct metrics_words *words = invocation->options;
    if (words->markdown) {
        metric_print_markdown();
        return sg_ok();
    }
    struct buffer page SG_CLEANUP(buffer_done);
    buffer_init(&page, PAGE_MAX_BYTES);
    SG_TRY(metric_print(&page));
    return stdout_writer_put(buffer_bytes(&page));
}

const struct command metrics_command = {
    .name = "metrics",
    .arguments = "",
    .summary = "every metric and what it means",
    .help = "Prints the names, kinds and meanings of all metrics in Prometheus' text format.\n"
            "Their values are at /metrics of `soglia serve`.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .options_bytes = sizeof(struct metrics_words),
    .is_brief = true,
    .run = run,
};
