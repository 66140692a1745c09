/* A decoding step of a Transformer: what model/ says in Python, for use on a CPU. Names are the paper's. A hypothesis' keys
   and values stay where they were written: the next step knows by `ancestry` where those of its beginning are. */
#include <stdlib.h>
#include <string.h>

#include "attention.h"
#include "exports.h"
#include "layers.h"
#include "products.h"
#include "transformer.h"
#include "vectors.h"

/* Where the keys are that a row's next position attends to before its own: those of its sentence's prompt, and those of
   its past. Returns how many there are. */
static int gather_past(
    const struct transformer *t, const struct state *s, const float *memory, float *const *pasts, int row,
    const float **attended
) {
    const int32_t *ancestry = s->ancestry + (size_t)row * s->capacity;
    int sentence = row / s->beams, prompt = prompt_length(t, s, sentence);
    size_t keys = 2 * key_width(t);
    if (prompt) memory += s->starts[s->numbers[sentence]] * keys;
    for (int i = 0; i < prompt; i++) attended[i] = memory + i * keys;
    for (int p = 0; p < s->position; p++) attended[prompt + p] = pasts[p] + ancestry[p] * keys;
    return prompt + s->position;
}

/* What one of `parts` that are computed at once does of the attention of `rows` rows: where these are as many as the parts
   or more, each `parts`-th from `first` on with all heads, else all with a share of the heads. */
struct share {
    int first, apart;
    struct heads heads;
};

static struct share share_of(const struct transformer *t, int rows, int part, int parts) {
    if (rows >= parts) return (struct share){part, parts, {0, t->kv_heads}};
    int64_t heads = t->kv_heads;
    return (struct share){0, 1, {heads * part / parts, heads * (part + 1) / parts}};
}

/* Each of `rows` hypotheses has `positions` new inputs, one after the other; each attends to itself and to all before. */
static void attend_to_past_in_part(
    const struct transformer *t, struct state *s, const float *memory, float *const *pasts, int rows, int positions,
    int part, int parts
) {
    struct buffers *b = &s->buffers;
    struct share share = share_of(t, rows, part, parts);
    size_t queries = query_width(t), keys = 2 * key_width(t), all = queries + keys;
    const float **attended = b->attended + part * b->attended_apart;
    float *scores = b->numbers + part * b->numbers_apart;
    for (int row = share.first; row < rows; row += share.apart) {
        int before = gather_past(t, s, memory, pasts, row, attended);
        for (int i = 0; i < positions; i++) {
            size_t input = (size_t)row * positions + i;
            attended[before + i] = pasts[s->position + i] + row * keys;
            attend(
                t, share.heads, t->target_bias, b->projected + input * all, attended, before + i + 1, scores,
                b->context + input * queries
            );
        }
    }
}

static void attend_to_past(
    const struct transformer *t, const struct layer *layer, struct state *s, const float *memory, float **pasts,
    int rows, int positions, int threads
) {
    struct buffers *b = &s->buffers;
    size_t queries = query_width(t), keys = 2 * key_width(t), all = queries + keys;
    int inputs = rows * positions;
    int64_t attended = (int64_t)inputs * (s->position + positions);
    ch_matmul(&layer->self_inputs, entering(t, layer->self_norm, b, inputs), inputs, b->projected, b->work, threads);
    for (int input = 0; input < inputs; input++) {
        int row = input / positions, place = s->position + input % positions;
        int prompt = prompt_length(t, s, row / s->beams);
        float *projected = b->projected + input * all;
        prepare_heads(t, layer, projected, prompt + place);
        memcpy(pasts[place] + row * keys, projected + queries, keys * sizeof(float));
        attended += prompt;
    }
    int parts = parts_for(t, b, attended, threads);
    if (parts == 1) attend_to_past_in_part(t, s, memory, pasts, rows, positions, 0, 1);
    else
#pragma omp parallel for num_threads(parts) schedule(static, 1)
        for (int part = 0; part < parts; part++)
            attend_to_past_in_part(t, s, memory, pasts, rows, positions, part, parts);
    ch_matmul(&layer->self_output, b->context, inputs, b->added, b->work, threads);
    leaving(t, layer->self_norm, b, inputs);
}

static void attend_to_memory(
    const struct transformer *t, const struct layer *layer, struct state *s, const float *memory, int positions,
    int threads
) {
    struct buffers *b = &s->buffers;
    struct heads heads = {0, t->kv_heads};
    size_t queries = query_width(t), keys = 2 * key_width(t);
    int each = s->beams * positions, inputs = s->sentences * each;
    ch_matmul(&layer->cross_query, entering(t, layer->cross_norm, b, inputs), inputs, b->projected, b->work, threads);
    for (int input = 0; input < inputs && layer->cross_query_norm.weight; input++)
        normalize_heads(layer->cross_query_norm, t->heads, t->head_width, b->projected + input * queries);
    for (int sentence = 0; sentence < s->sentences; sentence++) {
        int start = s->starts[s->numbers[sentence]], length = s->lengths[s->numbers[sentence]];
        for (int i = 0; i < length; i++) b->attended[i] = memory + (start + i) * keys;
        for (int i = 0; i < each; i++) {
            size_t input = (size_t)sentence * each + i;
            attend(
                t, heads, NULL, b->projected + input * queries, b->attended, length, b->numbers,
                b->context + input * queries
            );
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
        failed = gather_rows(&t->tokens.output, unfolded, lists, counts[number], &listed[number]);
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
        matmul_apart(&t->tokens.output, b->inputs, s->sentences * s->beams, logits, stride, b->work, threads);
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
    if (provide_buffers(t, b, inputs)) return NO_MEMORY;
    for (int i = 0; i < inputs; i++) {
        int position = prompt_length(t, s, i / positions / beams) + s->position + i % positions;
        embed(t, &t->target, (int)tokens[i], position, b->inputs + (size_t)i * width);
    }
    for (int number = 0; number < t->decoder_layers; number++) {
        const struct layer *layer = &t->decoder[number];
        float **pasts = s->pasts + (size_t)number * s->capacity;
        for (int position = s->position; position < s->position + positions; position++) {
            free(pasts[position]); /* of a step for which memory was short */
            pasts[position] = checked(malloc((size_t)rows * 2 * key_width(t) * sizeof(float)), &failed);
        }
        if (failed) return NO_MEMORY;
        attend_to_past(t, layer, s, s->memories[number], pasts, rows, positions, threads);
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
