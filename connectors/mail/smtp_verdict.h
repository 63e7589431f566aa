// What the end of an SMTP transfer means for its mail. A pure function of what libcurl and the
// server said; the rows of the table were measured and stand in the test.
#pragma once
#include <curl/curl.h>
#include <stdbool.h>

// How an attempt ended for the mail.
enum smtp_verdict {
    SMTP_SENT,     // The server has taken it.
    SMTP_RETRY,    // Not this time.
    SMTP_REJECTED, // Never: the server refuses this mail for good.
};

// What is known when a transfer ends.
struct smtp_facts {
    CURLcode curl;
    long code;        // Last reply code; 0 without one, also after half a reply.
    bool end_of_data; // libcurl has the whole mail and may have sent its final dot.
};

struct smtp_judgement {
    enum smtp_verdict verdict;
    bool ambiguous;     // The server may have taken it: repeat the same bytes under the same id.
    bool configuration; // Our settings or the server's are wrong; mails wait until that is mended.
    bool said_so;       // The last reply is the cause.
};

// Judges a transfer. The reply code alone would be wrong: it is the last one seen, so that a
// connection lost behind RCPT shows 250. Any thread.
struct smtp_judgement smtp_verdict_of(const struct smtp_facts *facts);
