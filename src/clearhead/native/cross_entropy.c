/* Label-smoothed cross-entropy and its gradient, row by row, while a row is in the cache. */
#include <math.h>

#include "vectors.h"

typedef uint16_t halves __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint32_t words __attribute__((vector_size(64), aligned(4), may_alias));

static inline floats widened(const uint16_t *bf16) {
    return (floats)(__builtin_convertvector(*(const halves *)bf16, words) << 16);
}

/* To the nearest, ties to even. */
static inline void narrow(floats values, uint16_t *bf16) {
    words bits = (words)values;
    bits = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    *(halves *)bf16 = __builtin_convertvector(bits, halves);
}

static inline floats loaded(const void *row, int bf16, int i) {
    return bf16 ? widened((const uint16_t *)row + i) : at((const float *)row + i);
}

static inline float one(const void *row, int bf16, int i) {
    if (!bf16) return ((const float *)row)[i];
    uint32_t bits = (uint32_t)((const uint16_t *)row)[i] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline void put(void *row, int bf16, int i, float value) {
    if (!bf16) {
        ((float *)row)[i] = value;
        return;
    }
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    ((uint16_t *)row)[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* The loss of one row, whose logits become the gradient: softmax(logits) - smoothed target. */
static inline __attribute__((always_inline)) float row_loss(
    void *row, int bf16, int vocabulary, int64_t target, float smoothing
) {
    floats greatest = (floats){0} - INFINITY, summed = {0}, weighed = {0};
    int i = 0, whole = vocabulary / LANES * LANES;
    for (i = 0; i < whole; i += LANES) {
        floats values = loaded(row, bf16, i);
        greatest = larger(greatest, values);
        summed += values;
    }
    float most = largest_of(greatest), every = total(summed), rest = 0.0f;
    for (i = whole; i < vocabulary; i++) {
        float value = one(row, bf16, i);
        most = value > most ? value : most, every += value;
    }
    for (i = 0; i < whole; i += LANES) weighed += exponential(loaded(row, bf16, i) - most);
    for (i = whole; i < vocabulary; i++) rest += expf(one(row, bf16, i) - most);
    float sum = total(weighed) + rest, factor = 1.0f / sum, each = smoothing / vocabulary, right = 1.0f - smoothing;
    float loss = most + logf(sum) - right * one(row, bf16, (int)target) - each * every;
    float at_target = expf(one(row, bf16, (int)target) - most) * factor - each - right;
    for (i = 0; i < whole; i += LANES) {
        floats gradient = exponential(loaded(row, bf16, i) - most) * factor - each;
        if (bf16) narrow(gradient, (uint16_t *)row + i);
        else *(floats *)((float *)row + i) = gradient;
    }
    for (i = whole; i < vocabulary; i++) put(row, bf16, i, expf(one(row, bf16, i) - most) * factor - each);
    put(row, bf16, (int)target, at_target);
    return every == every ? loss : NAN; /* A logit that is not a number must not be hidden. */
}

/* Write each row's loss into `losses` and its gradient over its logits, which are bfloat16 or else float32. */
void cross_entropy(
    void *logits, int bf16, const int64_t *targets, int rows, int vocabulary, float smoothing, float *losses, int threads
) {
    int shared = threads > 1 && (size_t)rows * vocabulary >= (1u << 16);
    (void)shared;
#pragma omp parallel for num_threads(threads) schedule(static) if (shared)
    for (int row = 0; row < rows; row++) {
        size_t start = (size_t)row * vocabulary;
        losses[row] = bf16 ? row_loss((uint16_t *)logits + start, 1, vocabulary, targets[row], smoothing)
                           : row_loss((float *)logits + start, 0, vocabulary, targets[row], smoothing);
    }
}
