#include "products.h"

#include "multiply_add.h"
#include "vectors.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ activations, in the weights' kind of number */

/* Bytes of a row of activations, in the kind of number that they are multiplied in. */
static size_t row_bytes(const struct matrix *matrix) {
    size_t depth = padded_depth(matrix);
    if (matrix->precision == INT8) return depth * sizeof(whole);
    return depth * (matrix->precision == BF16 ? sizeof(half) : sizeof(float));
}

size_t ch_workspace_bytes(const struct matrix *matrix, int rows) {
    int beyond = has_tiles() ? TILE_ROWS : 0; /* read to fill the last tile, and not used */
    return (rows + beyond) * (row_bytes(matrix) + sizeof(float)) + 64;
}

/* NaN where a number of the row is NaN or infinite: as whole numbers could not say so, the scale does. Without their
   sign, numbers are ordered as their bits are, and what is not one comes after all others. */
static float greatest_magnitude(const float *row, int count) {
    int32_t greatest = 0;
    float value;
    for (int i = 0; i < count; i++) {
        int32_t bits;
        memcpy(&bits, row + i, 4);
        bits &= 0x7fffffff;
        greatest = bits > greatest ? bits : greatest;
    }
    if (greatest >= 0x7f800000) return NAN;
    memcpy(&value, &greatest, 4);
    return value;
}

/* Each row by a scale of its own, so that no row depends on another. */
static float quantize(const float *row, int count, int depth, whole *out) {
    float greatest = greatest_magnitude(row, count);
    float factor = greatest > 0.0f ? 127.0f / greatest : 0.0f; /* 0 for NaN too, which stays in the scale */
    /* Adding 1.5·2²³ rounds to a whole number, ties to even, which then stands in the lowest bits. */
    for (int i = 0; i < count; i++) {
        float shifted = row[i] * factor + 12582912.0f;
        int32_t bits;
        memcpy(&bits, &shifted, 4);
        out[i] = (whole)((int8_t)bits + EXCESS);
    }
    for (int i = count; i < depth; i++) out[i] = EXCESS;
    return greatest / 127.0f;
}

static void round_to_bf16(const float *row, int count, int depth, half *out) {
    for (int i = 0; i < count; i++) out[i] = to_half(row[i]);
    for (int i = count; i < depth; i++) out[i] = 0;
}

/* ------------------------------------------------------------------ the innermost loops: `rows` rows by one block */

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
    const float *weight = (const float *)matrix->prepacked + (size_t)block * matrix->inputs * BLOCK;
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

INNER void block_bf16(
    const struct matrix *matrix, int block, const half *in, int rows, float *out, int stride, int outputs
) {
    int depth = padded_depth(matrix);
    const uint16_t *weight = (const uint16_t *)matrix->prepacked + (size_t)block * depth * BLOCK;
    const floats *bias = (const floats *)(matrix->bias + block * BLOCK);
    floats sums[ROWS][2];
    for (int row = 0; row < rows; row++) sums[row][0] = sums[row][1] = (floats){0};
    for (int input = 0; input < depth; input += 2, weight += 2 * BLOCK)
        for (int part = 0; part < BF16_PARTS; part++) {
            halves first = halves_at(weight, part), second = halves_at(weight + BLOCK, part);
            for (int row = 0; row < rows; row++) {
                halves value = spread_halves(in + (size_t)row * depth + input, part);
                sums[row][0] = add_halves(sums[row][0], value, first);
                sums[row][1] = add_halves(sums[row][1], value, second);
            }
        }
    for (int row = 0; row < rows; row++) sums[row][0] += bias[0], sums[row][1] += bias[1];
    store(out, stride, rows, outputs, sums);
}

/* Whole sums in the numbers that they stand for. */
INNER floats scaled(ints sums, float row_scale, floats scales, floats bias) {
    return __builtin_convertvector(sums, floats) * (row_scale * scales) + bias;
}

INNER void block_int8(
    const struct matrix *matrix, int block, const whole *in, const float *scale, int rows, float *out, int stride,
    int outputs
) {
    int depth = padded_depth(matrix);
    const int8_t *weight = (const int8_t *)matrix->prepacked + (size_t)block * depth * BLOCK;
    const ints *corrections = (const ints *)(matrix->corrections + block * BLOCK);
    const floats *scales = (const floats *)(matrix->scales + block * BLOCK);
    const floats *bias = (const floats *)(matrix->bias + block * BLOCK);
    ints sums[ROWS][2];
    for (int row = 0; row < rows; row++) sums[row][0] = corrections[0], sums[row][1] = corrections[1];
    for (int input = 0; input < depth; input += 4, weight += 4 * BLOCK)
        for (int part = 0; part < INT8_PARTS; part++) {
            wholes first = wholes_at(weight, part), second = wholes_at(weight + 2 * BLOCK, part);
            for (int row = 0; row < rows; row++) {
                wholes value = spread_wholes(in + (size_t)row * depth + input, part);
                sums[row][0] = add_wholes(sums[row][0], value, first);
                sums[row][1] = add_wholes(sums[row][1], value, second);
            }
        }
    floats results[ROWS][2];
    for (int row = 0; row < rows; row++)
        for (int half = 0; half < 2; half++)
            results[row][half] = scaled(sums[row][half], scale[row], scales[half], bias[half]);
    store(out, stride, rows, outputs, results);
}

#ifdef TILED

/* Up to 32 rows by one block, in tiles. Whole numbers are summed exactly, so the results are those of block_int8. */
static void tiles_int8(
    const struct matrix *matrix, int block, const char *in, const float *scale, int rows, float *out, int stride,
    int outputs
) {
    int depth = padded_depth(matrix);
    const char *weight = (const char *)matrix->prepacked + (size_t)block * depth * BLOCK;
    const ints *corrections = (const ints *)(matrix->corrections + block * BLOCK);
    const floats *scales = (const floats *)(matrix->scales + block * BLOCK);
    const floats *bias = (const floats *)(matrix->bias + block * BLOCK);
    ints sums[2 * TILE_ROWS][2] __attribute__((aligned(64)));
    zero_tiles();
    TILE_SUMS(tile_dpbusd)
    store_tiles(sums, rows);
    for (int row = 0; row < rows; row++) {
        floats results[1][2];
        for (int half = 0; half < 2; half++)
            results[0][half] = scaled(sums[row][half] + corrections[half], scale[row], scales[half], bias[half]);
        store(out + (size_t)row * stride, stride, 1, outputs, results);
    }
}

static void tiles_bf16(
    const struct matrix *matrix, int block, const char *in, int rows, float *out, int stride, int outputs
) {
    int depth = padded_depth(matrix) * sizeof(half);
    const char *weight = (const char *)matrix->prepacked + (size_t)block * depth * BLOCK;
    const floats *bias = (const floats *)(matrix->bias + block * BLOCK);
    floats sums[2 * TILE_ROWS][2] __attribute__((aligned(64)));
    zero_tiles();
    TILE_SUMS(tile_dpbf16ps)
    store_tiles(sums, rows);
    for (int row = 0; row < rows; row++) sums[row][0] += bias[0], sums[row][1] += bias[1];
    store(out, stride, rows, outputs, sums);
}

/* A row's sum in bfloat16 depends on the order of its products, so that one row takes the way that many take. */
static int is_for_tiles(const struct matrix *matrix, int rows) {
    return has_tiles() && (matrix->precision == BF16 || (matrix->precision == INT8 && rows >= TILE_ROWS));
}

static void matmul_block_in_tiles(
    const struct matrix *matrix, int block, const char *in, const float *scales, int rows, float *out, int stride,
    int outputs
) {
    for (int row = 0; row < rows; row += 2 * TILE_ROWS) {
        int count = rows - row < 2 * TILE_ROWS ? rows - row : 2 * TILE_ROWS;
        const char *some = in + row * row_bytes(matrix);
        float *target = out + (size_t)row * stride;
        if (matrix->precision == INT8)
            tiles_int8(matrix, block, some, scales + row, count, target, stride, outputs);
        else tiles_bf16(matrix, block, some, count, target, stride, outputs);
    }
}

#endif

static void matmul_block(
    const struct matrix *matrix, int block, const void *in, const float *scales, int rows, float *out, int stride
) {
    int outputs = matrix->outputs - block * BLOCK < BLOCK ? matrix->outputs - block * BLOCK : BLOCK;
    out += block * BLOCK;
#ifdef TILED
    if (is_for_tiles(matrix, rows)) {
        matmul_block_in_tiles(matrix, block, in, scales, rows, out, stride, outputs);
        return;
    }
#endif
    /* As few groups as can be, and of these none much smaller than the others: weights are loaded once for each. */
    int groups = (rows + ROWS - 1) / ROWS;
    for (int row = 0, count; row < rows; row += count, groups--) {
        count = (rows - row + groups - 1) / groups;
        float *target = out + (size_t)row * stride;
        const char *some = (const char *)in + row * row_bytes(matrix);
#define CALL_FP32(N) block_fp32(matrix, block, (const float *)some, N, target, stride, outputs)
#define CALL_BF16(N) block_bf16(matrix, block, (const half *)some, N, target, stride, outputs)
#define CALL_INT8(N) block_int8(matrix, block, (const whole *)some, scales + row, N, target, stride, outputs)
        if (matrix->precision == INT8) CASES(count, CALL_INT8)
        else if (matrix->precision == BF16) CASES(count, CALL_BF16)
        else CASES(count, CALL_FP32)
    }
}

/* Rows as numbers of the weights' kind, and in int8 their scales. */
struct converted {
    const void *rows;
    const float *scales;
};

static struct converted convert(const struct matrix *matrix, const float *in, int rows, void *work) {
    int depth = padded_depth(matrix);
    float *scales = work;
    char *converted = (char *)work + rounded_up(rows * sizeof(float), 64);
    if (matrix->precision == FP32) return (struct converted){in, scales};
    for (int row = 0; row < rows; row++) {
        const float *from = in + (size_t)row * matrix->inputs;
        size_t at = (size_t)row * depth;
        if (matrix->precision == INT8) scales[row] = quantize(from, matrix->inputs, depth, (whole *)converted + at);
        else round_to_bf16(from, matrix->inputs, depth, (half *)converted + at);
    }
    return (struct converted){converted, scales};
}

/* So small a matmul is not worth a second thread, nor even entering OpenMP with one. */
static int is_little(size_t rows, size_t inputs, size_t outputs) { return rows * inputs * outputs < 1u << 18; }

void matmul_apart(
    const struct matrix *matrix, const float *in, int rows, float *out, int stride, void *work, int threads
) {
    struct converted c = convert(matrix, in, rows, work);
    int blocks = (matrix->outputs + BLOCK - 1) / BLOCK, tiled = has_tiles() && matrix->precision != FP32;
    if (threads == 1 || is_little(rows, matrix->inputs, matrix->outputs)) {
        if (tiled) provide_tiles();
        for (int block = 0; block < blocks; block++) matmul_block(matrix, block, c.rows, c.scales, rows, out, stride);
        if (tiled) release_tiles();
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        if (tiled) provide_tiles();
#pragma omp for schedule(static) nowait
        for (int block = 0; block < blocks; block++) matmul_block(matrix, block, c.rows, c.scales, rows, out, stride);
        if (tiled) release_tiles();
    }
}

/* One block of a matrix that may have fewer: of `stride` outputs, those that it has not are -∞. */
static void matmul_or_fill(
    const struct matrix *matrix, int block, struct converted c, int row, int rows, float *out, int stride
) {
    const char *from = (const char *)c.rows + row * row_bytes(matrix);
    int start = block * BLOCK, end = start + BLOCK < stride ? start + BLOCK : stride;
    out += (size_t)row * stride;
    if (start < matrix->outputs) matmul_block(matrix, block, from, c.scales + row, rows, out, stride);
    for (int i = 0; i < rows; i++)
        for (int j = start > matrix->outputs ? start : matrix->outputs; j < end; j++)
            out[(size_t)i * stride + j] = -INFINITY;
}

void matmul_each(
    const struct matrix *matrices, const int32_t *numbers, int count, const float *in, int rows, float *out, int stride,
    void *work, int threads
) {
    struct converted c = convert(&matrices[numbers[0]], in, count * rows, work);
    int blocks = (stride + BLOCK - 1) / BLOCK, tiled = has_tiles() && matrices[numbers[0]].precision != FP32;
    if (threads == 1 || is_little(count * rows, matrices[numbers[0]].inputs, stride)) {
        if (tiled) provide_tiles();
        for (int i = 0; i < count; i++)
            for (int block = 0; block < blocks; block++)
                matmul_or_fill(&matrices[numbers[i]], block, c, i * rows, rows, out, stride);
        if (tiled) release_tiles();
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        if (tiled) provide_tiles();
#pragma omp for collapse(2) schedule(static) nowait
        for (int i = 0; i < count; i++)
            for (int block = 0; block < blocks; block++)
                matmul_or_fill(&matrices[numbers[i]], block, c, i * rows, rows, out, stride);
        if (tiled) release_tiles();
    }
}

void ch_matmul(const struct matrix *matrix, const float *in, int rows, float *out, void *work, int threads) {
    matmul_apart(matrix, in, rows, out, matrix->outputs, work, threads);
}
