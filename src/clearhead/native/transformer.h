/* The records that Python fills, and what is remembered of some sentences: for transformer.c alone. */
#ifndef CLEARHEAD_TRANSFORMER_H
#define CLEARHEAD_TRANSFORMER_H

#include "products.h"

enum activation { RELU, GELU, GELU_TANH, SILU };

/* LayerNorm, whose `bias` may be NULL; RMSNorm where it is not `centred`; nothing where `weight` is NULL. */
struct norm {
    const float *weight, *bias;
    float eps;
    int32_t centred;
};

struct layer {
    struct norm self_norm, cross_norm, feed_forward_norm;
    struct matrix self_inputs; /* query, key and value */
    struct matrix self_output;
    struct matrix cross_query, cross_memory /* key and value */, cross_output; /* of nothing in a stack without memory */
    struct matrix inner, gate, outer;
};

struct transformer {
    int32_t width, heads, kv_heads, head_width, inner_width, encoder_layers, decoder_layers;
    int32_t source_vocabulary, target_vocabulary, max_length; /* so many ids and positions the tables have */
    int32_t normalize_after, activation, gated;
    float scale;           /* of the embeddings */
    float attention_scale; /* of the scores; 0 for 1/√head_width */
    const float *source_embedding, *target_embedding;
    const float *source_positions, *target_positions; /* NULL for rotary ones */
    const float *cosine, *sine;                       /* rotary: positions × half a head's width; else NULL */
    struct layer *encoder, *decoder;
    struct norm encoder_norm, decoder_norm;
    struct matrix output;
};

/* How many numbers the queries of all heads are, and the keys of all heads that have their own. */
static inline int query_width(const struct transformer *t) { return t->heads * t->head_width; }
static inline int key_width(const struct transformer *t) { return t->kv_heads * t->head_width; }

/* What is computed in, for so many rows. */
struct buffers {
    int rows;
    float *inputs, *normalized, *projected, *context, *added, *inner, *gate, *scores;
    const float **attended;
    void *work;
};

/* What is remembered from step to step. Row = sentence · beams + beam, of the sentences that are still active. */
struct state {
    int32_t sentences, beams, position, capacity;
    int32_t begun, *numbers;   /* how many sentences there were, and which of these the active ones are */
    int32_t *starts, *lengths; /* of each sentence that was begun, in the memories */
    struct matrix *listed;     /* of each, the outputs that its logits are wanted of; NULL for all */
    int32_t outputs;           /* how many logits a row has: the vocabulary's or those of the longest list */
    float **memories;          /* a layer: source tokens × (key, value) */
    float **pasts;             /* a layer and a position: the rows of that step × (key, value) */
    int32_t *ancestry;         /* rows × capacity: the row that held this hypothesis at each position */
    struct buffers buffers;
};

/* Whether all of these are from 0 to `limit` - 1. */
static inline int all_below(const int64_t *numbers, size_t count, int limit) {
    int inside = 1;
    for (size_t i = 0; i < count; i++) inside &= (uint64_t)numbers[i] < (uint64_t)limit;
    return inside;
}

static inline int all_ids(const int32_t *ids, size_t count, int vocabulary) {
    int inside = 1;
    for (size_t i = 0; i < count; i++) inside &= (uint32_t)ids[i] < (uint32_t)vocabulary;
    return inside;
}

/* Whether the product of two sizes is one that an int holds, with room to spare. */
static inline int is_size(int64_t a, int64_t b) { return a >= 1 && b >= 1 && a * b <= 1 << 30; }

#endif
