/* What works row by row: samples on their way in, sums, right answers. */

#pragma once

#include "matmul.h"

typedef struct {
    const void *a;
    const int64_t *rows;
    void *out;
    isize count, most, length; /* rows of out and of a, and bytes or numbers of each */
} Gathering;

/* Which row of a becomes row i; a number that a has no row for gives the nearest. */
INLINE isize row_of(const Gathering *g, isize i)
{
    const int64_t row = g->rows ? __atomic_load_n(g->rows + i, __ATOMIC_RELAXED) : i; /* another thread may write there */
    return row < 0 ? 0 : row < g->most ? row : g->most - 1;
}

static void gather_part(void *context, isize part)
{
    const Gathering *g = context;
    for (isize i = (isize)part * 32; i < (part + 1) * 32L && i < g->count; i++)
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
static void scale_part(void *context, isize part)
{
    const Gathering *g = context;
    for (isize i = (isize)part * 32; i < (part + 1) * 32L && i < g->count; i++) {
        const uint8_t *from = (const uint8_t *)g->a + row_of(g, i) * g->length;
        if (g->rows && i + 1 < g->count) /* the next one is somewhere else, and far from the processor */
            for (isize j = 0; j < g->length; j += 64)
                __builtin_prefetch((const uint8_t *)g->a + row_of(g, i + 1) * g->length + j);
        float *out = (float *)g->out + i * g->length;
        for (isize j = 0; j < g->length; j++)
            out[j] = grey((float)from[j]);
    }
}

typedef struct {
    const float *a;
    float *sums;
    isize n, k;
    isize parts;
} Sums;

/* The part's Σ_i a_i over some of the n rows of k numbers. */
static void sum_rows_part(void *context, isize part)
{
    const Sums *s = context;
    const isize begin = s->n * part / s->parts, end = s->n * (part + 1) / s->parts;
    float *out = s->sums + part * s->k;
    isize j = 0;
    for (; j <= s->k - LANES; j += LANES) {
        vec even = all(0), odd = all(0);
        isize i = begin;
        for (; i < end - 1; i += 2) {
            even += load(s->a + i * s->k + j);
            odd += load(s->a + (i + 1) * s->k + j);
        }
        store(out + j, i < end ? even + odd + load(s->a + i * s->k + j) : even + odd);
    }
    if (j < s->k) { /* less than a register is left */
        float rest[LANES] = {0};
        for (isize i = begin; i < end; i++)
            for (isize l = 0; l < s->k - j; l++)
                rest[l] += s->a[i * s->k + j + l];
        memcpy(out + j, rest, sizeof(float) * (s->k - j));
    }
}

/* out = Σ_i a_i; many rows are summed in eight parts, whatever the number of threads. */
static void sum_rows(const float *a, isize n, isize k, float *out)
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
    for (isize part = 1; part < s.parts; part++)
        for (isize j = 0; j < k; j++)
            out[j] += s.sums[part * k + j];
}

/* How many rows have their largest number in the column that the label says; of equal ones the first counts. */
static isize count_right(const float *y, const int64_t *labels, isize n, isize k)
{
    isize right = 0;
    for (isize i = 0; i < n; i++, y += k) {
        isize best = 0;
        for (isize j = 1; j < k; j++)
            best = y[j] > y[best] ? j : best;
        right += best == labels[i];
    }
    return right;
}
