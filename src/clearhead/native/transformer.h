/* The records that Python fills, and what is remembered of some sentences: for reading.c and transformer.c. */
#ifndef CLEARHEAD_TRANSFORMER_H
#define CLEARHEAD_TRANSFORMER_H

#include "products.h"

enum activation { RELU, GELU, GELU_TANH, SILU, RELU2, TANH };

/* LayerNorm, whose `bias` may be NULL; RMSNorm where it is not `centred`; nothing where `weight` is NULL. */
struct norm {
    const float *weight, *bias;
    float eps;
    int32_t centred;
};

struct layer {
    struct norm self_norm, cross_norm, feed_forward_norm;
    struct norm query_norm, key_norm, cross_query_norm, cross_key_norm; /* of each head */
    struct matrix self_inputs; /* query, key and value */
    struct matrix self_output;
    struct matrix cross_query, cross_memory /* key and value */, cross_output; /* of nothing in a stack without memory */
    struct matrix inner, gate, outer;
};

struct embedding {
    const float *matrix;    /* NULL in the encoder's place of a model that has none: its decoder reads prompts */
    const float *segment;   /* of every token, or NULL */
    const float *positions; /* NULL where nothing is added */
    struct norm norm;
    int32_t width;            /* how many numbers these rows have: at most the model's width */
    struct matrix projection; /* makes the model's width of them, or nothing where they have it */
};

/* What is made of the vectors that a stack ends in: f(x·Wᵀ + b), normalised, and then a logit for each output. Without
   `dense` there are the logits alone. */
struct head {
    struct matrix dense, output;
    struct norm norm;
    int32_t activation;
};

struct transformer {
    int32_t width, heads, kv_heads, head_width, inner_width, encoder_layers, decoder_layers;
    int32_t source_vocabulary, target_vocabulary, max_length; /* so many ids and positions the tables have */
    int32_t normalize_after, activation, gated, rotary_halves, precision;
    float scale;           /* of the embeddings */
    float attention_scale; /* of the scores; 0 for 1/√head_width */
    struct embedding source, target;
    const float *cosine, *sine;             /* rotary: positions × half a head's width; else NULL */
    const float *source_bias, *target_bias; /* of self-attention's scores: heads × (2·max_length - 1), by the key's place
                                               after the query's, from 1 - max_length on; NULL for none */
    struct layer *encoder, *decoder;
    struct norm encoder_norm, decoder_norm;
    struct head tokens, classes; /* of nothing in a model that does not tell these */
};

static inline int reads_prompts(const struct transformer *t) { return !t->source.matrix; }

/* How many numbers the queries of all heads are, and the keys of all heads that have their own. */
static inline int query_width(const struct transformer *t) { return t->heads * t->head_width; }
static inline int key_width(const struct transformer *t) { return t->kv_heads * t->head_width; }

/* What is computed in, for so many rows. */
struct buffers {
    int rows;
    float *inputs, *normalized, *projected, *context, *added, *inner, *gate;
    void *work;
    /* Of attention, for each of `parts` that may be computed at once, so many numbers apart. */
    int parts;
    size_t numbers_apart, attended_apart;
    float *numbers;
    const float **attended;
};

/* What is remembered from step to step. Row = sentence · beams + beam, of the sentences that are still active. */
struct state {
    int32_t sentences, beams, position, capacity;
    int32_t begun, *numbers;   /* how many sentences there were, and which of these the active ones are */
    int32_t *starts, *lengths; /* of each sentence that was begun, in the memories */
    struct matrix *listed;     /* of each, the outputs that its logits are wanted of; NULL for all */
    int32_t outputs;           /* how many logits a row has: the vocabulary's or those of the longest list */
    float **memories;          /* a layer: what was read, source tokens or those of prompts × (key, value) */
    float **pasts;             /* a layer and a position: the rows of that step × (key, value) */
    int32_t *ancestry;         /* rows × capacity: the row that held this hypothesis at each position */
    struct buffers buffers;
};

/* How many positions precede the first step of a sentence that is active: those of its prompt. */
static inline int prompt_length(const struct transformer *t, const struct state *s, int sentence) {
    return reads_prompts(t) ? s->lengths[s->numbers[sentence]] : 0;
}

/* Buffers for so many rows. 0, or -1 where memory is short. */
int provide_buffers(const struct transformer *t, struct buffers *b, int rows);

static inline void *checked(void *pointer, int *failed) {
    if (!pointer) *failed = 1;
    return pointer;
}

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
