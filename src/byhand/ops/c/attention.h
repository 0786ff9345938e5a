/* Softmax of attention's scores: scale, mask and softmax in one pass, and nothing computed for what a causal mask hides. */

#pragma once

#include "memory.h"
#include "softmax.h"

/* Scores z (n, heads, queries, keys), of which query t sees the keys that `mask` (n, keys) has, if it is there, and if
   causal those up to t + keys − queries. */
typedef struct {
    const float *z;
    const uint8_t *mask;
    float *out, scale;
    isize n, heads, queries, keys;
    int causal;
} Scores;

/* Queries of a part: some thousand scores. */
INLINE isize queries_at_once(const Scores *s) { return 16384 / s->keys < 1 ? 1 : 16384 / s->keys; }

INLINE isize parts_of_matrix(const Scores *s) { return (s->queries - 1) / queries_at_once(s) + 1; }

static void masked_softmax_part(void *context, isize part)
{
    const Scores *s = context;
    const isize matrix = part / parts_of_matrix(s), first = part % parts_of_matrix(s) * queries_at_once(s);
    int32_t *allowed = NULL;
    if (s->mask) {
        allowed = (int32_t *)room(0, (size_t)s->keys + LANES);
        if (!allowed)
            return;
        memset(allowed, 0, sizeof(int32_t) * (size_t)(s->keys + LANES));
        for (isize j = 0; j < s->keys; j++)
            allowed[j] = s->mask[matrix / s->heads * s->keys + j] ? -1 : 0;
    }
    for (isize t = first; t < first + queries_at_once(s) && t < s->queries; t++) {
        const float *z = s->z + (matrix * s->queries + t) * s->keys;
        float *out = s->out + (matrix * s->queries + t) * s->keys;
        const isize seen = !s->causal || t >= s->queries - 1 ? s->keys : t + s->keys - s->queries + 1;
        const isize k = seen < 0 ? 0 : seen;
        const float most = largest_in_row(z, s->scale, allowed, k);
        scale_row(out, 1 / exponential_row(z, s->scale, allowed, k, most, out), k);
        memset(out + k, 0, sizeof(float) * (size_t)(s->keys - k));
    }
}

static void masked_softmax(Scores *s) { parallel(masked_softmax_part, s, s->n * s->heads * parts_of_matrix(s)); }
