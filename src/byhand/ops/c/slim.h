/* Matrix products with few columns: the sums run along a's rows, so that no lane of a register is idle.

A tile whose registers lie along c's columns would use 10 of their 16 lanes for ten classes, and reads many rows of a at
once, which memory is slow at. */

#pragma once

#include "matmul.h"

#define SLIM (LANES > 8 ? 12 : 10)   /* columns of c at most: a register of sums for each, */
#define TOGETHER (LANES > 8 ? 2 : 1) /* in so many rows of a at once */
#define AT_ONCE 4                    /* samples whose products are added to the sums together */

/* b (depth, n) with its columns as rows (n, `length`), filled up with zeros. */
static void turn_columns(const Product *p, isize length, float *out)
{
    for (isize j = 0; j < p->n; j++)
        for (isize k = 0; k < length; k++)
            out[j * length + k] = k < p->depth ? p->b[k * p->br + j * p->bc] : 0;
}

/* A product, and b with its columns as rows, or the sums that become c's columns: (n, `length`). */
typedef struct {
    const Product *p;
    float *turned;
    isize length;
} Slim;

/* Some rows of c = start + a b: c_rj = start_j + Σ_k a_rk b_kj. */
INLINE void slim_rows(int rows, int n, const Slim *s, isize row)
{
    const Product *p = s->p;
    const isize length = s->length, whole = p->depth / LANES * LANES, ar = p->ar, cs = p->cs;
    const float *a = p->a + row * ar, *b = s->turned, *start = p->start;
    float *c = p->c + row * cs;
    vec sum[TOGETHER][SLIM], left[TOGETHER];
    for (int r = 0; r < rows; r++)
        for (int j = 0; j < n; j++)
            sum[r][j] = all(0);
    for (isize k = 0; k < whole; k += LANES) {
        for (int r = 0; r < rows; r++) {
            left[r] = load(a + r * ar + k);
            __builtin_prefetch(a + (r + rows) * ar + k);
        }
        for (int j = 0; j < n; j++)
            for (int r = 0; r < rows; r++)
                sum[r][j] += left[r] * load(b + j * length + k);
    }
    if (whole < length) {
        for (int r = 0; r < rows; r++)
            left[r] = load_few(a + r * ar + whole, p->depth - whole);
        for (int j = 0; j < n; j++)
            for (int r = 0; r < rows; r++)
                sum[r][j] += left[r] * load(b + j * length + whole);
    }
    for (int r = 0; r < rows; r++)
        for (int j = 0; j < n; j++)
            c[r * cs + j] = total(sum[r][j]) + (start ? start[j] : 0);
}

/* What some samples add to the sums (n, length): sum_jk += Σ_r a_kr b_rj, where a is xᵀ, for registers from k to `end`. */
INLINE void slim_samples(int samples, int n, const Slim *s, isize row, isize k, isize end)
{
    const Product *p = s->p;
    const isize length = s->length, m = p->m, ac = p->ac;
    const float *a = p->a + row * ac;
    float *sums = s->turned, right[SLIM][AT_ONCE];
    for (int j = 0; j < n; j++)
        for (int r = 0; r < samples; r++)
            right[j][r] = p->b[(row + r) * p->br + j * p->bc];
    for (; k < end; k += LANES) {
        vec left[AT_ONCE];
        for (int r = 0; r < samples; r++)
            left[r] = k + LANES <= m ? load(a + r * ac + k) : load_few(a + r * ac + k, m - k);
        for (int j = 0; j < n; j++) {
            vec sum = load(sums + j * length + k);
            for (int r = 0; r < samples; r++)
                sum += left[r] * right[j][r];
            store(sums + j * length + k, sum);
        }
    }
}

/* One part of the rows of c = start + a b. */
INLINE void slim_rows_part(int n, const Slim *s, isize part)
{
    const isize end = s->p->m * (part + 1) / s->p->down;
    isize row = s->p->m * part / s->p->down;
    for (; row + TOGETHER <= end; row += TOGETHER)
        slim_rows(TOGETHER, n, s, row);
    for (; row < end; row++)
        slim_rows(1, n, s, row);
}

/* One part of the rows of c = a b, where a is xᵀ: a part of each sample. */
INLINE void slim_columns_part(int n, const Slim *s, isize part)
{
    const Product *p = s->p;
    const isize blocks = s->length / LANES, first = blocks * part / p->down * LANES;
    const isize end = blocks * (part + 1) / p->down * LANES;
    for (int j = 0; j < n; j++)
        memset(s->turned + j * s->length + first, 0, sizeof(float) * (size_t)(end - first));
    isize row = 0;
    for (; row + AT_ONCE <= p->depth; row += AT_ONCE)
        slim_samples(AT_ONCE, n, s, row, first, end);
    for (; row < p->depth; row++)
        slim_samples(1, n, s, row, first, end);
    for (isize k = first; k < end && k < p->m; k++)
        for (int j = 0; j < n; j++)
            p->c[k * p->cs + j] = s->turned[j * s->length + k];
}

static void slim_part(void *context, isize part)
{
    const Slim *s = context;
    switch (s->p->n) {
#define CASE(n)                                                                                                        \
    case n:                                                                                                            \
        if (s->p->ac == 1)                                                                                             \
            slim_rows_part(n, s, part);                                                                                \
        else                                                                                                           \
            slim_columns_part(n, s, part);                                                                             \
        break;
        CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10)
#if LANES > 8
        CASE(11) CASE(12)
#endif
#undef CASE
    }
}

/* Whether that pays: for some columns, and long rows of a, or of aᵀ, that are many. */
static int is_slim(const Product *p)
{
    if (LANES < 8 || p->n > SLIM)
        return 0;
    return (p->ac == 1 && p->n > 2 && p->depth >= 128 && p->m >= 32) ||
           (p->ac != 1 && p->ar == 1 && !p->start && p->n > 1 && p->m >= (LANES > 8 ? 64 : 128) && p->depth >= 32);
}

/* c = a b, or start + a b in every row. */
static void slim_product(Product *p)
{
    const isize length = p->ac == 1 ? p->depth : p->m;
    Slim s = {p, NULL, (length + LANES - 1) / LANES * LANES};
    s.turned = room(2, (size_t)(p->n * s.length));
    if (!s.turned)
        return;
    if (p->ac == 1)
        turn_columns(p, s.length, s.turned);
    p->down = 2.0 * p->m * p->n * p->depth < 1e6 ? 1 : 4;
    parallel(slim_part, &s, p->down);
}
