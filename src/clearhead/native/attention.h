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

static inline float scale_of(const struct transformer *t) {
    return t->attention_scale != 0.0f ? t->attention_scale : 1.0f / sqrtf((float)t->head_width);
}

/* What is added to a head's scores of keys `first`, `first` + 1, … for a query at `position`. */
static inline void add_bias(
    const struct transformer *t, const float *bias, int head, int position, int first, int count, float *scores
) {
    if (!bias) return;
    bias += (size_t)head * (2 * t->max_length - 1) + t->max_length - 1 + first - position;
    for (int key = 0; key < count; key++) scores[key] += bias[key];
}

/* In how many parts attention over so many keys in all is computed: one where a thread would wait longer than it works. */
static inline int parts_for(const struct transformer *t, const struct buffers *b, int64_t keys, int threads) {
    if (threads == 1 || keys * query_width(t) < 1 << 17) return 1;
    return threads < b->parts ? threads : b->parts;
}

/* Heads of keys, from `first` to before `last`: all that there are, or a part's share of them. */
struct heads {
    int first, last;
};

/* softmax(q·Kᵀ/√d)·V for one query, head by head. Each of `attended` points to a key, its value following it. Where there
   is a bias, it is self-attention: the query stands where the last key stands. */
static inline __attribute__((always_inline)) void attend_by(
    const struct transformer *t, int head_width, struct heads heads, const float *bias, const float *query,
    const float *const *attended, int count, float *scores, float *context
) {
    int width = key_width(t), stride = (count + LANES - 1) / LANES * LANES;
    int sharing = t->heads / t->kv_heads; /* so many heads have the same keys and values */
    int begin = heads.first * head_width, end = heads.last * head_width, head = heads.first * sharing;
    float scale = scale_of(t);
    query += head * head_width, context += head * head_width;
    for (int key = 0; key < count; key += TOGETHER) {
        int together = key + TOGETHER <= count;
        const float *asked = query;
        float *found = scores + key;
        for (int k = key; k < key + TOGETHER && k < count; k++) {
            if (k + TOGETHER < count) fetch(attended[k + TOGETHER] + begin, end - begin);
            fetch(attended[k] + width + begin, end - begin);
        }
        for (int start = begin; start < end; start += head_width)
            for (int of = 0; of < sharing; of++, found += stride, asked += head_width) {
                if (together) {
                    four products = dots(asked, attended + key, start, head_width) * scale;
                    memcpy(found, &products, sizeof products);
                } else
                    for (int k = 0; key + k < count; k++)
                        found[k] = dot(asked, attended[key + k] + start, head_width) * scale;
            }
    }
    for (int start = width + begin; start < width + end; start += head_width)
        for (int of = 0; of < sharing; of++, head++, scores += stride, context += head_width) {
            add_bias(t, bias, head, count - 1, 0, count, scores);
            softmax(scores, count, stride);
            weigh(attended, start, scores, count, head_width, context);
        }
}

/* The widths that most models have are known as this is compiled, so that their loops are unrolled. */
static inline void attend(
    const struct transformer *t, struct heads heads, const float *bias, const float *query, const float *const *attended,
    int count, float *scores, float *context
) {
    switch (t->head_width) {
        case 64: attend_by(t, 64, heads, bias, query, attended, count, scores, context); break;
        case 32: attend_by(t, 32, heads, bias, query, attended, count, scores, context); break;
        default: attend_by(t, t->head_width, heads, bias, query, attended, count, scores, context);
    }
}

/* ------------------------------------------------------------------ the positions of a sentence, all at once */

/* Where the products of one head of keys are computed: these products are those of the linear layers, with the keys of a
   sentence, or its values, for weights. */
struct products_of_head {
    float *keys;    /* blocks of BLOCK positions, of which each has number after number */
    float *values;  /* blocks of BLOCK numbers, of which each has position after position */
    float *queries; /* ROWS × head_width */
    float *scores;  /* ROWS × positions */
    float *nothing; /* the bias of those that have none */
};

/* How many numbers that takes for a sentence of this length. */
static inline size_t numbers_of_head(const struct transformer *t, int length) {
    size_t positions = rounded_up(length, BLOCK), head_width = rounded_up(t->head_width, BLOCK);
    return 2 * positions * head_width + ROWS * head_width + (ROWS + 1) * positions + head_width;
}

static inline struct products_of_head divided(const struct transformer *t, float *numbers, int length) {
    size_t positions = rounded_up(length, BLOCK), head_width = rounded_up(t->head_width, BLOCK);
    struct products_of_head p = {.keys = numbers, .values = numbers + positions * head_width};
    p.queries = p.values + positions * head_width;
    p.scores = p.queries + ROWS * head_width;
    p.nothing = p.scores + ROWS * positions;
    memset(p.nothing, 0, (positions + head_width) * sizeof(float));
    return p;
}

/* Numbers 0 to 3 of four vectors, as number 0 of all, number 1 of all, … */
INNER void turn_four(const float *from, size_t apart, float *to, size_t to_apart) {
    four a = *(const four *)from, b = *(const four *)(from + apart);
    four c = *(const four *)(from + 2 * apart), d = *(const four *)(from + 3 * apart);
    four ab = {a[0], b[0], a[1], b[1]}, cd = {c[0], d[0], c[1], d[1]};
    four late_ab = {a[2], b[2], a[3], b[3]}, late_cd = {c[2], d[2], c[3], d[3]};
    *(four *)to = (four){ab[0], ab[1], cd[0], cd[1]};
    *(four *)(to + to_apart) = (four){ab[2], ab[3], cd[2], cd[3]};
    *(four *)(to + 2 * to_apart) = (four){late_ab[0], late_ab[1], late_cd[0], late_cd[1]};
    *(four *)(to + 3 * to_apart) = (four){late_ab[2], late_ab[3], late_cd[2], late_cd[3]};
}

/* Keys, `apart` numbers from each other, as weights of a product whose outputs are positions. */
static inline void prepack_keys(const float *keys, size_t apart, int length, int head_width, float *to) {
    int fours = length / 4 * 4, wide = head_width / 4 * 4;
    memset(to + (size_t)(length / BLOCK) * BLOCK * head_width, 0, length % BLOCK ? (size_t)BLOCK * head_width * sizeof(float) : 0);
    for (int k = 0; k < length; k += k < fours ? 4 : 1) {
        const float *from = keys + k * apart;
        float *place = to + (size_t)(k / BLOCK) * BLOCK * head_width + k % BLOCK;
        for (int i = 0; i < wide && k < fours; i += 4) turn_four(from + i, apart, place + i * BLOCK, BLOCK);
        for (int of = 0; of < (k < fours ? 4 : 1); of++)
            for (int i = k < fours ? wide : 0; i < head_width; i++) place[i * BLOCK + of] = from[of * apart + i];
    }
}

/* Values, as weights of products whose inputs are positions: BLOCK numbers of all positions after each other. */
static inline void prepack_values(const float *values, size_t apart, int length, int head_width, float *to) {
    int positions = rounded_up(length, BLOCK);
    for (int start = 0; start < head_width; start += BLOCK) {
        int here = head_width - start < BLOCK ? head_width - start : BLOCK;
        if (here < BLOCK || length < positions) memset(to, 0, (size_t)positions * BLOCK * sizeof(float));
        for (int k = 0; k < length; k++, to += BLOCK) memcpy(to, values + k * apart + start, here * sizeof(float));
        to += (size_t)(positions - length) * BLOCK;
    }
}

/* `rows` queries, from position `first` on, of one head over the first `visible` positions; each over itself and those
   before it where it is causal. `query` and `context` are those of position 0. */
static inline void attend_at_once(
    const struct transformer *t, const float *bias, int head, int first, int rows, int visible, int causal, int length,
    struct products_of_head p, const float *query, float *context
) {
    int head_width = t->head_width, stride = rounded_up(visible, LANES), queries = query_width(t);
    size_t apart = queries + 2 * key_width(t);
    float scale = scale_of(t);
    struct matrix keys = {FP32, head_width, stride, .prepacked = p.keys, .bias = p.nothing};
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < head_width; i++)
            p.queries[row * head_width + i] = query[(first + row) * apart + i] * scale;
    ch_matmul(&keys, p.queries, rows, p.scores, p.queries, 1);
    for (int row = 0; row < rows; row++) {
        float *scores = p.scores + (size_t)row * stride;
        int count = causal ? first + row + 1 : visible;
        add_bias(t, bias, head, first + row, 0, count, scores);
        softmax(scores, count, stride);
    }
    context += (size_t)first * queries;
    for (int start = 0; start < head_width; start += BLOCK) {
        int outputs = head_width - start < BLOCK ? head_width - start : BLOCK;
        float *own = p.values + (size_t)start * rounded_up(length, BLOCK);
        struct matrix values = {FP32, stride, outputs, .prepacked = own, .bias = p.nothing};
        matmul_apart(&values, p.scores, rows, context + start, queries, p.queries, 1);
    }
}

/* All queries of the heads that share keys `shared`, over the positions of their sentence. `projected` has query, key and
   value of each position. */
static inline void attend_within(
    const struct transformer *t, const float *bias, int shared, const float *projected, int length, int causal,
    float *numbers, float *context
) {
    int head_width = t->head_width, sharing = t->heads / t->kv_heads;
    size_t apart = query_width(t) + 2 * key_width(t);
    struct products_of_head p = divided(t, numbers, length);
    const float *key = projected + query_width(t) + shared * head_width;
    prepack_keys(key, apart, length, head_width, p.keys);
    prepack_values(key + key_width(t), apart, length, head_width, p.values);
    for (int head = shared * sharing; head < (shared + 1) * sharing; head++)
        for (int first = 0, groups = (length + ROWS - 1) / ROWS, rows; groups; first += rows, groups--) {
            rows = (length - first + groups - 1) / groups;
            attend_at_once(
                t, bias, head, first, rows, causal ? first + rows : length, causal, length, p,
                projected + head * head_width, context + head * head_width
            );
        }
}

#endif
