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

/* In all of these, what is not a number stays so. */
INNER floats activated(enum activation kind, floats x) {
    floats positive = larger((floats){0}, x);
    switch (kind) {
        case RELU: return positive;
        case GELU: return x * share_below(x);
        /* 1 + tanh(y) is twice the sigmoid of 2·y. */
        case GELU_TANH: return x * sigmoid((x + x * x * x * 0.044715f) * 1.59576912f);
        case SILU: return x * sigmoid(x);
        case RELU2: return positive * positive;
        case TANH: break; /* number by number: it is asked for once a text */
    }
    return x;
}

INNER void activate_row(enum activation kind, float *x, int width) {
    float last[LANES] = {0};
    int i = 0;
    for (; i + LANES <= width; i += LANES) {
        floats values = activated(kind, at(x + i));
        memcpy(x + i, &values, sizeof values);
    }
    if (i == width) return;
    memcpy(last, x + i, (width - i) * sizeof(float));
    floats values = activated(kind, at(last));
    memcpy(x + i, &values, (width - i) * sizeof(float));
}

/* Row by row, so that a number's place among the lanes depends on its row alone. */
static inline void activate(enum activation kind, float *x, int rows, int width) {
    for (int row = 0; row < rows; row++, x += width) switch (kind) {
        case RELU: activate_row(RELU, x, width); break;
        case GELU: activate_row(GELU, x, width); break;
        case GELU_TANH: activate_row(GELU_TANH, x, width); break;
        case SILU: activate_row(SILU, x, width); break;
        case RELU2: activate_row(RELU2, x, width); break;
        case TANH:
            for (int i = 0; i < width; i++) x[i] = tanhf(x[i]);
            break;
    }
}

static inline void feed_forward(
    const struct transformer *t, const struct layer *layer, struct buffers *b, int rows, int threads
) {
    const float *in = entering(t, layer->feed_forward_norm, b, rows);
    size_t count = (size_t)rows * t->inner_width;
    ch_matmul(&layer->inner, in, rows, b->inner, b->work, threads);
    activate(t->activation, b->inner, rows, t->inner_width);
    if (t->gated) {
        ch_matmul(&layer->gate, in, rows, b->gate, b->work, threads);
        for (size_t i = 0; i < count; i++) b->inner[i] *= b->gate[i];
    }
    ch_matmul(&layer->outer, b->inner, rows, b->added, b->work, threads);
    leaving(t, layer->feed_forward_norm, b, rows);
}

/* Turn each pair of numbers of a head: (2i, 2i+1), or (i, i + half of them). */
static inline void rotate(const float *cosine, const float *sine, int half, int in_halves, float *head) {
    int first = in_halves ? 1 : 2, second = in_halves ? half : 1;
    for (int i = 0; i < half; i++) {
        float one = head[first * i], other = head[first * i + second];
        head[first * i] = one * cosine[i] - other * sine[i];
        head[first * i + second] = one * sine[i] + other * cosine[i];
    }
}

static inline void normalize_heads(struct norm norm, int heads, int head_width, float *vector) {
    if (norm.weight) normalize(norm, vector, heads, head_width, vector);
}

/* What is done to the query and the key of self-attention, head by head, before they meet: each is normalised, and turned
   by the angle of its position. The keys' heads follow those of the query. */
static inline void prepare_heads(const struct transformer *t, const struct layer *layer, float *vector, int position) {
    int head_width = t->head_width, half = head_width / 2;
    normalize_heads(layer->query_norm, t->heads, head_width, vector);
    normalize_heads(layer->key_norm, t->kv_heads, head_width, vector + query_width(t));
    if (!t->cosine) return;
    const float *cosine = t->cosine + (size_t)position * half, *sine = t->sine + (size_t)position * half;
    for (int head = 0; head < t->heads + t->kv_heads; head++)
        rotate(cosine, sine, half, t->rotary_halves, vector + head * head_width);
}

/* A token's row, with its segment and its position, normalised where the model says so. */
static inline void embed(const struct transformer *t, const struct embedding *e, int id, int position, float *out) {
    const float *row = e->matrix + (size_t)id * e->width;
    for (int i = 0; i < e->width; i++) out[i] = row[i] * t->scale;
    if (e->segment) add(out, e->segment, e->width);
    if (e->positions) add(out, e->positions + (size_t)position * e->width, e->width);
    if (e->norm.weight) normalize(e->norm, out, 1, e->width, out);
}

#endif
