/* What a Transformer reads, and what is remembered of it: what model/ says in Python, for use on a CPU. An encoder-decoder
   reads sources with its encoder, and its decoder attends to the memory; a decoder alone reads prompts, and attends to
   their keys and values as to those of the positions that follow. Of an encoder alone, and of a decoder alone where that
   is asked for, each position's last vector is given. Sentences lie one after the other without padding. */
#include <stdlib.h>
#include <string.h>

#include "attention.h"
#include "exports.h"
#include "layers.h"
#include "products.h"
#include "transformer.h"
#include "vectors.h"

/* Attention is computed in no more parts at once. */
enum { MOST_PARTS = 64 };

static size_t largest(size_t a, size_t b) { return a > b ? a : b; }

static void release(struct buffers *b) {
    free(b->inputs), free(b->normalized), free(b->projected), free(b->context), free(b->added);
    free(b->inner), free(b->gate), free(b->work);
    b->rows = 0, b->work = b->gate = b->inner = b->added = b->context = b->projected = b->normalized = b->inputs = NULL;
}

int provide_buffers(const struct transformer *t, struct buffers *b, int rows) {
    int failed = 0;
    if (rows <= b->rows) return 0;
    release(b);
    size_t bytes = rows * sizeof(float), width = t->width, inner = t->inner_width;
    struct matrix deepest = {.precision = t->precision, .inputs = largest(largest(width, inner), query_width(t))};
    b->inputs = checked(malloc(bytes * width), &failed);
    b->normalized = checked(malloc(bytes * width), &failed);
    b->projected = checked(malloc(bytes * (query_width(t) + 2 * key_width(t))), &failed);
    b->context = checked(malloc(bytes * query_width(t)), &failed);
    b->added = checked(malloc(bytes * width), &failed);
    b->inner = checked(malloc(bytes * inner), &failed);
    b->gate = t->gated ? checked(malloc(bytes * inner), &failed) : NULL;
    size_t workspace = ch_workspace_bytes(&deepest, rows);
    b->work = checked(aligned_alloc(64, (workspace + 63) / 64 * 64), &failed);
    b->rows = failed ? 0 : rows;
    return failed ? -1 : 0;
}

/* ------------------------------------------------------------------ reading */

static void embed_sentences(
    const struct transformer *t, struct state *s, const struct embedding *e, const int32_t *ids, int rows, int threads
) {
    struct buffers *b = &s->buffers;
    float *made = e->projection.prepacked ? b->normalized : b->inputs;
    for (int sentence = 0; sentence < s->sentences; sentence++)
        for (int i = 0; i < s->lengths[sentence]; i++) {
            size_t row = s->starts[sentence] + i;
            embed(t, e, ids[row], i, made + row * e->width);
        }
    if (e->projection.prepacked) ch_matmul(&e->projection, made, rows, b->inputs, b->work, threads);
}

/* Query, key and value of every position of all sentences. */
static void project_sentences(
    const struct transformer *t, const struct layer *layer, struct state *s, int rows, int threads
) {
    struct buffers *b = &s->buffers;
    size_t all = query_width(t) + 2 * key_width(t);
    ch_matmul(&layer->self_inputs, entering(t, layer->self_norm, b, rows), rows, b->projected, b->work, threads);
    for (int sentence = 0; sentence < s->sentences; sentence++)
        for (int i = 0; i < s->lengths[sentence]; i++)
            prepare_heads(t, layer, b->projected + (s->starts[sentence] + i) * all, i);
}

/* Each `parts`-th head of keys of all sentences, beginning with `part`. */
static void attend_in_part(
    const struct transformer *t, const float *bias, struct state *s, int causal, int part, int parts
) {
    struct buffers *b = &s->buffers;
    size_t queries = query_width(t), all = queries + 2 * key_width(t);
    for (int64_t number = part; number < (int64_t)s->sentences * t->kv_heads; number += parts) {
        int sentence = number / t->kv_heads, shared = number % t->kv_heads;
        size_t start = s->starts[sentence];
        attend_within(
            t, bias, shared, b->projected + start * all, s->lengths[sentence], causal,
            b->numbers + part * b->numbers_apart, b->context + start * queries
        );
    }
}

/* The rest of a layer, once the positions are projected. */
static void read_layer(
    const struct transformer *t, const struct layer *layer, const float *bias, struct state *s, int causal, int rows,
    int threads
) {
    struct buffers *b = &s->buffers;
    int64_t keys = 0;
    for (int sentence = 0; sentence < s->sentences; sentence++)
        keys += (int64_t)s->lengths[sentence] * s->lengths[sentence];
    int parts = parts_for(t, b, keys, threads);
    if (parts == 1) attend_in_part(t, bias, s, causal, 0, 1);
    else
#pragma omp parallel for num_threads(parts) schedule(static, 1)
        for (int part = 0; part < parts; part++) attend_in_part(t, bias, s, causal, part, parts);
    ch_matmul(&layer->self_output, b->context, rows, b->added, b->work, threads);
    leaving(t, layer->self_norm, b, rows);
    feed_forward(t, layer, b, rows, threads);
}

/* All of a stack: from what is embedded to its last vectors. */
static void read_stack(
    const struct transformer *t, const struct layer *layers, int count, struct norm norm, const float *bias,
    struct state *s, int causal, int rows, int threads
) {
    for (int number = 0; number < count; number++) {
        project_sentences(t, &layers[number], s, rows, threads);
        read_layer(t, &layers[number], bias, s, causal, rows, threads);
    }
    if (norm.weight) normalize(norm, s->buffers.inputs, rows, t->width, s->buffers.inputs);
}

/* Sources to memories: the keys and values that each layer of the decoder makes of what the encoder says. */
static int encode(const struct transformer *t, struct state *s, const int32_t *ids, int rows, int threads) {
    struct buffers *b = &s->buffers;
    int failed = 0;
    embed_sentences(t, s, &t->source, ids, rows, threads);
    read_stack(t, t->encoder, t->encoder_layers, t->encoder_norm, t->source_bias, s, 0, rows, threads);
    for (int layer = 0; layer < t->decoder_layers; layer++) {
        float *memory = s->memories[layer] = checked(malloc((size_t)rows * 2 * key_width(t) * sizeof(float)), &failed);
        if (failed) return -1;
        ch_matmul(&t->decoder[layer].cross_memory, b->inputs, rows, memory, b->work, threads);
        for (int row = 0; row < rows && t->decoder[layer].cross_key_norm.weight; row++)
            normalize_heads(
                t->decoder[layer].cross_key_norm, t->kv_heads, t->head_width, memory + (size_t)row * 2 * key_width(t)
            );
    }
    return 0;
}

/* Prompts to the keys and values that each layer of the decoder has of them. What their last position says is not asked
   for, so of the last layer nothing else is computed. */
static int read_prompts(const struct transformer *t, struct state *s, const int32_t *ids, int rows, int threads) {
    struct buffers *b = &s->buffers;
    int failed = 0;
    size_t keys = 2 * key_width(t), all = query_width(t) + keys;
    embed_sentences(t, s, &t->target, ids, rows, threads);
    for (int number = 0; number < t->decoder_layers; number++) {
        float *memory = s->memories[number] = checked(malloc(rows * keys * sizeof(float)), &failed);
        if (failed) return -1;
        project_sentences(t, &t->decoder[number], s, rows, threads);
        for (size_t row = 0; row < (size_t)rows; row++)
            memcpy(memory + row * keys, b->projected + row * all + query_width(t), keys * sizeof(float));
        if (number + 1 < t->decoder_layers)
            read_layer(t, &t->decoder[number], t->target_bias, s, 1, rows, threads);
    }
    return 0;
}

EXPORT void ch_state_free(const struct transformer *t, struct state *s) {
    if (!s) return;
    for (int layer = 0; s->memories && layer < t->decoder_layers; layer++) free(s->memories[layer]);
    for (size_t i = 0; s->pasts && i < (size_t)t->decoder_layers * s->capacity; i++) free(s->pasts[i]);
    release(&s->buffers);
    free(s->buffers.numbers), free(s->buffers.attended);
    for (int number = 0; s->listed && number < s->begun; number++) ch_prepacked_free(&s->listed[number]);
    free(s->numbers), free(s->starts), free(s->lengths), free(s->listed);
    free(s->memories), free(s->pasts), free(s->ancestry);
    free(s);
}

/* Whether these are sentences of `fewest` to `longest` ids of the model's. */
static int refused(
    const int32_t *ids, int count, const int32_t *lengths, int sentences, int fewest, int longest, int vocabulary
) {
    int64_t total = 0;
    for (int sentence = 0; sentence < sentences; sentence++) {
        if (lengths[sentence] < fewest || lengths[sentence] > longest) return NO_SUCH_POSITION;
        total += lengths[sentence];
    }
    if (total != count || (total && !is_size(total, 1))) return NO_SUCH_SIZE;
    return all_ids(ids, count, vocabulary) ? DONE : NO_SUCH_ID;
}

/* Room for attention in `parts` at once: over all that a query attends to, or within a sentence of `longest` positions. */
static void provide_attention(
    const struct transformer *t, struct buffers *b, int longest, int capacity, int parts, int *failed
) {
    size_t attended = reads_prompts(t) ? (size_t)longest + capacity : largest(longest, capacity);
    b->parts = parts;
    b->attended_apart = attended;
    b->numbers_apart = largest((size_t)t->heads * (attended + LANES), numbers_of_head(t, longest));
    b->numbers = checked(malloc(parts * b->numbers_apart * sizeof(float)), failed);
    b->attended = checked(malloc(parts * b->attended_apart * sizeof(float *)), failed);
}

/* What is to be remembered of some sentences, of which nothing is read yet; NULL where memory is short. */
static struct state *new_state(
    const struct transformer *t, const int32_t *lengths, int sentences, int beams, int capacity, int threads
) {
    int failed = 0, rows = 0, longest = 0;
    struct state *s = checked(calloc(1, sizeof *s), &failed);
    if (failed) return NULL;
    s->sentences = s->begun = sentences, s->beams = beams, s->capacity = capacity;
    s->outputs = t->target_vocabulary;
    s->numbers = checked(malloc(sentences * sizeof(int32_t)), &failed);
    s->starts = checked(malloc(sentences * sizeof(int32_t)), &failed);
    s->lengths = checked(malloc(sentences * sizeof(int32_t)), &failed);
    s->memories = checked(calloc(t->decoder_layers + 1, sizeof(float *)), &failed);
    s->pasts = checked(calloc((size_t)t->decoder_layers * capacity + 1, sizeof(float *)), &failed);
    s->ancestry = checked(malloc((size_t)sentences * beams * capacity * sizeof(int32_t)), &failed);
    for (int sentence = 0; sentence < sentences && !failed; sentence++) {
        s->numbers[sentence] = sentence, s->starts[sentence] = rows, s->lengths[sentence] = lengths[sentence];
        rows += lengths[sentence];
        if (lengths[sentence] > longest) longest = lengths[sentence];
    }
    provide_attention(t, &s->buffers, longest, capacity, threads < MOST_PARTS ? threads : MOST_PARTS, &failed);
    if (failed || (rows && provide_buffers(t, &s->buffers, rows))) {
        ch_state_free(t, s);
        return NULL;
    }
    return s;
}

/* Read `sentences` sources, or prompts, whose ids, `count` in all, lie one after the other; `capacity` is the greatest
   number of target positions. A prompt may be empty, and what follows it stands at positions after its own. What is to be
   remembered is put into `made`. */
EXPORT int ch_state_new(
    const struct transformer *t, const int32_t *ids, int count, const int32_t *lengths, int sentences, int beams,
    int capacity, int threads, struct state **made
) {
    int prompts = reads_prompts(t), longest = t->max_length - (prompts ? capacity : 0);
    if (!is_size(sentences, beams) || count < !prompts || threads < 1) return NO_SUCH_SIZE;
    if (capacity < 1 || capacity > t->max_length) return NO_SUCH_POSITION;
    int vocabulary = prompts ? t->target_vocabulary : t->source_vocabulary;
    int failed = refused(ids, count, lengths, sentences, !prompts, longest, vocabulary);
    if (failed) return failed;
    struct state *s = new_state(t, lengths, sentences, beams, capacity, threads);
    if (!s) return NO_MEMORY;
    if (count && (prompts ? read_prompts : encode)(t, s, ids, count, threads)) {
        ch_state_free(t, s);
        return NO_MEMORY;
    }
    *made = s;
    return DONE;
}

/* The last vectors of every position of some sentences, one after the other as their ids: what the encoder says, or of a
   model without one the decoder. `causal` is whether a position sees those before it alone. */
EXPORT int ch_read(
    const struct transformer *t, const int32_t *ids, int count, const int32_t *lengths, int sentences, int causal,
    int threads, float *vectors
) {
    int alone = reads_prompts(t);
    if (!is_size(sentences, 1) || count < 1 || threads < 1) return NO_SUCH_SIZE;
    int failed = refused(
        ids, count, lengths, sentences, 1, t->max_length, alone ? t->target_vocabulary : t->source_vocabulary
    );
    if (failed) return failed;
    struct state *s = new_state(t, lengths, sentences, 1, 1, threads);
    if (!s) return NO_MEMORY;
    embed_sentences(t, s, alone ? &t->target : &t->source, ids, count, threads);
    if (alone)
        read_stack(t, t->decoder, t->decoder_layers, t->decoder_norm, t->target_bias, s, causal, count, threads);
    else read_stack(t, t->encoder, t->encoder_layers, t->encoder_norm, t->source_bias, s, causal, count, threads);
    memcpy(vectors, s->buffers.inputs, (size_t)count * t->width * sizeof(float));
    ch_state_free(t, s);
    return DONE;
}
