/* The encoder and a decoding step of an encoder-decoder Transformer: what model/ says in Python, for use on a CPU.
   Names are the paper's. Sentences lie one after the other without padding, and a hypothesis' keys and values stay
   where they were written: the next step knows by `ancestry` where those of its beginning are. */
#include <stdlib.h>
#include <string.h>

#include "attention.h"
#include "exports.h"
#include "layers.h"
#include "products.h"
#include "transformer.h"
#include "vectors.h"

static void *checked(void *pointer, int *failed) {
    if (!pointer) *failed = 1;
    return pointer;
}

static size_t largest(size_t a, size_t b) { return a > b ? a : b; }

static void release(struct buffers *b) {
    free(b->inputs), free(b->normalized), free(b->projected), free(b->context), free(b->added);
    free(b->inner), free(b->gate), free(b->work);
    *b = (struct buffers){.scores = b->scores, .attended = b->attended};
}

static int provide(const struct transformer *t, struct buffers *b, int rows) {
    int failed = 0;
    if (rows <= b->rows) return 0;
    release(b);
    size_t bytes = rows * sizeof(float), width = t->width, inner = t->inner_width;
    struct matrix deepest = t->output; /* The kind is that of all; the depths differ. */
    deepest.inputs = largest(largest(width, inner), query_width(t));
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

/* ------------------------------------------------------------------ the encoder */

static void encode_layer(
    const struct transformer *t, const struct layer *layer, struct state *s, int rows, int threads
) {
    struct buffers *b = &s->buffers;
    size_t queries = query_width(t), all = queries + 2 * key_width(t);
    ch_matmul(&layer->self_inputs, entering(t, layer->self_norm, b, rows), rows, b->projected, b->work, threads);
    for (int sentence = 0; sentence < s->sentences; sentence++) {
        int start = s->starts[sentence], length = s->lengths[sentence];
        for (int i = 0; i < length; i++) {
            float *projected = b->projected + (start + i) * all;
            rotate(t, projected, i);
            b->attended[i] = projected + queries;
        }
        for (int i = 0; i < length; i++) {
            size_t row = start + i;
            attend(t, b->projected + row * all, b->attended, length, b->scores, b->context + row * queries);
        }
    }
    ch_matmul(&layer->self_output, b->context, rows, b->added, b->work, threads);
    leaving(t, layer->self_norm, b, rows);
    feed_forward(t, layer, b, rows, threads);
}

static int encode(const struct transformer *t, struct state *s, const int32_t *ids, int rows, int threads) {
    struct buffers *b = &s->buffers;
    int failed = 0;
    if (provide(t, b, rows)) return -1;
    for (int sentence = 0; sentence < s->sentences; sentence++)
        for (int i = 0; i < s->lengths[sentence]; i++) {
            size_t row = s->starts[sentence] + i;
            embed(t, t->source_embedding, t->source_positions, ids[row], i, b->inputs + row * t->width);
        }
    for (int layer = 0; layer < t->encoder_layers; layer++) encode_layer(t, &t->encoder[layer], s, rows, threads);
    if (t->encoder_norm.weight) normalize(t->encoder_norm, b->inputs, rows, t->width, b->inputs);
    for (int layer = 0; layer < t->decoder_layers && !failed; layer++) {
        float *memory = s->memories[layer] = checked(malloc((size_t)rows * 2 * key_width(t) * sizeof(float)), &failed);
        if (memory) ch_matmul(&t->decoder[layer].cross_memory, b->inputs, rows, memory, b->work, threads);
    }
    return failed ? -1 : 0;
}

EXPORT void ch_state_free(const struct transformer *t, struct state *s) {
    if (!s) return;
    for (int layer = 0; s->memories && layer < t->decoder_layers; layer++) free(s->memories[layer]);
    for (size_t i = 0; s->pasts && i < (size_t)t->decoder_layers * s->capacity; i++) free(s->pasts[i]);
    release(&s->buffers);
    free(s->buffers.scores), free(s->buffers.attended);
    for (int number = 0; s->listed && number < s->begun; number++) ch_prepacked_free(&s->listed[number]);
    free(s->numbers), free(s->starts), free(s->lengths), free(s->listed);
    free(s->memories), free(s->pasts), free(s->ancestry);
    free(s);
}

/* Whether these are sources that the model can read. */
static int refused(
    const struct transformer *t, const int32_t *ids, int count, const int32_t *lengths, int sentences, int beams,
    int capacity, int threads
) {
    int64_t total = 0;
    if (!is_size(sentences, beams) || count < 1 || threads < 1) return NO_SUCH_SIZE;
    if (capacity < 1 || capacity > t->max_length) return NO_SUCH_POSITION;
    for (int sentence = 0; sentence < sentences; sentence++) {
        if (lengths[sentence] < 1 || lengths[sentence] > t->max_length) return NO_SUCH_POSITION;
        total += lengths[sentence];
    }
    if (total != count || !is_size(total, 1)) return NO_SUCH_SIZE;
    return all_ids(ids, count, t->source_vocabulary) ? DONE : NO_SUCH_ID;
}

/* Read `sentences` sources, whose ids, `count` in all, lie one after the other; `capacity` is the greatest number of
   target positions. What is to be remembered is put into `made`. */
EXPORT int ch_state_new(
    const struct transformer *t, const int32_t *ids, int count, const int32_t *lengths, int sentences, int beams,
    int capacity, int threads, struct state **made
) {
    int failed = refused(t, ids, count, lengths, sentences, beams, capacity, threads), rows = 0, longest = capacity;
    if (failed) return failed;
    struct state *s = checked(calloc(1, sizeof *s), &failed);
    if (failed) return NO_MEMORY;
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
    s->buffers.scores = checked(malloc((size_t)t->heads * (longest + LANES) * sizeof(float)), &failed);
    s->buffers.attended = checked(malloc(longest * sizeof(float *)), &failed);
    if (failed || encode(t, s, ids, rows, threads)) {
        ch_state_free(t, s);
        return NO_MEMORY;
    }
    *made = s;
    return DONE;
}

/* ------------------------------------------------------------------ a decoding step */

/* Each of `rows` hypotheses has `positions` new inputs, one after the other; each attends to itself and to all before. */
static void attend_to_past(
    const struct transformer *t, const struct layer *layer, struct state *s, float **pasts, int rows, int positions,
    int threads
) {
    struct buffers *b = &s->buffers;
    size_t queries = query_width(t), keys = 2 * key_width(t), all = queries + keys;
    int inputs = rows * positions;
    ch_matmul(&layer->self_inputs, entering(t, layer->self_norm, b, inputs), inputs, b->projected, b->work, threads);
    for (int input = 0; input < inputs; input++) {
        int position = s->position + input % positions;
        float *projected = b->projected + input * all;
        rotate(t, projected, position);
        memcpy(pasts[position] + input / positions * keys, projected + queries, keys * sizeof(float));
    }
    for (int row = 0; row < rows; row++) {
        const int32_t *ancestry = s->ancestry + (size_t)row * s->capacity;
        for (int p = 0; p < s->position; p++) b->attended[p] = pasts[p] + ancestry[p] * keys;
        for (int i = 0; i < positions; i++) {
            size_t input = (size_t)row * positions + i;
            b->attended[s->position + i] = pasts[s->position + i] + row * keys;
            attend(
                t, b->projected + input * all, b->attended, s->position + i + 1, b->scores, b->context + input * queries
            );
        }
    }
    ch_matmul(&layer->self_output, b->context, inputs, b->added, b->work, threads);
    leaving(t, layer->self_norm, b, inputs);
}

static void attend_to_memory(
    const struct transformer *t, const struct layer *layer, struct state *s, const float *memory, int positions,
    int threads
) {
    struct buffers *b = &s->buffers;
    size_t queries = query_width(t), keys = 2 * key_width(t);
    int each = s->beams * positions, inputs = s->sentences * each;
    ch_matmul(&layer->cross_query, entering(t, layer->cross_norm, b, inputs), inputs, b->projected, b->work, threads);
    for (int sentence = 0; sentence < s->sentences; sentence++) {
        int start = s->starts[s->numbers[sentence]], length = s->lengths[s->numbers[sentence]];
        for (int i = 0; i < length; i++) b->attended[i] = memory + (start + i) * keys;
        for (int i = 0; i < each; i++) {
            size_t input = (size_t)sentence * each + i;
            attend(t, b->projected + input * queries, b->attended, length, b->scores, b->context + input * queries);
        }
    }
    ch_matmul(&layer->cross_output, b->context, inputs, b->added, b->work, threads);
    leaving(t, layer->cross_norm, b, inputs);
}

/* Let `ch_advance` give each of these sentences, which are all that were begun, the logits of some tokens only: the
   first counts[i] of row i of `lists`, whose rows are `stride` apart. `unfolded` are the weights of the output layer. */
EXPORT int ch_shortlist(
    const struct transformer *t, struct state *s, const int32_t *unfolded, const int32_t *lists, const int32_t *counts,
    int sentences, int stride
) {
    int failed = 0;
    if (s->listed || s->position || sentences < 1 || sentences != s->begun || sentences != s->sentences)
        return NO_SUCH_ROW;
    for (int i = 0; i < sentences; i++) {
        if (counts[i] < 1 || counts[i] > stride) return NO_SUCH_SIZE;
        if (!all_ids(lists + (size_t)i * stride, counts[i], t->target_vocabulary)) return NO_SUCH_ID;
    }
    struct matrix *listed = checked(calloc(sentences, sizeof *listed), &failed);
    for (int number = 0; number < s->begun && !failed; number++, lists += stride)
        failed = gather_rows(&t->output, unfolded, lists, counts[number], &listed[number]);
    if (failed) {
        for (int number = 0; listed && number < s->begun; number++) ch_prepacked_free(&listed[number]);
        free(listed);
        return NO_MEMORY;
    }
    s->listed = listed, s->outputs = stride;
    return DONE;
}

/* The logits of every row, `stride` numbers apart; beyond the end of a sentence's list -∞. */
static void project(const struct transformer *t, struct state *s, float *logits, int stride, int threads) {
    struct buffers *b = &s->buffers;
    if (!s->listed) {
        matmul_apart(&t->output, b->inputs, s->sentences * s->beams, logits, stride, b->work, threads);
        return;
    }
    matmul_each(s->listed, s->numbers, s->sentences, b->inputs, s->beams, logits, stride, b->work, threads);
}

/* Whether each of these rows is where its parent was. */
static int all_stay(const struct state *s, const int64_t *parents, int sentences, int beams) {
    if (sentences != s->sentences || beams != s->beams) return 0;
    for (int row = 0; row < sentences * beams; row++)
        if (parents[row] != row) return 0;
    return 1;
}

/* Let row r go on from old row parents[r]; the rows of one sentence all go on from rows of one. */
static int follow(struct state *s, const int64_t *parents, int sentences, int beams) {
    int failed = 0, rows = s->sentences * s->beams;
    size_t capacity = s->capacity, used = s->position * sizeof(int32_t);
    if (!is_size(sentences, beams)) return NO_SUCH_SIZE;
    if (!all_below(parents, (size_t)sentences * beams, rows)) return NO_SUCH_ROW;
    for (int row = 0; row < sentences * beams; row++)
        if (parents[row] / s->beams != parents[row / beams * beams] / s->beams) return NO_SUCH_ROW;
    int32_t *ancestry = checked(malloc((size_t)sentences * beams * capacity * sizeof(int32_t)), &failed);
    int32_t *numbers = checked(malloc(sentences * sizeof(int32_t)), &failed);
    if (failed) {
        free(ancestry), free(numbers);
        return NO_MEMORY;
    }
    for (int i = 0; i < sentences; i++) numbers[i] = s->numbers[parents[i * beams] / s->beams];
    for (size_t row = 0; row < (size_t)sentences * beams; row++)
        memcpy(ancestry + row * capacity, s->ancestry + parents[row] * capacity, used);
    free(s->ancestry), free(s->numbers);
    s->ancestry = ancestry, s->numbers = numbers;
    s->sentences = sentences, s->beams = beams;
    return DONE;
}

/* Let all inputs but each row's last go: what follows them is what is asked for. */
static void keep_last(const struct transformer *t, struct buffers *b, int rows, int positions) {
    for (size_t row = 0; row < (size_t)rows && positions > 1; row++)
        memmove(
            b->inputs + row * t->width, b->inputs + ((row + 1) * positions - 1) * t->width, t->width * sizeof(float)
        );
}

/* Some positions more: row r of sentences × beams goes on from row parents[r] of those before, with the `positions`
   tokens of row r. Where `parents` is NULL, all rows go on as they are. The logits of the tokens that follow are written:
   rows × stride, which is the size of the vocabulary or that of the longest list. */
EXPORT int ch_advance(
    const struct transformer *t, struct state *s, const int64_t *tokens, const int64_t *parents, int sentences,
    int beams, int positions, float *logits, int stride, int threads
) {
    int width = t->width, failed = 0;
    struct buffers *b = &s->buffers;
    if (stride != s->outputs || threads < 1 || !is_size(sentences, beams)) return NO_SUCH_SIZE;
    int rows = sentences * beams, inputs = rows * (is_size(rows, positions) ? positions : 0);
    if (!inputs) return NO_SUCH_SIZE;
    if (positions > s->capacity - s->position) return NO_SUCH_POSITION;
    if (!all_below(tokens, inputs, t->target_vocabulary)) return NO_SUCH_ID;
    if (!parents && (sentences != s->sentences || beams != s->beams)) return NO_SUCH_ROW;
    if (parents && !all_stay(s, parents, sentences, beams) && (failed = follow(s, parents, sentences, beams)))
        return failed;
    if (provide(t, b, inputs)) return NO_MEMORY;
    for (int i = 0; i < inputs; i++) {
        int position = s->position + i % positions;
        embed(t, t->target_embedding, t->target_positions, (int)tokens[i], position, b->inputs + (size_t)i * width);
    }
    for (int number = 0; number < t->decoder_layers; number++) {
        const struct layer *layer = &t->decoder[number];
        float **pasts = s->pasts + (size_t)number * s->capacity;
        for (int position = s->position; position < s->position + positions; position++) {
            free(pasts[position]); /* of a step for which memory was short */
            pasts[position] = checked(malloc((size_t)rows * 2 * key_width(t) * sizeof(float)), &failed);
        }
        if (failed) return NO_MEMORY;
        attend_to_past(t, layer, s, pasts, rows, positions, threads);
        if (layer->cross_query.prepacked) attend_to_memory(t, layer, s, s->memories[number], positions, threads);
        feed_forward(t, layer, b, inputs, threads);
    }
    keep_last(t, b, rows, positions);
    if (t->decoder_norm.weight) normalize(t->decoder_norm, b->inputs, rows, width, b->inputs);
    project(t, s, logits, stride, threads);
    for (int row = 0; row < rows; row++)
        for (int p = s->position; p < s->position + positions; p++) s->ancestry[(size_t)row * s->capacity + p] = row;
    s->position += positions;
    return DONE;
}
