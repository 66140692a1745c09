/* Attention in a state's buffers: one query after the other over keys that lie anywhere, as a decoding step needs it, and
   many queries over the keys of one sentence, as it is read. */
#ifndef CLEARHEAD_ATTENTION_H
#define CLEARHEAD_ATTENTION_H

#include <math.h>
#include <string.h>

#include "products.h"
#include "transformer.h"
#include "vectors.h"

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

#endif
