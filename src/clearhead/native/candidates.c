/* The most probable tokens of each row of logits, without a sorted or even a stored probability for the others. */
#include <math.h>
#include <stddef.h>

#include "exports.h"
#include "vectors.h"

/* STATES, REFUSED: as in text/utf8.py. Up to NARROW tokens are kept sorted, more in a heap: a wide beam asks for thousands,
   of which each would move thousands in a sorted row. */
enum { BLOCK = 4 * LANES, STATES = 8, REFUSED = 255, NARROW = 64 };

static inline int any(ints lanes) {
    union { ints all; int64_t pairs[LANES / 2]; } both = {lanes};
    int64_t found = 0;
    for (int i = 0; i < LANES / 2; i++) found |= both.pairs[i];
    return found != 0;
}

/* The logarithm of Σ eˣ, which taken from a logit leaves its log-probability; NaN where a logit is. */
static float log_of_sum(const float *logits, int count) {
    floats greatest = (floats){0} - INFINITY, lanes = {0};
    float most, rest = 0.0f;
    int i = 0;
    for (; i + LANES <= count; i += LANES) greatest = larger(greatest, at(logits + i));
    most = largest_of(greatest);
    for (int j = i; j < count; j++) most = logits[j] > most ? logits[j] : most;
    for (int j = 0; j + LANES <= count; j += LANES) lanes += exponential(at(logits + j) - most);
    for (; i < count; i++) rest += expf(logits[i] - most);
    return most + logf(total(lanes) + rest);
}

/* Put a token among the best so far, most probable first and of equal ones the first first; forget the last. */
static void insert(float value, int64_t token, int count, float *values, int64_t *tokens) {
    int place = count - 1;
    for (; place > 0 && values[place - 1] < value; place--)
        values[place] = values[place - 1], tokens[place] = tokens[place - 1];
    values[place] = value, tokens[place] = token;
}

/* Whether one token comes after another: it is less probable, or as probable and further down the row. */
static inline int after(float value, int64_t token, float other, int64_t than) {
    return value < other || (value == other && token > than);
}

/* Put a token in the place of the first in a heap, which comes after all others, and let it sink. */
static void sink(float value, int64_t token, int count, float *values, int64_t *tokens) {
    int place = 0;
    for (int child; (child = 2 * place + 1) < count; place = child) {
        if (child + 1 < count && after(values[child + 1], tokens[child + 1], values[child], tokens[child])) child++;
        if (!after(values[child], tokens[child], value, token)) break;
        values[place] = values[child], tokens[place] = tokens[child];
    }
    values[place] = value, tokens[place] = token;
}

/* Take the heap apart: most probable first. */
static void sort(int count, float *values, int64_t *tokens) {
    for (int last = count - 1; last > 0; last--) {
        float value = values[last];
        int64_t token = tokens[last];
        values[last] = values[0], tokens[last] = tokens[0];
        sink(value, token, last, values, tokens);
    }
}

static int is_among(int token, const int64_t *tokens, int count) {
    for (int i = 0; i < count; i++)
        if (tokens[i] == token) return 1;
    return 0;
}

/* What `ch_topk` gives of a row in which one token stands for certain. */
static void forced_of_row(
    const float *logits, int size, const int32_t *list, int64_t forced, int count, float *values, int64_t *tokens
) {
    float normalizer = log_of_sum(logits, size);
    for (int i = 0; i < count; i++) values[i] = -INFINITY, tokens[i] = 0;
    for (int i = 0; i < size; i++)
        if ((list ? list[i] : i) == forced) values[0] = logits[i], tokens[0] = forced;
    /* What is no number is not hidden, whichever token it is of. */
    for (int i = 0; i < count; i++) values[i] -= normalizer;
}

/* What `ch_topk` gives of one row. `moves` are those of the row's state. */
static void best_of_row(
    const float *logits, int size, const int32_t *list, const int64_t *suppressed, int suppressed_count,
    const uint8_t *moves, int vocabulary, int furthest, int count, float *values, int64_t *tokens
) {
    float normalizer = log_of_sum(logits, size);
    const float *worst = count > NARROW ? values : values + count - 1;
    for (int i = 0; i < count; i++) values[i] = -INFINITY, tokens[i] = 0;
    for (int i = 0; i < size; i += BLOCK) {
        int end = size;
        /* Few blocks hold a token that is better than the best so far: most are passed over at one comparison. */
        if (i + BLOCK <= size) {
            floats greatest = at(logits + i);
            for (int j = LANES; j < BLOCK; j += LANES) greatest = larger(greatest, at(logits + i + j));
            if (!any(greatest > *worst)) continue;
            end = i + BLOCK;
        }
        for (int j = i; j < end; j++) {
            int token = list ? list[j] : j;
            if (!(logits[j] > *worst)) continue;
            if (moves && ((uint32_t)token >= (uint32_t)vocabulary || moves[token] > furthest)) continue;
            if (is_among(token, suppressed, suppressed_count)) continue;
            (count > NARROW ? sink : insert)(logits[j], token, count, values, tokens);
        }
    }
    if (count > NARROW) sort(count, values, tokens);
    for (int place = 0; place < count; place++) values[place] -= normalizer;
}

/* The `count` most probable tokens of every row and their log-probabilities. The suppressed ones, whose share of the
   probability stays theirs, are never among them. Rows are `stride` apart; they hold a number for each token or, where
   `lists` is not NULL, for each of the first `sizes[i]` tokens of list i, which is that of `beams` rows.

   Where `moves` is not NULL, rows are kept to whole UTF-8: `moves[s · vocabulary + t]` is the state that token t leads to
   from state s, REFUSED or greater than what sentence i has room for, `furthest[i]`, where it may not stand there. Row
   by row `states` says which it is in. Where `furthest` is NULL there is room for all.

   Where `forced` is not NULL, sentence i has token forced[i] and no other, unless that is less than 0. */
EXPORT int ch_topk(
    const float *logits, int rows, int stride, const int32_t *lists, const int32_t *sizes, int beams,
    const int64_t *suppressed, int suppressed_count, const uint8_t *moves, int vocabulary, const int64_t *states,
    const uint8_t *furthest, const int64_t *forced, int count, float *values, int64_t *tokens
) {
    if (rows < 1 || stride < 1 || beams < 1 || suppressed_count < 0 || count < 1) return NO_SUCH_SIZE;
    if (rows % beams) return NO_SUCH_ROW;
    for (int i = 0; lists && i < rows / beams; i++)
        if (sizes[i] < 1 || sizes[i] > stride) return NO_SUCH_SIZE;
    if (moves && vocabulary < 1) return NO_SUCH_SIZE;
    for (int row = 0; moves && row < rows; row++)
        if (states[row] < 0 || states[row] >= STATES) return NO_SUCH_ROW;
    for (int row = 0; row < rows; row++, logits += stride, values += count, tokens += count) {
        const int32_t *list = lists ? lists + (size_t)(row / beams) * stride : NULL;
        int size = lists ? sizes[row / beams] : stride;
        const uint8_t *own = moves ? moves + (size_t)states[row] * vocabulary : NULL;
        int most = furthest ? furthest[row / beams] : REFUSED - 1;
        if (forced && forced[row / beams] >= 0)
            forced_of_row(logits, size, list, forced[row / beams], count, values, tokens);
        else
            best_of_row(
                logits, size, list, suppressed, suppressed_count, own, vocabulary, most, count, values, tokens
            );
    }
    return DONE;
}

/* One step of a beam: the `count` best continuations of each sentence's `rows` hypotheses, most probable first, and of
   these the first `beams` that do not end. `choices` best tokens of each hypothesis, most probable first, are given by
   `ch_topk`. A sentence with a hypothesis after which nothing is a number gets nothing else. `moves` and `states` as
   there; `live_states` are those of the hypotheses that live on. Parents are rows among those of all sentences. */
EXPORT int ch_expand_beams(
    const double *totals, const float *values, const int64_t *tokens, int sentences, int rows, int choices, int count,
    int beams, int64_t end, const uint8_t *moves, int vocabulary, const int64_t *states, int64_t *parents,
    int64_t *next, double *sums, int64_t *live_parents, int64_t *live_next, double *live_sums, int64_t *live_states
) {
    if (sentences < 1 || rows < 1 || choices < 1 || count < 1 || beams < 1) return NO_SUCH_SIZE;
    for (int row = 0; moves && row < sentences * rows; row++)
        if (states[row] < 0 || states[row] >= STATES) return NO_SUCH_ROW;
    for (int sentence = 0; sentence < sentences; sentence++) {
        int broken = 0, kept = 0, first = sentence * rows;
        for (int i = 0; i < count; i++) sums[i] = -INFINITY, parents[i] = first, next[i] = 0;
        for (int row = 0; row < rows; row++)
            for (int choice = 0; choice < choices; choice++) {
                int place = count - 1, from = row * choices + choice;
                double sum = totals[row] + values[from];
                broken |= sum != sum;
                /* Of one hypothesis they are in order; where one is no number, none is. */
                if (!(sum > sums[place])) break;
                for (; place > 0 && sums[place - 1] < sum; place--)
                    sums[place] = sums[place - 1], parents[place] = parents[place - 1], next[place] = next[place - 1];
                sums[place] = sum, parents[place] = first + row, next[place] = tokens[from];
            }
        for (int i = 0; broken && i < count; i++) sums[i] = NAN;
        for (int i = 0; i < beams; i++) live_sums[i] = -INFINITY, live_parents[i] = first, live_next[i] = 0;
        for (int i = 0; i < count && kept < beams; i++)
            if (next[i] != end)
                live_sums[kept] = sums[i], live_parents[kept] = parents[i], live_next[kept] = next[i], kept++;
        for (int i = 0; broken && i < beams; i++) live_sums[i] = NAN;
        for (int i = 0; moves && i < beams; i++) {
            if (live_next[i] < 0 || live_next[i] >= vocabulary) return NO_SUCH_ID;
            int state = moves[(size_t)states[live_parents[i] - first] * vocabulary + live_next[i]];
            /* Only what has no probability was chosen where nothing was left. */
            live_states[i] = state == REFUSED ? 0 : state;
        }
        totals += rows, values += rows * choices, tokens += rows * choices;
        parents += count, next += count, sums += count;
        live_parents += beams, live_next += beams, live_sums += beams, live_states += beams;
        states = moves ? states + rows : NULL;
    }
    return DONE;
}
