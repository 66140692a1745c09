/* What is asked of a stack's last vectors: which token stands at a place, and of which class a text is. */
#include <stdlib.h>

#include "exports.h"
#include "layers.h"
#include "products.h"
#include "transformer.h"

static size_t workspace(const struct matrix *matrix, int rows) {
    return matrix->prepacked ? ch_workspace_bytes(matrix, rows) : 0;
}

/* The logits of each of `rows` vectors: rows × outputs. A row's result depends on that row alone, to the last bit. */
EXPORT int ch_logits(const struct head *head, const float *vectors, int rows, float *logits, int threads) {
    const struct matrix *dense = &head->dense, *output = &head->output;
    int failed = 0;
    if (rows < 1 || threads < 1 || !is_size(rows, output->outputs)) return NO_SUCH_SIZE;
    size_t first = workspace(dense, rows), second = workspace(output, rows), bytes = first > second ? first : second;
    void *work = checked(aligned_alloc(64, (bytes + 63) / 64 * 64), &failed);
    float *made = dense->prepacked ? checked(malloc((size_t)rows * dense->outputs * sizeof(float)), &failed) : NULL;
    if (!failed && made) {
        ch_matmul(dense, vectors, rows, made, work, threads);
        activate(head->activation, made, rows, dense->outputs);
        if (head->norm.weight) normalize(head->norm, made, rows, dense->outputs, made);
    }
    if (!failed) ch_matmul(output, made ? made : vectors, rows, logits, work, threads);
    free(made), free(work);
    return failed ? NO_MEMORY : DONE;
}
