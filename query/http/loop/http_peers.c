// A table of the addresses that have connections.
#include "query/http/loop/http_peers.h"

#include "core/hash.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct peer {
    struct peer *next;
    struct in6_addr address; // An IPv4 address as one of IPv6.
    size_t count;
};

struct http_peers {
    size_t max;
    pthread_mutex_t lock; // Guards the table.
    struct peer *buckets[BUCKETS];
};

// False for what is no IP address.
static bool read_address(const struct sockaddr *address, struct in6_addr *ret_address)
{
    memset(ret_address, 0, sizeof *ret_address);
    if (address->sa_family == AF_INET6) {
        *ret_address = ((const struct sockaddr_in6 *)address)->sin6_addr;
        return true;
    }
    if (address->sa_family != AF_INET) {
        return false;
    }
    ret_address->s6_addr[10] = 0xff;
    ret_address->s6_addr[11] = 0xff;
    memcpy(ret_address->s6_addr + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    return true;
}

// The link to the peer, or to the end of its bucket. The lock is held.
static struct peer **find(struct http_peers *peers, const struct in6_addr *address)
{
    uint64_t hash = hash_bytes(bytes_of(address, sizeof *address));
    struct peer **link = &peers->buckets[hash % BUCKETS];
    while (*link != NULL && memcmp(&(*link)->address, address, sizeof *address) != 0) {
        link = &(*link)->next;
    }
    return link;
}

struct http_peers *http_peers_new(size_t max)
{
    struct http_peers *peers = calloc(1, sizeof *peers);
    if (peers != NULL) {
        peers->max = max;
        pthread_mutex_init(&peers->lock, NULL);
    }
    return peers;
}

void http_peers_free(struct http_peers **peers)
{
    struct http_peers *freed = *peers;
    for (size_t i = 0; freed != NULL && i < BUCKETS; i++) {
        while (freed->buckets[i] != NULL) {
            struct peer *first = freed->buckets[i];
            freed->buckets[i] = first->next;
            free(first);
        }
    }
    if (freed != NULL) {
        pthread_mutex_destroy(&freed->lock);
    }
    free(freed);
    *peers = NULL;
}

bool http_peers_enter(struct http_peers *peers, const struct sockaddr *address)
{
    struct in6_addr known;
    if (!read_address(address, &known)) {
        return true;
    }
    pthread_mutex_lock(&peers->lock);
    struct peer **link = find(peers, &known);
    if (*link == NULL && (*link = calloc(1, sizeof **link)) != NULL) {
        (*link)->address = known;
    }
    bool enters = *link != NULL && (*link)->count < peers->max;
    if (enters) {
        (*link)->count++;
    }
    pthread_mutex_unlock(&peers->lock);
    return enters;
}

void http_peers_leave(struct http_peers *peers, const struct sockaddr *address)
{
    struct in6_addr known;
    if (!read_address(address, &known)) {
        return;
    }
    pthread_mutex_lock(&peers->lock);
    struct peer **link = find(peers, &known);
    struct peer *peer = *link;
    if (peer != NULL && --peer->count == 0) {
        *link = peer->next;
        free(peer);
    }
    pthread_mutex_unlock(&peers->lock);
}
