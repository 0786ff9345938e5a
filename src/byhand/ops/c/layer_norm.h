/* Normalisation of rows, and what it hands back. */

#pragma once

#include "rows.h"
#include "vectors.h"

/* n rows of k numbers; mean, variance and inverse have a number for each row, gamma and beta one for each column. */
typedef struct {
    const float *x, *gamma, *beta, *dy;
    float *mean, *variance, *inverse, *u, *out;
    isize n, k;
    float epsilon;
} Normed;

/* Rows of a part: some thousand numbers. */
INLINE isize normed_at_once(const Normed *r) { return 16384 / r->k < 1 ? 1 : 16384 / r->k; }

#define EACH_NORMED(r, part, i)                                                                                        \
    for (isize i = part * normed_at_once(r), end = i + normed_at_once(r) < r->n ? i + normed_at_once(r) : r->n; i < end; i++)

static void all_normed(Job job, Normed *r) { parallel(job, r, (r->n - 1) / normed_at_once(r) + 1); }

/* u = (x − μ) / √(σ² + ε), y = γ ⊙ u + β. */
static void layer_norm_part(void *context, isize part)
{
    const Normed *r = context;
    const isize k = r->k;
    EACH_NORMED(r, part, i) {
        const float *x = r->x + i * k;
        float *u = r->u + i * k, *out = r->out + i * k;
        vec sum = all(0), squares = all(0);
        for (isize j = 0; j < k; j += LANES)
            sum += load_some(x + j, k - j, 0);
        const float mean = total(sum) / k;
        for (isize j = 0; j < k; j += LANES) {
            const vec centred = load_some(x + j, k - j, mean) - mean;
            squares += centred * centred;
        }
        const float variance = total(squares) / k, inverse = 1 / sqrtf(variance + r->epsilon);
        r->mean[i] = mean;
        r->variance[i] = variance;
        r->inverse[i] = inverse;
        for (isize j = 0; j < k; j += LANES) {
            const vec v = (load_some(x + j, k - j, 0) - mean) * inverse;
            store_some(u + j, v, k - j);
            store_some(out + j, load_some(r->gamma + j, k - j, 0) * v + load_some(r->beta + j, k - j, 0), k - j);
        }
    }
}

/* du = γ ⊙ dy in `mean`'s place, dx = (du − mean of du − u · mean of du ⊙ u) / √(σ² + ε) in `out`. */
static void layer_norm_backward_part(void *context, isize part)
{
    const Normed *r = context;
    const isize k = r->k;
    EACH_NORMED(r, part, i) {
        const float *dy = r->dy + i * k, *u = r->u + i * k, inverse = r->inverse[i];
        float *du = r->mean + i * k, *dx = r->out + i * k;
        vec sum = all(0), product = all(0);
        for (isize j = 0; j < k; j += LANES) {
            const vec v = load_some(dy + j, k - j, 0) * load_some(r->gamma + j, k - j, 0);
            store_some(du + j, v, k - j);
            sum += v;
            product += v * load_some(u + j, k - j, 0);
        }
        const float shift = total(sum) / k, slope = total(product) / k;
        for (isize j = 0; j < k; j += LANES)
            store_some(dx + j, (load_some(du + j, k - j, 0) - shift - load_some(u + j, k - j, 0) * slope) * inverse, k - j);
    }
}

typedef struct {
    const float *u, *dy;
    float *sums; /* of each part: k for gamma, then k for beta */
    isize n, k, parts;
} Scaled;

/* The part's Σ_i dy_i ⊙ u_i and Σ_i dy_i over some of the n rows. */
static void scaled_sums_part(void *context, isize part)
{
    const Scaled *s = context;
    const isize k = s->k, begin = s->n * part / s->parts, end = s->n * (part + 1) / s->parts;
    float *gamma = s->sums + 2 * part * k, *beta = gamma + k;
    for (isize j = 0; j < k; j += 2 * LANES) {
        const isize first = k - j, second = k - j - LANES;
        vec g[2] = {all(0), all(0)}, b[2] = {all(0), all(0)};
        for (isize i = begin; i < end; i++) {
            const vec v = load_some(s->dy + i * k + j, first, 0);
            g[0] += v * load_some(s->u + i * k + j, first, 0);
            b[0] += v;
            if (second > 0) {
                const vec w = load_some(s->dy + i * k + j + LANES, second, 0);
                g[1] += w * load_some(s->u + i * k + j + LANES, second, 0);
                b[1] += w;
            }
        }
        store_some(gamma + j, g[0], first);
        store_some(beta + j, b[0], first);
        if (second > 0) {
            store_some(gamma + j + LANES, g[1], second);
            store_some(beta + j + LANES, b[1], second);
        }
    }
}

/* dγ = Σ_i dy_i ⊙ u_i, dβ = Σ_i dy_i; many rows are summed in eight parts, whatever the number of threads. */
static void scale_columns_backward(const float *u, const float *dy, isize n, isize k, float *dgamma, float *dbeta)
{
    Scaled s = {u, dy, NULL, n, k, n * k > 16384 && n > 64 ? 8 : 1};
    s.sums = room(2, (size_t)(2 * s.parts * k));
    if (!s.sums)
        return;
    parallel(scaled_sums_part, &s, s.parts);
    memcpy(dgamma, s.sums, sizeof(float) * k);
    memcpy(dbeta, s.sums + k, sizeof(float) * k);
    for (isize part = 1; part < s.parts; part++)
        for (isize j = 0; j < k; j++) {
            dgamma[j] += s.sums[2 * part * k + j];
            dbeta[j] += s.sums[2 * part * k + k + j];
        }
}

/* out_r = Σ dy_i over all i with rows_i = r, in their order. */
static void add_rows(const float *dy, const int64_t *rows, isize count, isize k, float *out, isize most)
{
    memset(out, 0, sizeof(float) * (size_t)(most * k));
    for (isize i = 0; i < count; i++)
        for (isize j = 0; j < k; j++)
            out[rows[i] * k + j] += dy[i * k + j];
}
