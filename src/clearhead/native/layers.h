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

/* Keys and values of many sentences are more than the caches hold, and a wide key with its value fills a page, at whose
   end the processor stops to read ahead by itself: each is asked for as many keys ahead as are multiplied at once. */
enum { TOGETHER = 4 /* keys */, LINE = 16 /* numbers of a line of the cache */ };

static inline void fetch(const float *x, int count) {
    for (int i = 0; i < count; i += LINE) __builtin_prefetch(x + i, 0, 2);
}

/* Σ weight · value of one head, from key to key: the sums stay in registers, two at a time where the width has two. */
static inline void weigh(
    const float *const *values, size_t start, const float *weights, int count, int width, float *out
) {
    int i = 0;
    for (; i + 2 * LANES <= width; i += 2 * LANES) {
        floats first = {0}, second = {0};
        for (int key = 0; key < count; key++) {
            const float *value = values[key] + start + i;
            first += weights[key] * at(value), second += weights[key] * at(value + LANES);
        }
        memcpy(out + i, &first, sizeof first), memcpy(out + i + LANES, &second, sizeof second);
    }
    for (; i + LANES <= width; i += LANES) {
        floats sums = {0};
        for (int key = 0; key < count; key++) sums += weights[key] * at(values[key] + start + i);
        memcpy(out + i, &sums, sizeof sums);
    }
    for (; i < width; i++) {
        out[i] = 0.0f;
        for (int key = 0; key < count; key++) out[i] += weights[key] * values[key][start + i];
    }
}

/* softmax(q·Kᵀ/√d)·V for one query, head by head. Each of `attended` points to a key, its value following it. */
static inline __attribute__((always_inline)) void attend_by(
    const struct transformer *t, int head_width, const float *query, const float *const *attended, int count,
    float *scores, float *context
) {
    int width = key_width(t), stride = (count + LANES - 1) / LANES * LANES;
    int sharing = t->heads / t->kv_heads; /* so many heads have the same keys and values */
    float scale = t->attention_scale != 0.0f ? t->attention_scale : 1.0f / sqrtf((float)head_width);
    for (int key = 0; key < count; key += TOGETHER) {
        int together = key + TOGETHER <= count;
        const float *asked = query;
        for (int k = key; k < key + TOGETHER && k < count; k++) {
            if (k + TOGETHER < count) fetch(attended[k + TOGETHER], width);
            fetch(attended[k] + width, width);
        }
        for (int start = 0, head = 0; start < width; start += head_width)
            for (int of = 0; of < sharing; of++, head++, asked += head_width) {
                float *found = scores + head * stride + key;
                if (together) {
                    four products = dots(asked, attended + key, start, head_width) * scale;
                    memcpy(found, &products, sizeof products);
                } else
                    for (int k = 0; key + k < count; k++)
                        found[k] = dot(asked, attended[key + k] + start, head_width) * scale;
            }
    }
    for (int start = width; start < 2 * width; start += head_width)
        for (int of = 0; of < sharing; of++, scores += stride, context += head_width) {
            softmax(scores, count, stride);
            weigh(attended, start, scores, count, head_width, context);
        }
}

/* The widths that most models have are known as this is compiled, so that their loops are unrolled. */
static inline void attend(
    const struct transformer *t, const float *query, const float *const *attended, int count, float *scores,
    float *context
) {
    switch (t->head_width) {
        case 64: attend_by(t, 64, query, attended, count, scores, context); break;
        case 32: attend_by(t, 32, query, attended, count, scores, context); break;
        default: attend_by(t, t->head_width, query, attended, count, scores, context);
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
