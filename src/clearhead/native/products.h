/* Products of activations with weights that were prepacked: fp32, bf16 and int8. */
#ifndef CLEARHEAD_PRODUCTS_H
#define CLEARHEAD_PRODUCTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "exports.h"
#include "tiles.h"
#include "vectors.h"

enum precision { FP32, BF16, INT8 };

/* x·Wᵀ + b. `prepacked` holds W in blocks of BLOCK outputs, each block's numbers in the order in which they are read;
   `scales` (int8 only) what a unit of each output's weights is worth; `bias` may be NULL. */
struct matrix {
    int32_t precision, inputs, outputs;
    void *prepacked;
    float *scales;
    int32_t *corrections; /* int8 only: see prepack_int8 */
    float *bias;
};

/* So many outputs are computed at a time: two registers of them; and of so many rows that their sums fill most of the
   registers. */
enum { BLOCK = 2 * LANES };
#if LANES == 16 || defined(__aarch64__)
enum { ROWS = 12 };
#else
enum { ROWS = 6 };
#endif

#define INNER static inline __attribute__((always_inline))

/* CALL(count), as a constant, so that the sums of each case live in registers. */
#define CASE(CALL, N) case N: CALL(N < ROWS ? N : ROWS); break;
#define CASES(count, CALL) \
    switch (count) { \
        CASE(CALL, 1) CASE(CALL, 2) CASE(CALL, 3) CASE(CALL, 4) CASE(CALL, 5) CASE(CALL, 6) \
        CASE(CALL, 7) CASE(CALL, 8) CASE(CALL, 9) CASE(CALL, 10) CASE(CALL, 11) CASE(CALL, 12) \
    }

static inline int rounded_up(int number, int unit) { return (number + unit - 1) / unit * unit; }

/* How many inputs one step of the innermost loop takes. */
static inline int group(int precision) { return precision == INT8 ? 4 : precision == BF16 ? 2 : 1; }

/* How many inputs there are with the zeros that fill them up: whole groups, or where there are tiles whole tiles. */
static inline int padded_depth(const struct matrix *matrix) {
    int unit = group(matrix->precision);
#ifdef TILED
    if (unit > 1) unit *= TILE_BYTES / 4;
#endif
    return rounded_up(matrix->inputs, unit);
}

static inline uint16_t to_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40); /* NaN stays NaN */
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);                 /* to the nearest, ties to even */
}

/* Fill `matrix` with `weight` (outputs × inputs, row by row) and `bias`, which may be NULL. */
EXPORT int ch_prepack(
    struct matrix *matrix, int precision, int outputs, int inputs, const float *weight, const float *bias
);
EXPORT void ch_prepacked_free(struct matrix *matrix);

/* Bytes of working memory that `ch_matmul` needs for this many rows. */
EXPORT size_t ch_workspace_bytes(const struct matrix *matrix, int rows);

/* out (rows × outputs) = in (rows × inputs) · Wᵀ + b. A row's result depends on that row alone, to the last bit: it is
   summed in the same order whatever the number of rows and of threads. */
EXPORT void ch_matmul(const struct matrix *matrix, const float *in, int rows, float *out, void *work, int threads);

/* The same, with `stride` numbers from one row of `out` to the next. */
void matmul_apart(
    const struct matrix *matrix, const float *in, int rows, float *out, int stride, void *work, int threads
);

/* The same for one sentence or more, of `rows` rows each: number i is multiplied with matrices[numbers[i]]. All have as
   many inputs. What is beyond a matrix's outputs becomes -∞. */
void matmul_each(
    const struct matrix *matrices, const int32_t *numbers, int count, const float *in, int rows, float *out, int stride,
    void *work, int threads
);

/* How many words of 32 bits an output's weights take. */
EXPORT int ch_words32(const struct matrix *matrix);

/* Write the prepacked weights one output after the other (outputs × words). */
EXPORT void ch_unfold(const struct matrix *matrix, int32_t *unfolded);

/* Fill `some` with these outputs of `matrix`, whose unfolded weights are given; products with them are the same, to the
   last bit. 0, or -1 where memory is short. */
int gather_rows(
    const struct matrix *matrix, const int32_t *unfolded, const int32_t *outputs, int count, struct matrix *some
);

#endif
