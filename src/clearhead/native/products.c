#include "products.h"

#include "vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512VNNI__) || defined(__AVX512BF16__)
#include <immintrin.h>
#endif

/* So many rows are multiplied at a time: with two registers of weights, 24 sums are kept in registers. */
enum { ROWS = 12 };

static int rounded_up(int number, int unit) { return (number + unit - 1) / unit * unit; }

/* How many inputs one step of the innermost loop takes. */
static int group(int precision) { return precision == INT8 ? 4 : precision == BF16 ? 2 : 1; }

static size_t size_of(int precision) { return precision == INT8 ? 1 : precision == BF16 ? 2 : 4; }

static uint16_t to_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40); /* NaN stays NaN */
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);                 /* to the nearest, ties to even */
}

#ifndef __AVX512BF16__
static float from_bf16(uint16_t value) {
    uint32_t bits = (uint32_t)value << 16;
    float result;
    memcpy(&result, &bits, 4);
    return result;
}
#endif

static int whole(float value) { return (int)lrintf(value); }

/* ------------------------------------------------------------------ packing */

/* Where weight (output, input) lies: block after block of outputs; in a block, group after group of inputs; in a
   group, output after output. */
static size_t place(const struct matrix *matrix, int output, int input) {
    int g = group(matrix->precision), depth = rounded_up(matrix->inputs, g);
    return (size_t)(output / BLOCK) * depth * BLOCK + (size_t)(input / g) * g * BLOCK + (output % BLOCK) * g + input % g;
}

/* Each output's weights are whole numbers from -127 to 127 times a scale. Activations are stored 128 too high, as the
   processor's instruction takes one factor unsigned; the correction takes the excess away from the sum. */
static void pack_int8(struct matrix *matrix, int output, const float *weight) {
    float greatest = 0.0f;
    int32_t sum = 0;
    for (int input = 0; input < matrix->inputs; input++) greatest = fmaxf(greatest, fabsf(weight[input]));
    matrix->scales[output] = greatest / 127.0f;
    for (int input = 0; input < matrix->inputs; input++) {
        int value = greatest > 0.0f ? whole(weight[input] / greatest * 127.0f) : 0;
        ((int8_t *)matrix->packed)[place(matrix, output, input)] = (int8_t)value;
        sum += value;
    }
    matrix->corrections[output] = -128 * sum;
}

/* Bytes of the packed weights of some outputs. */
static size_t bytes_of(const struct matrix *matrix, int outputs) {
    return (size_t)rounded_up(outputs, BLOCK) * words(matrix) * 4;
}

/* Room for a matrix of these sizes. */
static int provide(struct matrix *matrix, int precision, int outputs, int inputs) {
    size_t padded = rounded_up(outputs, BLOCK);
    *matrix = (struct matrix){.precision = precision, .inputs = inputs, .outputs = outputs};
    matrix->bias = calloc(padded, sizeof(float));
    matrix->packed = aligned_alloc(64, bytes_of(matrix, outputs));
    matrix->scales = calloc(padded, sizeof(float));
    matrix->corrections = calloc(padded, sizeof(int32_t));
    if (!matrix->bias || !matrix->packed || !matrix->scales || !matrix->corrections) {
        unpack(matrix);
        return -1;
    }
    return 0;
}

int pack(struct matrix *matrix, int precision, int outputs, int inputs, const float *weight, const float *bias) {
    if (provide(matrix, precision, outputs, inputs)) return -1;
    memset(matrix->packed, 0, bytes_of(matrix, outputs));
    if (bias) memcpy(matrix->bias, bias, outputs * sizeof(float));
    for (int output = 0; output < outputs; output++) {
        const float *row = weight + (size_t)output * inputs;
        if (precision == INT8) {
            pack_int8(matrix, output, row);
            continue;
        }
        for (int input = 0; input < inputs; input++) {
            size_t at = place(matrix, output, input);
            if (precision == BF16) ((uint16_t *)matrix->packed)[at] = to_bf16(row[input]);
            else ((float *)matrix->packed)[at] = row[input];
        }
    }
    return 0;
}

void unpack(struct matrix *matrix) {
    free(matrix->bias);
    free(matrix->packed);
    free(matrix->scales);
    free(matrix->corrections);
    *matrix = (struct matrix){0};
}

/* ------------------------------------------------------------------ some outputs of many */

typedef int32_t word __attribute__((may_alias));

/* A group of inputs fills a word in every precision. */
int words(const struct matrix *matrix) {
    int unit = group(matrix->precision);
    return rounded_up(matrix->inputs, unit) / unit;
}

/* Where the first word of an output's weights lies; the next ones lie BLOCK words apart. */
static word *first_word(const struct matrix *matrix, int output) {
    return (word *)matrix->packed + (size_t)(output / BLOCK) * words(matrix) * BLOCK + output % BLOCK;
}

void unfold(const struct matrix *matrix, int32_t *unfolded) {
    int length = words(matrix);
    for (int output = 0; output < matrix->outputs; output++, unfolded += length) {
        const word *from = first_word(matrix, output);
        for (int i = 0; i < length; i++) unfolded[i] = from[(size_t)i * BLOCK];
    }
}

int gather(
    const struct matrix *matrix, const int32_t *unfolded, const int32_t *outputs, int count, struct matrix *some
) {
    int length = words(matrix);
    if (provide(some, matrix->precision, count, matrix->inputs)) return -1;
    /* The last block may have fewer outputs than there is room for. */
    size_t whole_blocks = bytes_of(some, count - count % BLOCK);
    memset((char *)some->packed + whole_blocks, 0, bytes_of(some, count) - whole_blocks);
    for (int i = 0; i < count; i++) {
        some->bias[i] = matrix->bias[outputs[i]];
        some->scales[i] = matrix->scales[outputs[i]];
        some->corrections[i] = matrix->corrections[outputs[i]];
    }
    /* Some words of every output of a block at a time, so that the lines of the cache written to are few. */
    for (int block = 0; block < count; block += BLOCK)
        for (int start = 0; start < length; start += LANES) {
            int last = count - block < BLOCK ? count : block + BLOCK;
            int end = length - start < LANES ? length : start + LANES;
            for (int output = block; output < last; output++) {
                const int32_t *from = unfolded + (size_t)outputs[output] * length;
                word *to = first_word(some, output);
                for (int i = start; i < end; i++) to[(size_t)i * BLOCK] = from[i];
            }
        }
    return 0;
}

/* ------------------------------------------------------------------ activations, in the weights' kind of number */

size_t room(const struct matrix *matrix, int rows) {
    size_t depth = rounded_up(matrix->inputs, group(matrix->precision));
    return rows * (depth * size_of(matrix->precision) + sizeof(float)) + 64;
}

static float greatest_magnitude(const float *row, int count) {
    float lanes[LANES] = {0}, greatest = 0.0f;
    int i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int lane = 0; lane < LANES; lane++) {
            float value = fabsf(row[i + lane]);
            lanes[lane] = value > lanes[lane] ? value : lanes[lane];
        }
    for (; i < count; i++) greatest = fmaxf(greatest, fabsf(row[i]));
    for (int lane = 0; lane < LANES; lane++) greatest = fmaxf(greatest, lanes[lane]);
    return greatest;
}

/* Each row by a scale of its own, so that no row depends on another. */
static float quantize(const float *row, int count, int depth, uint8_t *out) {
    float greatest = greatest_magnitude(row, count);
    float factor = greatest > 0.0f ? 127.0f / greatest : 0.0f;
    /* Adding 1.5·2²³ rounds to a whole number, ties to even, which then stands in the lowest bits. */
    for (int i = 0; i < count; i++) {
        float shifted = row[i] * factor + 12582912.0f;
        int32_t bits;
        memcpy(&bits, &shifted, 4);
        out[i] = (uint8_t)(bits + 128);
    }
    memset(out + count, 128, depth - count);
    return greatest / 127.0f;
}

static void round_to_bf16(const float *row, int count, int depth, uint16_t *out) {
    for (int i = 0; i < count; i++) out[i] = to_bf16(row[i]);
    memset(out + count, 0, (depth - count) * sizeof(uint16_t));
}

/* ------------------------------------------------------------------ the innermost loops: `rows` rows by one block */

#define INNER static inline __attribute__((always_inline))

INNER void store(float *out, int stride, int rows, int outputs, floats sums[][2]) {
    for (int row = 0; row < rows; row++) {
        float *to = out + (size_t)row * stride;
        /* A constant length is two stores; another is a call. */
        if (outputs == BLOCK) memcpy(to, sums[row], BLOCK * sizeof(float));
        else memcpy(to, sums[row], outputs * sizeof(float));
    }
}

INNER void block_fp32(
    const struct matrix *matrix, int block, const float *in, int rows, float *out, int stride, int outputs
) {
    const float *weight = (const float *)matrix->packed + (size_t)block * matrix->inputs * BLOCK;
    const floats *bias = (const floats *)(matrix->bias + block * BLOCK);
    floats sums[ROWS][2];
    for (int row = 0; row < rows; row++) sums[row][0] = sums[row][1] = (floats){0};
    for (int input = 0; input < matrix->inputs; input++, weight += BLOCK) {
        floats first = *(const floats *)weight, second = *(const floats *)(weight + LANES);
        for (int row = 0; row < rows; row++) {
            float value = in[(size_t)row * matrix->inputs + input];
            sums[row][0] += value * first;
            sums[row][1] += value * second;
        }
    }
    for (int row = 0; row < rows; row++) sums[row][0] += bias[0], sums[row][1] += bias[1];
    store(out, stride, rows, outputs, sums);
}

#ifndef __AVX512BF16__
INNER floats widened(const uint16_t *weight, int of_pair) {
    ints bits;
    for (int lane = 0; lane < LANES; lane++) bits[lane] = (int32_t)((uint32_t)weight[2 * lane + of_pair] << 16);
    return (floats)bits;
}
#endif

INNER void block_bf16(
    const struct matrix *matrix, int block, const uint16_t *in, int rows, float *out, int stride, int outputs
) {
    int depth = rounded_up(matrix->inputs, 2);
    const uint16_t *weight = (const uint16_t *)matrix->packed + (size_t)block * depth * BLOCK;
    const floats *bias = (const floats *)(matrix->bias + block * BLOCK);
    floats sums[ROWS][2];
    for (int row = 0; row < rows; row++) sums[row][0] = sums[row][1] = (floats){0};
    for (int input = 0; input < depth; input += 2, weight += 2 * BLOCK) {
        for (int row = 0; row < rows; row++) {
            const uint16_t *pair = in + (size_t)row * depth + input;
#ifdef __AVX512BF16__
            int32_t both;
            memcpy(&both, pair, 4);
            __m512bh value = (__m512bh)_mm512_set1_epi32(both);
            __m512bh first = (__m512bh)_mm512_loadu_si512(weight);
            __m512bh second = (__m512bh)_mm512_loadu_si512(weight + BLOCK);
            sums[row][0] = (floats)_mm512_dpbf16_ps((__m512)sums[row][0], first, value);
            sums[row][1] = (floats)_mm512_dpbf16_ps((__m512)sums[row][1], second, value);
#else
            for (int half = 0; half < 2; half++)
                for (int of_pair = 0; of_pair < 2; of_pair++)
                    sums[row][half] += from_bf16(pair[of_pair]) * widened(weight + half * BLOCK, of_pair);
#endif
        }
    }
    for (int row = 0; row < rows; row++) sums[row][0] += bias[0], sums[row][1] += bias[1];
    store(out, stride, rows, outputs, sums);
}

INNER void block_int8(
    const struct matrix *matrix, int block, const uint8_t *in, const float *scale, int rows, float *out, int stride,
    int outputs
) {
    int depth = rounded_up(matrix->inputs, 4);
    const int8_t *weight = (const int8_t *)matrix->packed + (size_t)block * depth * BLOCK;
    const ints *corrections = (const ints *)(matrix->corrections + block * BLOCK);
    const floats *scales = (const floats *)(matrix->scales + block * BLOCK);
    const floats *bias = (const floats *)(matrix->bias + block * BLOCK);
    ints sums[ROWS][2];
    for (int row = 0; row < rows; row++) sums[row][0] = corrections[0], sums[row][1] = corrections[1];
    for (int input = 0; input < depth; input += 4, weight += 4 * BLOCK) {
        for (int row = 0; row < rows; row++) {
            const uint8_t *four = in + (size_t)row * depth + input;
#ifdef __AVX512VNNI__
            int32_t all;
            memcpy(&all, four, 4);
            __m512i value = _mm512_set1_epi32(all);
            sums[row][0] = (ints)_mm512_dpbusd_epi32((__m512i)sums[row][0], value, _mm512_loadu_si512(weight));
            sums[row][1] =
                (ints)_mm512_dpbusd_epi32((__m512i)sums[row][1], value, _mm512_loadu_si512(weight + 2 * BLOCK));
#else
            for (int half = 0; half < 2; half++)
                for (int lane = 0; lane < LANES; lane++)
                    for (int one = 0; one < 4; one++)
                        sums[row][half][lane] += four[one] * weight[(half * LANES + lane) * 4 + one];
#endif
        }
    }
    floats results[ROWS][2];
    for (int row = 0; row < rows; row++)
        for (int half = 0; half < 2; half++)
            results[row][half] =
                __builtin_convertvector(sums[row][half], floats) * (scale[row] * scales[half]) + bias[half];
    store(out, stride, rows, outputs, results);
}

/* Constant numbers of rows, so that the sums of each case live in registers. */
#define CASES(CALL) \
    switch (count) { \
        case 1: CALL(1); break; \
        case 2: CALL(2); break; \
        case 3: CALL(3); break; \
        case 4: CALL(4); break; \
        case 5: CALL(5); break; \
        case 6: CALL(6); break; \
        case 7: CALL(7); break; \
        case 8: CALL(8); break; \
        case 9: CALL(9); break; \
        case 10: CALL(10); break; \
        case 11: CALL(11); break; \
        default: CALL(12); \
    }

static void multiply_block(
    const struct matrix *matrix, int block, const void *in, const float *scales, int rows, float *out, int stride
) {
    int outputs = matrix->outputs - block * BLOCK < BLOCK ? matrix->outputs - block * BLOCK : BLOCK;
    size_t depth = rounded_up(matrix->inputs, group(matrix->precision));
    out += block * BLOCK;
    for (int row = 0; row < rows; row += ROWS) {
        int count = rows - row < ROWS ? rows - row : ROWS;
        float *target = out + (size_t)row * stride;
        const char *some = (const char *)in + row * depth * size_of(matrix->precision);
#define CALL_FP32(N) block_fp32(matrix, block, (const float *)some, N, target, stride, outputs)
#define CALL_BF16(N) block_bf16(matrix, block, (const uint16_t *)some, N, target, stride, outputs)
#define CALL_INT8(N) block_int8(matrix, block, (const uint8_t *)some, scales + row, N, target, stride, outputs)
        if (matrix->precision == INT8) CASES(CALL_INT8)
        else if (matrix->precision == BF16) CASES(CALL_BF16)
        else CASES(CALL_FP32)
    }
}

void multiply_apart(
    const struct matrix *matrix, const float *in, int rows, float *out, int stride, void *work, int threads
) {
    int blocks = (matrix->outputs + BLOCK - 1) / BLOCK, depth = rounded_up(matrix->inputs, group(matrix->precision));
    const void *converted = in;
    float *scales = work;
    if (matrix->precision != FP32) {
        converted = (char *)work + rounded_up(rows * sizeof(float), 64);
        for (int row = 0; row < rows; row++) {
            const float *from = in + (size_t)row * matrix->inputs;
            size_t at = (size_t)row * depth;
            if (matrix->precision == INT8) scales[row] = quantize(from, matrix->inputs, depth, (uint8_t *)converted + at);
            else round_to_bf16(from, matrix->inputs, depth, (uint16_t *)converted + at);
        }
    }
    /* Below some hundred thousand products a second thread costs more than it saves. */
    if (threads == 1 || (size_t)rows * matrix->inputs * matrix->outputs < (1u << 18)) {
        for (int block = 0; block < blocks; block++)
            multiply_block(matrix, block, converted, scales, rows, out, stride);
        return;
    }
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int block = 0; block < blocks; block++) multiply_block(matrix, block, converted, scales, rows, out, stride);
}

void multiply(const struct matrix *matrix, const float *in, int rows, float *out, void *work, int threads) {
    multiply_apart(matrix, in, rows, out, matrix->outputs, work, threads);
}
