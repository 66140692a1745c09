/* The most probable tokens of each row of logits, without a sorted or even a stored probability for the others. */
#include <math.h>

#include "vectors.h"

/* The logarithm of Σ eˣ, which taken from a logit leaves its log-probability; NaN where a logit is. */
static float log_of_sum(const float *logits, int count) {
    floats greatest = (floats){0} - INFINITY, lanes = {0};
    ints broken = {0};
    float most, rest = 0.0f;
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
        greatest = larger(greatest, at(logits + i));
        broken |= at(logits + i) != at(logits + i);
    }
    most = largest_of(greatest);
    for (int j = i; j < count; j++) most = logits[j] > most ? logits[j] : most;
    for (int lane = 0; lane < LANES; lane++)
        if (broken[lane]) return NAN;
    for (int j = 0; j + LANES <= count; j += LANES) lanes += exponential(at(logits + j) - most);
    for (; i < count; i++) rest += expf(logits[i] - most);
    return most + logf(total(lanes) + rest);
}

/* Put a token among the best so far, most probable first and of equal ones the first first; forget the last. */
static void insert(float value, int token, int count, float *values, int64_t *tokens) {
    int place = count - 1;
    for (; place > 0 && values[place - 1] < value; place--)
        values[place] = values[place - 1], tokens[place] = tokens[place - 1];
    values[place] = value, tokens[place] = token;
}

static int is_among(int token, const int64_t *tokens, int count) {
    for (int i = 0; i < count; i++)
        if (tokens[i] == token) return 1;
    return 0;
}

/* The `count` most probable tokens of every row and their log-probabilities. The suppressed ones, whose share of the
   probability stays theirs, are never among them. */
void best(
    const float *logits, int rows, int vocabulary, const int64_t *suppressed, int suppressed_count, int count, float *values,
    int64_t *tokens
) {
    for (int row = 0; row < rows; row++, logits += vocabulary, values += count, tokens += count) {
        float normalizer = log_of_sum(logits, vocabulary);
        for (int i = 0; i < count; i++) values[i] = -INFINITY, tokens[i] = 0;
        int i = 0;
        for (; i + LANES <= vocabulary; i += LANES) {
            ints above = at(logits + i) > values[count - 1];
            int any = 0;
            for (int lane = 0; lane < LANES; lane++) any |= above[lane];
            if (!any) continue;
            for (int j = i; j < i + LANES; j++)
                if (logits[j] > values[count - 1] && !is_among(j, suppressed, suppressed_count))
                    insert(logits[j], j, count, values, tokens);
        }
        for (; i < vocabulary; i++)
            if (logits[i] > values[count - 1] && !is_among(i, suppressed, suppressed_count))
                insert(logits[i], i, count, values, tokens);
        for (int place = 0; place < count; place++) values[place] -= normalizer;
    }
}
