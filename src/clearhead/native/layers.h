/* The parts of a layer, each computed in a state's buffers: what model/feed_forward.py, attention.py … say in Python. */
#ifndef CLEARHEAD_LAYERS_H
#define CLEARHEAD_LAYERS_H

#include <math.h>
#include <string.h>

#include "products.h"
#include "transformer.h"
#include "vectors.h"

static inline void normalize(struct norm norm, const float *in, int rows, int width, float *out) {
    for (int row = 0; row < rows; row++, in += width, out += width) {
        float mean = norm.centred ? sum(in, width) / width : 0.0f;
        float squares = sum_of_squares(in, mean, width);
        /* Squares too large to be summed would make nothing of every number, and hide what has gone wrong. */
        float factor = squares < INFINITY ? 1.0f / sqrtf(squares / width + norm.eps) : NAN;
        if (norm.bias)
            for (int i = 0; i < width; i++) out[i] = (in[i] - mean) * factor * norm.weight[i] + norm.bias[i];
        else
            for (int i = 0; i < width; i++) out[i] = (in[i] - mean) * factor * norm.weight[i];
    }
}

static inline void add(float *to, const float *what, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] += what[i];
}

/* The sub-layer's input: normalised first for pre-norm. */
static inline const float *entering(const struct transformer *t, struct norm norm, struct buffers *b, int rows) {
    if (t->normalize_after) return b->inputs;
    normalize(norm, b->inputs, rows, t->width, b->normalized);
    return b->normalized;
}

/* The residual connection: x + Sublayer(x), normalised afterwards in the paper's way. */
static inline void leaving(const struct transformer *t, struct norm norm, struct buffers *b, int rows) {
    add(b->inputs, b->added, (size_t)rows * t->width);
    if (t->normalize_after) normalize(norm, b->inputs, rows, t->width, b->inputs);
}

static inline void activate(enum activation kind, float *x, size_t count) {
    if (kind == RELU) /* a loop of its own, so that compilers make vectors of it */
        for (size_t i = 0; i < count; i++) x[i] = x[i] < 0.0f ? 0.0f : x[i]; /* what is not a number stays so */
    else
        for (size_t i = 0; i < count; i++) switch (kind) {
            case RELU: break;
            case GELU: x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f)); break;
            case GELU_TANH:
                x[i] = 0.5f * x[i] * (1.0f + tanhf(0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
                break;
            case SILU: x[i] = x[i] / (1.0f + expf(-x[i])); break;
        }
}

static inline void feed_forward(
    const struct transformer *t, const struct layer *layer, struct buffers *b, int rows, int threads
) {
    const float *in = entering(t, layer->feed_forward_norm, b, rows);
    size_t count = (size_t)rows * t->inner_width;
    ch_matmul(&layer->inner, in, rows, b->inner, b->work, threads);
    activate(t->activation, b->inner, count);
    if (t->gated) {
        ch_matmul(&layer->gate, in, rows, b->gate, b->work, threads);
        for (size_t i = 0; i < count; i++) b->inner[i] *= b->gate[i];
    }
    ch_matmul(&layer->outer, b->inner, rows, b->added, b->work, threads);
    leaving(t, layer->feed_forward_norm, b, rows);
}

/* Turn each pair (2i, 2i+1) of every head by the angle of its position; the keys' heads follow those of the query. */
static inline void rotate(const struct transformer *t, float *vector, int position) {
    int head_width = t->head_width, half = head_width / 2;
    if (!t->cosine) return;
    const float *cosine = t->cosine + (size_t)position * half, *sine = t->sine + (size_t)position * half;
    for (int head = 0; head < t->heads + t->kv_heads; head++, vector += head_width)
        for (int i = 0; i < half; i++) {
            float even = vector[2 * i], odd = vector[2 * i + 1];
            vector[2 * i] = even * cosine[i] - odd * sine[i];
            vector[2 * i + 1] = even * sine[i] + odd * cosine[i];
        }
}

static inline void embed(
    const struct transformer *t, const float *table, const float *positions, int id, int position, float *out
) {
    const float *row = table + (size_t)id * t->width;
    for (int i = 0; i < t->width; i++) out[i] = row[i] * t->scale;
    if (positions) add(out, positions + (size_t)position * t->width, t->width);
}

#endif
