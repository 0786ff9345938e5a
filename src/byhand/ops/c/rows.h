/* What works row by row: samples on their way in, softmax, losses, right answers. */

#pragma once

#include "matmul.h"

#define MOST_OUTPUTS 1024 /* columns that fit the room on the stack; wider rows are NumPy's */

typedef struct {
    const void *a;
    const int64_t *rows;
    void *out;
    long count, length; /* rows, and bytes or numbers of each */
} Gathering;

static void gather_part(void *context, int part)
{
    const Gathering *g = context;
    for (long i = (long)part * 32; i < (part + 1) * 32L && i < g->count; i++)
        memcpy((char *)g->out + i * g->length, (const char *)g->a + g->rows[i] * g->length, (size_t)g->length);
}

/* out_i = a[rows_i] / 255; without rows, out = a / 255. */
static void scale_part(void *context, int part)
{
    const Gathering *g = context;
    for (long i = (long)part * 32; i < (part + 1) * 32L && i < g->count; i++) {
        const uint8_t *from = (const uint8_t *)g->a + (g->rows ? g->rows[i] : i) * g->length;
        float *out = (float *)g->out + i * g->length;
        for (long j = 0; j < g->length; j++)
            out[j] = (float)from[j] / 255.0f;
    }
}

typedef struct {
    const float *z, *t;
    float *out, *each;
    long n, k;
    float factor;
} Rows;

/* One row in whole registers, filled up with `filler`. */
INLINE void fetch(const float *row, long k, float filler, float *out)
{
    for (long j = 0; j < k; j++)
        out[j] = row[j];
    for (long j = k; j % LANES; j++)
        out[j] = filler;
}

/* s = z − max z and e = e^s for one row; returns Σ e. */
INLINE float exponentials(const float *z, long k, float *s, float *e)
{
    fetch(z, k, -INFINITY, s);
    float most = s[0];
    for (long j = 1; j < k; j++)
        most = s[j] > most || s[j] != s[j] ? s[j] : most;
    vec sums = all(0);
    for (long j = 0; j < k; j += LANES) {
        const vec shifted = load(s + j) - most, power = exponential(shifted);
        store(s + j, shifted);
        store(e + j, power);
        sums += j + LANES <= k ? power : choose(load(s + j) > -INFINITY, power, all(0));
    }
    float sum = 0;
    for (int j = 0; j < LANES; j++)
        sum += sums[j];
    return sum;
}

static void softmax_part(void *context, int part)
{
    const Rows *r = context;
    float s[MOST_OUTPUTS], e[MOST_OUTPUTS];
    for (long i = (long)part * 256; i < (part + 1) * 256L && i < r->n; i++) {
        const float inverse = 1 / exponentials(r->z + i * r->k, r->k, s, e);
        for (long j = 0; j < r->k; j++)
            r->out[i * r->k + j] = e[j] * inverse;
    }
}

static void softmax_cross_entropy_part(void *context, int part)
{
    const Rows *r = context;
    float s[MOST_OUTPUTS], e[MOST_OUTPUTS];
    for (long i = (long)part * 256; i < (part + 1) * 256L && i < r->n; i++) {
        const float *t = r->t + i * r->k;
        const float sum = exponentials(r->z + i * r->k, r->k, s, e), inverse = 1 / sum;
        float expected = 0; /* Σ t s */
        for (long j = 0; j < r->k; j++) {
            expected += t[j] * s[j];
            r->out[i * r->k + j] = e[j] * inverse - t[j];
        }
        r->each[i] = logf(sum) - expected;
    }
}

static void squared_error_part(void *context, int part)
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
static void binary_cross_entropy_part(void *context, int part)
{
    const Rows *r = context;
    float z[MOST_OUTPUTS], t[MOST_OUTPUTS], dz[MOST_OUTPUTS], each[MOST_OUTPUTS];
    for (long i = (long)part * 256; i < (part + 1) * 256L && i < r->n; i++) {
        fetch(r->z + i * r->k, r->k, 0, z);
        fetch(r->t + i * r->k, r->k, 0, t);
        for (long j = 0; j < r->k; j += LANES) {
            const vec row = load(z + j), e = exponential(choose(row > 0, -row, row));
            store(dz + j, choose(row > 0, all(1), e) / (1 + e) - load(t + j));
            store(each + j, choose(row < 0, all(0), row) - load(t + j) * row + log_one_plus(e));
        }
        float loss = 0;
        for (long j = 0; j < r->k; j++) {
            loss += each[j];
            r->out[i * r->k + j] = dz[j];
        }
        r->each[i] = loss;
    }
}

typedef struct {
    const float *a;
    float *sums;
    long n, k;
    int parts;
} Columns;

/* The part's Σ_i a_i over some of the n rows of k numbers. */
static void sum_rows_part(void *context, int part)
{
    const Columns *s = context;
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
    for (; j < s->k; j++) {
        out[j] = 0;
        for (long i = begin; i < end; i++)
            out[j] += s->a[i * s->k + j];
    }
}

/* out = Σ_i a_i; many rows are summed in eight parts, whatever the number of threads. */
static void sum_rows(const float *a, long n, long k, float *out)
{
    Columns s = {a, out, n, k, n * k > 65536 && n > 64 ? 8 : 1};
    if (s.parts == 1) {
        sum_rows_part(&s, 0);
        return;
    }
    s.sums = room(2, (size_t)(s.parts * k));
    parallel(sum_rows_part, &s, s.parts);
    memcpy(out, s.sums, sizeof(float) * k);
    for (int part = 1; part < s.parts; part++)
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
