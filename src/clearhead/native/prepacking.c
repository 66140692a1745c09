/* Matrices laid out once in the order in which products.c reads them, whole or some outputs of them. */
#include "products.h"

#include "multiply_add.h"

#include <math.h>
#include <stdlib.h>

/* Where weight (output, input) lies: block after block of outputs; in a block, group after group of inputs; in a
   group, output after output. */
static size_t place(const struct matrix *matrix, int output, int input) {
    int g = group(matrix->precision), depth = padded_depth(matrix), rest = input % g;
    if (matrix->precision == INT8) rest = order(rest);
    return (size_t)(output / BLOCK) * depth * BLOCK + (size_t)(input / g) * g * BLOCK + (output % BLOCK) * g + rest;
}

/* Each output's weights are whole numbers from -127 to 127 times a scale. Where activations are stored too high, as
   some instructions take one factor unsigned, the correction takes the excess away from the sum. */
static void prepack_int8(struct matrix *matrix, int output, const float *weight) {
    float greatest = 0.0f;
    int32_t sum = 0;
    for (int input = 0; input < matrix->inputs; input++) greatest = fmaxf(greatest, fabsf(weight[input]));
    matrix->scales[output] = greatest / 127.0f;
    for (int input = 0; input < matrix->inputs; input++) {
        int value = greatest > 0.0f ? (int)lrintf(weight[input] / greatest * 127.0f) : 0;
        ((int8_t *)matrix->prepacked)[place(matrix, output, input)] = (int8_t)value;
        sum += value;
    }
    matrix->corrections[output] = -EXCESS * sum;
}

/* Bytes of the prepacked weights of some outputs. */
static size_t bytes_of(const struct matrix *matrix, int outputs) {
    return (size_t)rounded_up(outputs, BLOCK) * ch_words32(matrix) * 4;
}

/* Room for a matrix of these sizes. */
static int provide(struct matrix *matrix, int precision, int outputs, int inputs) {
    size_t padded = rounded_up(outputs, BLOCK);
    *matrix = (struct matrix){.precision = precision, .inputs = inputs, .outputs = outputs};
    matrix->bias = calloc(padded, sizeof(float));
    matrix->prepacked = aligned_alloc(64, (bytes_of(matrix, outputs) + 63) / 64 * 64);
    matrix->scales = calloc(padded, sizeof(float));
    matrix->corrections = calloc(padded, sizeof(int32_t));
    if (!matrix->bias || !matrix->prepacked || !matrix->scales || !matrix->corrections) {
        ch_prepacked_free(matrix);
        return -1;
    }
    return 0;
}

int ch_prepack(struct matrix *matrix, int precision, int outputs, int inputs, const float *weight, const float *bias) {
    if (precision < FP32 || precision > INT8 || outputs < 1 || inputs < 1) return NO_SUCH_SIZE;
    if (outputs > 1 << 30 || inputs > 1 << 30) return NO_SUCH_SIZE; /* an int holds them rounded up as well */
    if (provide(matrix, precision, outputs, inputs)) return NO_MEMORY;
    memset(matrix->prepacked, 0, bytes_of(matrix, outputs));
    if (bias) memcpy(matrix->bias, bias, outputs * sizeof(float));
    for (int output = 0; output < outputs; output++) {
        const float *row = weight + (size_t)output * inputs;
        if (precision == INT8) {
            prepack_int8(matrix, output, row);
            continue;
        }
        for (int input = 0; input < inputs; input++) {
            size_t at = place(matrix, output, input);
            if (precision == BF16) ((uint16_t *)matrix->prepacked)[at] = to_bf16(row[input]);
            else ((float *)matrix->prepacked)[at] = row[input];
        }
    }
    return 0;
}

void ch_prepacked_free(struct matrix *matrix) {
    free(matrix->bias);
    free(matrix->prepacked);
    free(matrix->scales);
    free(matrix->corrections);
    *matrix = (struct matrix){0};
}

/* ------------------------------------------------------------------ some outputs of many */

typedef int32_t word __attribute__((may_alias));

/* A group of inputs fills a word in every precision. */
int ch_words32(const struct matrix *matrix) {
    return padded_depth(matrix) / group(matrix->precision);
}

/* Where the first word of an output's weights lies; the next ones lie BLOCK words apart. */
static word *first_word(const struct matrix *matrix, int output) {
    return (word *)matrix->prepacked + (size_t)(output / BLOCK) * ch_words32(matrix) * BLOCK + output % BLOCK;
}

void ch_unfold(const struct matrix *matrix, int32_t *unfolded) {
    int length = ch_words32(matrix);
    for (int output = 0; output < matrix->outputs; output++, unfolded += length) {
        const word *from = first_word(matrix, output);
        for (int i = 0; i < length; i++) unfolded[i] = from[(size_t)i * BLOCK];
    }
}

int gather_rows(
    const struct matrix *matrix, const int32_t *unfolded, const int32_t *outputs, int count, struct matrix *some
) {
    int length = ch_words32(matrix);
    if (provide(some, matrix->precision, count, matrix->inputs)) return -1;
    /* The last block may have fewer outputs than there is room for. */
    size_t whole_blocks = bytes_of(some, count - count % BLOCK);
    memset((char *)some->prepacked + whole_blocks, 0, bytes_of(some, count) - whole_blocks);
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
