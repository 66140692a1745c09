/* A number that changes whenever a byte of some memory does: whether weights are still those that were prepacked. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "exports.h"

/* So many lanes side by side keep a processor's multipliers busy; each takes every LANES-th word. */
#define LANES 64
/* Odd, so that multiplying by it loses nothing: 2**32 divided by the golden ratio. */
#define FACTOR 2654435761u

/* Each of these operations can be undone, so that one word that changes always changes its lane. The shift brings the
   highest bits down: a product alone would leave a changed sign the highest bit, and two of them nothing. */
static inline uint32_t mixed(uint32_t sum, uint32_t word)
{
    sum = (sum ^ word) * FACTOR;
    return sum ^ sum >> 15;
}

/* The lanes' words, one after the other, then the lanes in their order. */
static uint64_t joined(uint64_t digest, const unsigned char *bytes, size_t count)
{
    uint32_t sums[LANES] = {0}, words[LANES];
    for (; count >= sizeof words; bytes += sizeof words, count -= sizeof words) {
        memcpy(words, bytes, sizeof words);
        for (int lane = 0; lane < LANES; lane++)
            sums[lane] = mixed(sums[lane], words[lane]);
    }
    memset(words, 0, sizeof words);
    memcpy(words, bytes, count);
    for (int lane = 0; lane < LANES; lane++) {
        sums[lane] = mixed(sums[lane], words[lane]);
        digest = (digest ^ sums[lane]) * 0x9E3779B97F4A7C15u;
        digest ^= digest >> 29;
    }
    return digest;
}

/* The digest of `count` pieces of memory, `sizes` in bytes, in this order. */
EXPORT uint64_t ch_digest(const void *const *pieces, const int64_t *sizes, int count)
{
    uint64_t digest = 0;
    for (int piece = 0; piece < count; piece++)
        digest = joined(digest ^ (uint64_t)sizes[piece], pieces[piece], (size_t)sizes[piece]);
    return digest;
}
