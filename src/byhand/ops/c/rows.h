/* What works row by row: samples on their way in, softmax, losses, right answers. */

#pragma once

#include <float.h>

#include "matmul.h"

#define MOST_OUTPUTS 256 /* columns that fit the room on the stack; wider rows are NumPy's */

typedef struct {
    const void *a;
    const int64_t *rows;
    void *out;
    long count, most, length; /* rows of out and of a, and bytes or numbers of each */
} Gathering;

/* Which row of a becomes row i; a number that a has no row for gives the nearest. */
INLINE long row_of(const Gathering *g, long i)
{
    const int64_t row = g->rows ? __atomic_load_n(g->rows + i, __ATOMIC_RELAXED) : i; /* another thread may write there */
    return row < 0 ? 0 : row < g->most ? row : g->most - 1;
}

static void gather_part(void *context, long part)
{
    const Gathering *g = context;
    for (long i = (long)part * 32; i < (part + 1) * 32L && i < g->count; i++)
        memcpy((char *)g->out + i * g->length, (const char *)g->a + row_of(g, i) * g->length, (size_t)g->length);
}

/* x / 255 for a byte x, exactly: 1/255 is the sum of two floats, and multiplying is faster than dividing. */
INLINE float grey(float x)
{
#if defined(__FMA__)
    return __builtin_fmaf(x, 1 / 255.0f, x * (float)(1 / 255.0 - (double)(1 / 255.0f)));
#else
    return x / 255.0f;
#endif
}

/* out_i = a[rows_i] / 255; without rows, out = a / 255. */
static void scale_part(void *context, long part)
{
    const Gathering *g = context;
    for (long i = (long)part * 32; i < (part + 1) * 32L && i < g->count; i++) {
        const uint8_t *from = (const uint8_t *)g->a + row_of(g, i) * g->length;
        if (g->rows && i + 1 < g->count) /* the next one is somewhere else, and far from the processor */
            for (long j = 0; j < g->length; j += 64)
                __builtin_prefetch((const uint8_t *)g->a + row_of(g, i + 1) * g->length + j);
        float *out = (float *)g->out + i * g->length;
        for (long j = 0; j < g->length; j++)
            out[j] = grey((float)from[j]);
    }
}

typedef struct {
    const float *z, *t;
    float *out, *each;
    long n, k;
    float factor;
} Rows;

/* LANES rows, or what is left of them, with a row in each lane: lanes[j][i] = row i's number j. */
INLINE void turn(const float *rows, long count, long k, vec *lanes)
{
    for (long j = 0; j < k; j++)
        for (long i = 0; i < LANES; i++)
            ((float *)(lanes + j))[i] = rows[(i < count ? i : 0) * k + j];
}

INLINE void turn_back(const vec *lanes, long count, long k, float *rows)
{
    for (long i = 0; i < count; i++)
        for (long j = 0; j < k; j++)
            rows[i * k + j] = ((const float *)(lanes + j))[i];
}

/* s = z − max z and e = e^s, a row in each lane; returns Σ e, which is at least 1, also where the whole row is −∞ and
   every e is 0. */
INLINE vec exponentials(const float *z, long count, long k, vec *s, vec *e)
{
    turn(z, count, k, s);
    vec most = s[0], sum[4] = {}; /* several sums, which lose less in long rows */
    for (long j = 1; j < k; j++)
        most = choose((s[j] > most) | (s[j] != s[j]), s[j], most);
    most = larger(most, all(-FLT_MAX));
    for (long j = 0; j < k; j++) {
        s[j] -= most;
        e[j] = exponential(s[j]);
        sum[j % 4] += e[j];
    }
    return larger((sum[0] + sum[1]) + (sum[2] + sum[3]), all(1));
}

static void softmax_part(void *context, long part)
{
    const Rows *r = context;
    vec s[MOST_OUTPUTS], e[MOST_OUTPUTS];
    for (long i = (long)part * 256; i < (part + 1) * 256L && i < r->n; i += LANES) {
        const long count = r->n - i < LANES ? r->n - i : LANES;
        const vec inverse = 1 / exponentials(r->z + i * r->k, count, r->k, s, e);
        for (long j = 0; j < r->k; j++)
            e[j] *= inverse;
        turn_back(e, count, r->k, r->out + i * r->k);
    }
}

static void log_softmax_part(void *context, long part)
{
    const Rows *r = context;
    vec s[MOST_OUTPUTS], e[MOST_OUTPUTS];
    for (long i = (long)part * 256; i < (part + 1) * 256L && i < r->n; i += LANES) {
        const long count = r->n - i < LANES ? r->n - i : LANES;
        vec log_sum = exponentials(r->z + i * r->k, count, r->k, s, e);
        for (int l = 0; l < LANES; l++)
            log_sum[l] = logf(log_sum[l]);
        for (long j = 0; j < r->k; j++)
            s[j] -= log_sum;
        turn_back(s, count, r->k, r->out + i * r->k);
    }
}

static void softmax_cross_entropy_part(void *context, long part)
{
    const Rows *r = context;
    vec s[MOST_OUTPUTS], e[MOST_OUTPUTS], t[MOST_OUTPUTS];
    for (long i = (long)part * 256; i < (part + 1) * 256L && i < r->n; i += LANES) {
        const long count = r->n - i < LANES ? r->n - i : LANES;
        const vec sum = exponentials(r->z + i * r->k, count, r->k, s, e), inverse = 1 / sum;
        vec expected = all(0); /* Σ t s */
        turn(r->t + i * r->k, count, r->k, t);
        for (long j = 0; j < r->k; j++) {
            expected += t[j] * larger(s[j], all(-FLT_MAX)); /* 0 · −∞ counts as 0 */
            e[j] = e[j] * inverse - t[j];
        }
        turn_back(e, count, r->k, r->out + i * r->k);
        for (long l = 0; l < count; l++)
            r->each[i + l] = logf(sum[l]) - expected[l];
    }
}

static void squared_error_part(void *context, long part)
{
    const Rows *r = context;
    for (long i = (long)part * 256; i < (part + 1) * 256L && i < r->n; i++) {
        float sum = 0;
        for (long j = i * r->k; j < (i + 1) * r->k; j++) {
            const float d = r->z[j] - r->t[j];
            sum += d * d;
            r->out[j] = 2 * r->factor * d;
        }
        r->each[i] = r->factor * sum;
    }
}

/* log(1 + e) for 0 ≤ e ≤ 1, as 2 artanh(e / (2 + e)) by its series, which loses nothing where e is small. */
INLINE vec log_one_plus(vec e)
{
    const vec s = e / (2 + e), q = s * s;
    vec p = all(1.0f / 13);
    p = p * q + 1.0f / 11;
    p = p * q + 1.0f / 9;
    p = p * q + 1.0f / 7;
    p = p * q + 1.0f / 5;
    p = p * q + 1.0f / 3;
    return 2 * s * (p * q + 1);
}

/* With e = e^−|z|: a = 1/(1 + e) for z ≥ 0, else e/(1 + e), and ℓ = Σ max(z, 0) − t z + log(1 + e). */
static void binary_cross_entropy_part(void *context, long part)
{
    const Rows *r = context;
    vec z[MOST_OUTPUTS], t[MOST_OUTPUTS];
    for (long i = (long)part * 256; i < (part + 1) * 256L && i < r->n; i += LANES) {
        const long count = r->n - i < LANES ? r->n - i : LANES;
        vec loss = all(0);
        turn(r->z + i * r->k, count, r->k, z);
        turn(r->t + i * r->k, count, r->k, t);
        for (long j = 0; j < r->k; j++) {
            const vec e = exponential(choose(z[j] > 0, -z[j], z[j]));
            loss += choose(z[j] < 0, all(0), z[j]) - t[j] * z[j] + log_one_plus(e);
            z[j] = choose(z[j] > 0, all(1), e) / (1 + e) - t[j];
        }
        turn_back(z, count, r->k, r->out + i * r->k);
        for (long l = 0; l < count; l++)
            r->each[i + l] = loss[l];
    }
}

typedef struct {
    const float *a;
    float *sums;
    long n, k;
    long parts;
} Sums;

/* The part's Σ_i a_i over some of the n rows of k numbers. */
static void sum_rows_part(void *context, long part)
{
    const Sums *s = context;
    const long begin = s->n * part / s->parts, end = s->n * (part + 1) / s->parts;
    float *out = s->sums + part * s->k;
    long j = 0;
    for (; j <= s->k - LANES; j += LANES) {
        vec even = all(0), odd = all(0);
        long i = begin;
        for (; i < end - 1; i += 2) {
            even += load(s->a + i * s->k + j);
            odd += load(s->a + (i + 1) * s->k + j);
        }
        store(out + j, i < end ? even + odd + load(s->a + i * s->k + j) : even + odd);
    }
    if (j < s->k) { /* less than a register is left */
        float rest[LANES] = {0};
        for (long i = begin; i < end; i++)
            for (long l = 0; l < s->k - j; l++)
                rest[l] += s->a[i * s->k + j + l];
        memcpy(out + j, rest, sizeof(float) * (s->k - j));
    }
}

/* out = Σ_i a_i; many rows are summed in eight parts, whatever the number of threads. */
static void sum_rows(const float *a, long n, long k, float *out)
{
    Sums s = {a, out, n, k, n * k > 65536 && n > 64 ? 8 : 1};
    if (s.parts == 1) {
        sum_rows_part(&s, 0);
        return;
    }
    s.sums = room(2, (size_t)(s.parts * k));
    if (!s.sums)
        return;
    parallel(sum_rows_part, &s, s.parts);
    memcpy(out, s.sums, sizeof(float) * k);
    for (long part = 1; part < s.parts; part++)
        for (long j = 0; j < k; j++)
            out[j] += s.sums[part * k + j];
}

/* How many rows have their largest number in the column that the label says; of equal ones the first counts. */
static long count_right(const float *y, const int64_t *labels, long n, long k)
{
    long right = 0;
    for (long i = 0; i < n; i++, y += k) {
        long best = 0;
        for (long j = 1; j < k; j++)
            best = y[j] > y[best] ? j : best;
        right += best == labels[i];
    }
    return right;
}
