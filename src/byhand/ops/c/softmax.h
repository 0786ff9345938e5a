/* Softmax of rows. Short rows lie side by side, a row in each lane of the registers; long ones are gone along. */

#pragma once

#include <float.h>

#include "threads.h"
#include "vectors.h"

#define SHORT 128 /* numbers of a short row */

/* n rows of k numbers; t are targets, or labels are. */
typedef struct {
    const float *z, *t;
    const int64_t *labels;
    float *out, *each;
    isize n, k;
    float factor, delta;
} Rows;

/* Rows of a part: some thousand numbers, in whole registers of rows. */
INLINE isize rows_at_once(const Rows *r)
{
    const isize rows = 8192 / r->k / LANES * LANES;
    return rows < LANES ? LANES : rows > 256 ? 256 : rows;
}

#define FOR_ROWS(r, part, i, step)                                                                                     \
    for (isize i = part * rows_at_once(r), end = i + rows_at_once(r) < r->n ? i + rows_at_once(r) : r->n; i < end; i += step)

static void all_rows(Job job, Rows *r) { parallel(job, r, r->n ? (r->n - 1) / rows_at_once(r) + 1 : 0); }

/* LANES rows, or what is left of them, with a row in each lane: lanes[j][i] = row i's number j. */
INLINE void turn(const float *rows, isize count, isize k, vec *lanes)
{
    for (isize j = 0; j < k; j++)
        for (isize i = 0; i < LANES; i++)
            ((float *)(lanes + j))[i] = rows[(i < count ? i : 0) * k + j];
}

INLINE void turn_back(const vec *lanes, isize count, isize k, float *rows)
{
    for (isize i = 0; i < count; i++)
        for (isize j = 0; j < k; j++)
            rows[i * k + j] = ((const float *)(lanes + j))[i];
}

/* s = z − max z and e = e^s of short rows; returns Σ e, which is at least 1, also where the whole row is −∞ and every e
   is 0. */
INLINE vec exponentials(const float *z, isize count, isize k, vec *s, vec *e)
{
    turn(z, count, k, s);
    vec most = all(-FLT_MAX), sum[2] = {}; /* two sums lose less */
    for (isize j = 0; j < k; j++)
        most = larger(s[j], most);
    for (isize j = 0; j < k; j++) {
        s[j] -= most;
        e[j] = exponential(s[j]);
        sum[j % 2] += e[j];
    }
    return larger(sum[0] + sum[1], all(1));
}

/* Numbers j, j + 1, ... of a long row, times `scale`; −∞ behind its end and where `allowed` has zeros, if it is there. */
INLINE vec scores(const float *z, float scale, const int32_t *allowed, isize j, isize k)
{
    const vec v = load_some(z + j, k - j, -INFINITY) * scale;
    return allowed ? choose(*(const ivec *)(allowed + j), v, all(-INFINITY)) : v;
}

/* The largest number of a long row, times `scale`; the least float where there is none but −∞. */
INLINE float largest_in_row(const float *z, float scale, const int32_t *allowed, isize k)
{
    vec most = all(-FLT_MAX);
    for (isize j = 0; j < k; j += LANES)
        most = larger(scores(z, scale, allowed, j, k), most);
    return largest_of(most);
}

/* e = e^(scale z − most) of a long row; returns Σ e, which is at least 1. */
INLINE float exponential_row(const float *z, float scale, const int32_t *allowed, isize k, float most, float *e)
{
    vec sum = all(0);
    for (isize j = 0; j < k; j += LANES) {
        const vec v = exponential(scores(z, scale, allowed, j, k) - most);
        store_some(e + j, v, k - j);
        sum += v;
    }
    const float all_of_them = total(sum);
    return all_of_them < 1 ? 1 : all_of_them;
}

INLINE void scale_row(float *a, float factor, isize k)
{
    for (isize j = 0; j < k; j += LANES)
        store_some(a + j, load_some(a + j, k - j, 0) * factor, k - j);
}

static void softmax_part(void *context, isize part)
{
    const Rows *r = context;
    if (r->k > SHORT) {
        FOR_ROWS(r, part, i, 1) {
            const float *z = r->z + i * r->k, most = largest_in_row(z, 1, NULL, r->k);
            float *out = r->out + i * r->k;
            scale_row(out, 1 / exponential_row(z, 1, NULL, r->k, most, out), r->k);
        }
        return;
    }
    vec s[SHORT], e[SHORT];
    FOR_ROWS(r, part, i, LANES) {
        const isize count = end - i < LANES ? end - i : LANES;
        const vec inverse = 1 / exponentials(r->z + i * r->k, count, r->k, s, e);
        for (isize j = 0; j < r->k; j++)
            e[j] *= inverse;
        turn_back(e, count, r->k, r->out + i * r->k);
    }
}

static void log_softmax_part(void *context, isize part)
{
    const Rows *r = context;
    if (r->k > SHORT) {
        FOR_ROWS(r, part, i, 1) {
            const float *z = r->z + i * r->k, most = largest_in_row(z, 1, NULL, r->k);
            float *out = r->out + i * r->k;
            vec sum = all(0);
            for (isize j = 0; j < r->k; j += LANES)
                sum += exponential(scores(z, 1, NULL, j, r->k) - most);
            const float log_sum = logf(fmaxf(total(sum), 1));
            for (isize j = 0; j < r->k; j++)
                out[j] = z[j] - most - log_sum;
        }
        return;
    }
    vec s[SHORT], e[SHORT];
    FOR_ROWS(r, part, i, LANES) {
        const isize count = end - i < LANES ? end - i : LANES;
        vec log_sum = exponentials(r->z + i * r->k, count, r->k, s, e);
        for (int l = 0; l < LANES; l++)
            log_sum[l] = logf(log_sum[l]);
        for (isize j = 0; j < r->k; j++)
            s[j] -= log_sum;
        turn_back(s, count, r->k, r->out + i * r->k);
    }
}

/* p in z, dp in t: dz = scale p ⊙ (dp − Σ p dp). */
static void softmax_backward_part(void *context, isize part)
{
    const Rows *r = context;
    FOR_ROWS(r, part, i, 1) {
        const float *p = r->z + i * r->k, *dp = r->t + i * r->k;
        float *dz = r->out + i * r->k;
        vec products = all(0);
        for (isize j = 0; j < r->k; j += LANES)
            products += load_some(p + j, r->k - j, 0) * load_some(dp + j, r->k - j, 0);
        const float sum = total(products), factor = r->factor;
        for (isize j = 0; j < r->k; j++)
            dz[j] = factor * p[j] * (dp[j] - sum);
    }
}
