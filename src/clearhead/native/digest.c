/* A number that changes whenever a byte of some memory does: whether weights are still those that were prepacked. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "exports.h"

/* So many sums side by side keep a processor's multipliers busy; each is of every LANES-th word. */
#define LANES 64
/* Odd, so that multiplying by it loses nothing: 2**32 divided by the golden ratio. */
#define FACTOR 2654435761u

/* Sums of words times powers of an odd number, modulo 2**32. One word that changes always changes its sum; more than one
   leave it by a chance of one in four thousand million. The sums are then joined in their order. */
static uint64_t joined(uint64_t digest, const unsigned char *bytes, size_t count)
{
    uint32_t sums[LANES] = {0}, words[LANES];
    for (; count >= sizeof words; bytes += sizeof words, count -= sizeof words) {
        memcpy(words, bytes, sizeof words);
        for (int lane = 0; lane < LANES; lane++)
            sums[lane] = (sums[lane] + words[lane]) * FACTOR;
    }
    memset(words, 0, sizeof words);
    memcpy(words, bytes, count);
    for (int lane = 0; lane < LANES; lane++) {
        sums[lane] = (sums[lane] + words[lane]) * FACTOR;
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
