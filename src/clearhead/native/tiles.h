/* Matmuls by AMX: registers of 16 rows by 64 bytes, and an instruction that multiplies two of them.

   tile_loadd, tile_dpbusd … are Intel's intrinsics (Software Developer's Manual, volume 2: TILELOADD, TDPBUSD …). With
   CLEARHEAD_TILES_IN_C they are plain C that follows the manual, to be tested on processors without AMX. */
#ifndef CLEARHEAD_TILES_H
#define CLEARHEAD_TILES_H

#include <stdint.h>
#include <string.h>

#include "vectors.h"

/* TILED is defined where a block's outputs fill two tiles and tiles can be compiled; whether this process may use them is
   asked once, by `has_tiles`. */
#if defined(CLEARHEAD_TILES_IN_C)
#define TILED
#elif LANES == 16 && defined(__linux__) && defined(__AMX_TILE__) && defined(__AMX_INT8__) && defined(__AMX_BF16__) && \
    defined(__AVX512VNNI__) && defined(__AVX512BF16__)
#define TILED
#endif

enum { TILE_ROWS = 16, TILE_BYTES = 64 };

#ifdef TILED

/* How many rows and bytes of a row each tile has: the operand of LDTILECFG. */
struct shapes {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
};

#ifdef CLEARHEAD_TILES_IN_C

static _Thread_local struct { struct shapes shapes; uint8_t numbers[8][TILE_ROWS][TILE_BYTES]; } tiles;

static inline int has_tiles(void) { return 1; }

static inline void tile_loadconfig(const void *shapes) {
    memcpy(&tiles.shapes, shapes, sizeof tiles.shapes);
    memset(tiles.numbers, 0, sizeof tiles.numbers);
}

static inline void tile_release(void) { memset(&tiles, 0, sizeof tiles); }

static inline void tile_zero(int tile) { memset(tiles.numbers[tile], 0, sizeof tiles.numbers[tile]); }

/* `stride`: bytes from one row in memory to the next. */
static inline void tile_loadd(int tile, const void *from, size_t stride) {
    tile_zero(tile);
    for (int row = 0; row < tiles.shapes.rows[tile]; row++)
        memcpy(tiles.numbers[tile][row], (const char *)from + row * stride, tiles.shapes.bytes[tile]);
}

static inline void tile_stored(int tile, void *to, size_t stride) {
    for (int row = 0; row < tiles.shapes.rows[tile]; row++)
        memcpy((char *)to + row * stride, tiles.numbers[tile][row], tiles.shapes.bytes[tile]);
}

/* sums[m][n] += Σ over words k, and bytes b of a word, of a[m][k][b] (unsigned) · w[k][n][b] (signed). */
static inline void tile_dpbusd(int sums, int a, int w) {
    for (int m = 0; m < tiles.shapes.rows[sums]; m++)
        for (int k = 0; k < tiles.shapes.bytes[a] / 4; k++)
            for (int n = 0; n < tiles.shapes.bytes[sums] / 4; n++) {
                int32_t sum;
                memcpy(&sum, tiles.numbers[sums][m] + 4 * n, 4);
                for (int b = 0; b < 4; b++)
                    sum += tiles.numbers[a][m][4 * k + b] * (int8_t)tiles.numbers[w][k][4 * n + b];
                memcpy(tiles.numbers[sums][m] + 4 * n, &sum, 4);
            }
}

static inline float half_in_tile(int tile, int row, int place) {
    uint16_t half;
    memcpy(&half, tiles.numbers[tile][row] + 2 * place, 2);
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/* The even numbers of all words are summed, and the odd ones, and then both are added to the sum. */
static inline void tile_dpbf16ps(int sums, int a, int w) {
    for (int m = 0; m < tiles.shapes.rows[sums]; m++)
        for (int n = 0; n < tiles.shapes.bytes[sums] / 4; n++) {
            float even = 0.0f, odd = 0.0f, sum;
            for (int k = 0; k < tiles.shapes.bytes[a] / 4; k++) {
                even += half_in_tile(a, m, 2 * k) * half_in_tile(w, k, 2 * n);
                odd += half_in_tile(a, m, 2 * k + 1) * half_in_tile(w, k, 2 * n + 1);
            }
            memcpy(&sum, tiles.numbers[sums][m] + 4 * n, 4);
            sum += even + odd;
            memcpy(tiles.numbers[sums][m] + 4 * n, &sum, 4);
        }
}

#else

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define tile_loadconfig _tile_loadconfig
#define tile_release _tile_release
#define tile_zero(tile) _tile_zero(tile)
#define tile_loadd(tile, from, stride) _tile_loadd(tile, from, stride)
#define tile_stored(tile, to, stride) _tile_stored(tile, to, stride)
#define tile_dpbusd(sums, rows, weights) _tile_dpbusd(sums, rows, weights)
#define tile_dpbf16ps(sums, rows, weights) _tile_dpbf16ps(sums, rows, weights)

/* Linux gives the registers to processes that ask for them, whose threads all have them then. */
static inline int has_tiles(void) {
    static int known; /* 0: nobody asked. Two threads that ask at once are told the same. */
    enum { REQUEST = 0x1023 /* ARCH_REQ_XCOMP_PERM */, TILE_DATA = 18 };
    int found = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (!found) {
        found = syscall(SYS_arch_prctl, REQUEST, TILE_DATA) ? -1 : 1;
        __atomic_store_n(&known, found, __ATOMIC_RELAXED);
    }
    return found > 0;
}

#endif

/* A thread's tiles, all of the full size, from here to `release_tiles`: they are part of what is saved of a thread. */
static inline void provide_tiles(void) {
    struct shapes shapes = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) shapes.bytes[tile] = TILE_BYTES, shapes.rows[tile] = TILE_ROWS;
    tile_loadconfig(&shapes);
}

static inline void release_tiles(void) { tile_release(); }

static inline void zero_tiles(void) {
    tile_zero(0);
    tile_zero(1);
    tile_zero(2);
    tile_zero(3);
}

/* Up to 32 rows by the 32 outputs of a block: sums in tiles 0 to 3, rows in 4 and 5, weights in 6 and 7. `in` has whole
   tiles of rows, `stride` bytes apart; `weight` has `depth` bytes of each output, word by word. MULTIPLY is constant. */
#define TILE_SUMS(MULTIPLY) \
    for (int byte = 0; byte < depth; byte += TILE_BYTES, weight += 32 * TILE_BYTES) { \
        tile_loadd(6, weight, 2 * TILE_BYTES); \
        tile_loadd(7, weight + TILE_BYTES, 2 * TILE_BYTES); \
        tile_loadd(4, in + byte, depth); \
        MULTIPLY(0, 4, 6); \
        MULTIPLY(1, 4, 7); \
        if (rows <= TILE_ROWS) continue; \
        tile_loadd(5, in + (size_t)TILE_ROWS * depth + byte, depth); \
        MULTIPLY(2, 5, 6); \
        MULTIPLY(3, 5, 7); \
    }

/* What TILE_SUMS leaves, as rows of 32 words. */
static inline void store_tiles(void *sums, int rows) {
    tile_stored(0, sums, 2 * TILE_BYTES);
    tile_stored(1, (char *)sums + TILE_BYTES, 2 * TILE_BYTES);
    if (rows <= TILE_ROWS) return;
    tile_stored(2, (char *)sums + 2 * TILE_ROWS * TILE_BYTES, 2 * TILE_BYTES);
    tile_stored(3, (char *)sums + (2 * TILE_ROWS + 1) * TILE_BYTES, 2 * TILE_BYTES);
}

#else

static inline int has_tiles(void) { return 0; }
static inline void provide_tiles(void) {}
static inline void release_tiles(void) {}

#endif

#endif
