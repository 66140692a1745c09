/* The loss of some rows of logits and, in their place, its gradient: each row is read and written while it is in the
   first cache, once for its greatest number and its sum, once for the exponentials, once for the gradient. */
#include <stddef.h>
#include <stdint.h>

#include "vectors.h"

struct summary {
    float greatest, sum;
};

static struct summary summarize(const float *logits, int count) {
    floats greatest = (floats){0} - INFINITY, sums = {0};
    struct summary found;
    int i = 0;
    for (; i + LANES <= count; i += LANES) greatest = larger(greatest, at(logits + i)), sums += at(logits + i);
    found.greatest = largest_of(greatest), found.sum = total(sums);
    for (; i < count; i++) {
        found.greatest = logits[i] > found.greatest ? logits[i] : found.greatest;
        found.sum += logits[i];
    }
    return found;
}

/* logits ← exp(logits - greatest); their sum. */
static float exponentials(float *logits, int count, float greatest) {
    floats sums = {0};
    float rest = 0.0f;
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
        floats powers = exponential(at(logits + i) - greatest);
        memcpy(logits + i, &powers, sizeof powers);
        sums += powers;
    }
    for (; i < count; i++) rest += logits[i] = expf(logits[i] - greatest);
    return total(sums) + rest;
}

/* losses[row] = Σ over all tokens of -share · log softmax(logits)[token], where `each` is every token's share and the
   target has `right` more; logits ← softmax(logits) - shares. A row with a number that is none has none as its loss. */
void cross_entropy(
    float *logits, int rows, int count, const int64_t *targets, float right, float each, double *losses, int threads
) {
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int row = 0; row < rows; row++) {
        float *numbers = logits + (size_t)row * count, wanted = numbers[targets[row]];
        struct summary all = summarize(numbers, count);
        float sum = exponentials(numbers, count, all.greatest), factor = 1.0f / sum;
        losses[row] = (double)all.greatest + log(sum) - (double)right * wanted - (double)each * all.sum;
        for (int i = 0; i < count; i++) numbers[i] = numbers[i] * factor - each;
        numbers[targets[row]] -= right;
    }
}
