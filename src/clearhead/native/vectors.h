/* Some numbers at a time, in a fixed order, so that a result does not depend on what else is computed. */
#ifndef CLEARHEAD_VECTORS_H
#define CLEARHEAD_VECTORS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* LANES numbers fill a register of this processor. */
#if defined(__AVX512F__) || defined(CLEARHEAD_TILES_IN_C)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float floats __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline floats at(const float *x) { return *(const floats *)x; }

typedef float four __attribute__((vector_size(16), aligned(4), may_alias));

static inline four halved(floats lanes) {
    union { floats all; four parts[LANES / 4]; } sums = {lanes};
    for (int half = LANES / 8; half; half /= 2)
        for (int i = 0; i < half; i++) sums.parts[i] += sums.parts[i + half];
    return sums.parts[0];
}

/* The sum of the lanes: one half and the other, and of these again, to the end. */
static inline float total(floats lanes) {
    four last = halved(lanes);
    return (last[0] + last[2]) + (last[1] + last[3]);
}

/* The same of four at once, to the last bit. */
static inline four totals(const floats *lanes) {
    four a = halved(lanes[0]), b = halved(lanes[1]), c = halved(lanes[2]), d = halved(lanes[3]);
    four first = (four){a[0], a[1], b[0], b[1]} + (four){a[2], a[3], b[2], b[3]};
    four second = (four){c[0], c[1], d[0], d[1]} + (four){c[2], c[3], d[2], d[3]};
    return (four){first[0], first[2], second[0], second[2]} + (four){first[1], first[3], second[1], second[3]};
}

static inline float sum(const float *x, int count) {
    floats lanes = {0};
    float rest = 0.0f;
    int i = 0;
    for (; i + LANES <= count; i += LANES) lanes += at(x + i);
    for (; i < count; i++) rest += x[i];
    return total(lanes) + rest;
}

static inline float sum_of_squares(const float *x, float mean, int count) {
    floats lanes = {0};
    float rest = 0.0f;
    int i = 0;
    for (; i + LANES <= count; i += LANES) lanes += (at(x + i) - mean) * (at(x + i) - mean);
    for (; i < count; i++) rest += (x[i] - mean) * (x[i] - mean);
    return total(lanes) + rest;
}

static inline float dot(const float *x, const float *y, int count) {
    floats lanes = {0};
    float rest = 0.0f;
    int i = 0;
    for (; i + LANES <= count; i += LANES) lanes += at(x + i) * at(y + i);
    for (; i < count; i++) rest += x[i] * y[i];
    return total(lanes) + rest;
}

/* x · y of four y at once, each what `dot` gives, to the last bit. */
static inline four dots(const float *x, const float *const *y, size_t start, int count) {
    floats lanes[4] = {{0}};
    four rest = {0};
    int i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < 4; k++) lanes[k] += at(x + i) * at(y[k] + start + i);
    for (; i < count; i++)
        for (int k = 0; k < 4; k++) rest[k] += x[i] * y[k][start + i];
    return totals(lanes) + rest;
}

/* Lane by lane: one where `first`, all ones, says so, and the other where it is zero. */
static inline floats chosen(ints first, floats one, floats other) {
    return (floats)((first & (ints)one) | (~first & (ints)other));
}

static inline floats larger(floats x, floats y) {
    return chosen(x > y, x, y);
}

static inline float largest_of(floats lanes) {
    float result = lanes[0];
    for (int lane = 1; lane < LANES; lane++) result = lanes[lane] > result ? lanes[lane] : result;
    return result;
}

/* eˣ for x from -87 to 0, to 2e-7 of it: 2 to the whole part of x·log2(e), times a polynomial of the rest. */
static inline floats exponential(floats x) {
    const float log2e = 1.44269504f, high = 0.693359375f, low = -2.12194440e-4f, magic = 12582912.0f;
    x = larger((floats){0} - 87.0f, x); /* in this order, what is not a number stays so */
    floats shifted = x * log2e + magic, whole = shifted - magic;
    floats rest = x - whole * high - whole * low;
    floats power = (floats){0} + 1.9875691500e-4f;
    power = power * rest + 1.3981999507e-3f;
    power = power * rest + 8.3334519073e-3f;
    power = power * rest + 4.1665795894e-2f;
    power = power * rest + 1.6666665459e-1f;
    power = power * rest + 5.0000001201e-1f;
    power = power * rest * rest + rest + 1.0f;
    /* Multiplied and not added to the exponent: what is not a number stays so. 127 << 23 are the bits of 1. */
    return power * (floats)(((ints)shifted << 23) + (127 << 23));
}

static inline floats magnitude(floats x) { return (floats)((ints)x & 0x7fffffff); }

/* 1/(1 + e⁻ˣ), to some 2e-7 of it; what is not a number stays so. */
static inline floats sigmoid(floats x) {
    floats below = exponential(-magnitude(x)), one = (floats){0} + 1.0f;
    return chosen(x < 0.0f, below, one) / (below + 1.0f);
}

/* Φ(x), the share of the normal distribution that is below x, to some 3e-7 of it. Source: Press et al., Numerical Recipes,
   `erfcc`, a fit by Chebyshev polynomials. */
static inline floats share_below(floats x) {
    floats y = magnitude(x) * 0.70710678f, t = 1.0f / (0.5f * y + 1.0f);
    floats power = (floats){0} + 0.17087277f;
    power = power * t - 0.82215223f;
    power = power * t + 1.48851587f;
    power = power * t - 1.13520398f;
    power = power * t + 0.27886807f;
    power = power * t - 0.18628806f;
    power = power * t + 0.09678418f;
    power = power * t + 0.37409196f;
    power = power * t + 1.00002368f;
    power = power * t - 1.26551223f;
    floats beyond = 0.5f * t * exponential(power - y * y);
    return chosen(x < 0.0f, beyond, 1.0f - beyond);
}

/* Scores to weights that sum to 1. `stride`, a multiple of LANES, is the room that the scores have. */
static inline void softmax(float *scores, int count, int stride) {
    for (int i = count; i < stride; i++) scores[i] = -INFINITY;
    floats greatest = at(scores), lanes = {0};
    for (int i = LANES; i < stride; i += LANES) greatest = larger(greatest, at(scores + i));
    float most = largest_of(greatest);
    for (int i = 0; i < stride; i += LANES) {
        floats weights = exponential(at(scores + i) - most);
        memcpy(scores + i, &weights, sizeof weights);
    }
    for (int i = count; i < stride; i++) scores[i] = 0.0f;
    for (int i = 0; i < stride; i += LANES) lanes += at(scores + i);
    float factor = 1.0f / total(lanes);
    for (int i = 0; i < stride; i += LANES) {
        floats weights = at(scores + i) * factor;
        memcpy(scores + i, &weights, sizeof weights);
    }
}

#endif
