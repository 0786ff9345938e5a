/* What works column by column on (n, k) numbers: batch normalisation over rows, or over the pixels of images.

   `repeat` rows are taken for one of `wide` = repeat · k numbers, so that it is whole registers, some of them; what is
   left over at the end goes number by number. Rows fall into parts that are fixed by the shape, and a part's sums are
   added up in float64 every few rows, while those are still in the cache. */

#pragma once

#include "matmul.h"

#define FEW 2048  /* numbers whose sums are formed in float32 */
#define ABREAST 6 /* registers of sums at once */

typedef struct {
    const float *x, *dy;                     /* (n, k) */
    const float *mean, *slope, *start, *up;  /* for each of the `wide` columns */
    float *out;
    double *sums; /* of each part, twice `wide` */
    isize n, k, repeat;
    isize parts;
} Columns;

static Columns in_columns(const float *x, const float *dy, isize n, isize k)
{
    const isize parts = n * k / 32768;
    Columns c = {.x = x, .dy = dy, .n = n, .k = k, .repeat = k % LANES ? LANES : k < 4 * LANES ? 4 : 1};
    c.parts = parts < 1 ? 1 : parts > 32 ? 32 : parts;
    return c;
}

/* out = k numbers, once for each of the rows that are taken for one; out may begin with them. */
static float *repeat(const Columns *c, const float *a, float *out)
{
    for (isize r = a == out; r < c->repeat; r++)
        memcpy(out + r * c->k, a, sizeof(float) * c->k);
    return out;
}

/* A part's rows, all of them wide, begin at `begin` and end before `end`. */
#define PART_OF(c, part)                                                                                               \
    const isize wide = c->k * c->repeat, lines = c->n / c->repeat;                                                      \
    const isize begin = lines * part / c->parts * wide, end = lines * (part + 1) / c->parts * wide

/* The numbers behind the last wide row, which are the last part's. */
#define FOR_THE_REST(c, part)                                                                                          \
    for (isize i = part == c->parts - 1 ? c->n / c->repeat * c->repeat * c->k : c->n * c->k; i < c->n * c->k; i++)

/* out = (x − mean) ⊙ slope + start, and + dy ⊙ up where there is a dy. */
INLINE void scale_few(const Columns *c, const float *dy, isize begin, isize end, isize wide)
{
    const float *x = c->x, *mean = c->mean, *slope = c->slope, *start = c->start, *up = c->up;
    float *out = c->out;
    for (isize i = begin; i < end; i += wide)
        for (isize j = 0; j < wide; j += LANES) {
            vec y = (load(x + i + j) - load(mean + j)) * load(slope + j) + load(start + j);
            if (dy)
                y += load(dy + i + j) * load(up + j);
            store(out + i + j, y);
        }
}

static void scale_columns_part(void *context, isize part)
{
    const Columns *c = context;
    PART_OF(c, part);
    if (c->dy)
        scale_few(c, c->dy, begin, end, wide);
    else
        scale_few(c, NULL, begin, end, wide);
    FOR_THE_REST(c, part) {
        const isize j = i % c->k;
        c->out[i] = (c->x[i] - c->mean[j]) * c->slope[j] + c->start[j] + (c->dy ? c->dy[i] * c->up[j] : 0);
    }
}

/* Of a few rows, from x to end: Σ x, and Σ x² as Σ (x − m)² + m (2 Σ x − n m), m their mean: nothing is lost where x is
   far from zero. */
INLINE void few_statistics(int registers, const float *x, const float *end, isize wide, double *sum, double *squares)
{
    const float n = (float)((end - x + wide - 1) / wide);
    vec s[ABREAST] = {}, m[ABREAST], q[ABREAST] = {};
    for (const float *row = x; row < end; row += wide)
        for (int v = 0; v < registers; v++)
            s[v] += load(row + v * LANES);
    for (int v = 0; v < registers; v++)
        m[v] = s[v] / n;
    for (const float *row = x; row < end; row += wide)
        for (int v = 0; v < registers; v++) {
            const vec d = load(row + v * LANES) - m[v];
            q[v] += d * d;
        }
    for (int v = 0; v < registers; v++)
        for (int l = 0; l < LANES; l++) {
            sum[v * LANES + l] += s[v][l];
            squares[v * LANES + l] += q[v][l] + m[v][l] * (2 * (double)s[v][l] - n * (double)m[v][l]);
        }
}

/* Of a few rows: Σ dy, and Σ dy ⊙ (x − mean). */
INLINE void few_sums(int registers, const float *x, const float *end, isize wide, double *sum, double *products,
                     const float *dy, const float *mean)
{
    vec s[ABREAST] = {}, p[ABREAST] = {};
    for (; x < end; x += wide, dy += wide)
        for (int v = 0; v < registers; v++) {
            s[v] += load(dy + v * LANES);
            p[v] += load(dy + v * LANES) * (load(x + v * LANES) - load(mean + v * LANES));
        }
    for (int v = 0; v < registers; v++)
        for (int l = 0; l < LANES; l++) {
            sum[v * LANES + l] += s[v][l];
            products[v * LANES + l] += p[v][l];
        }
}

/* Two sums of a part's rows, a few rows and a few registers at a time: of x with its squares, or of dy with u. */
static void column_sums_part(void *context, isize part)
{
    const Columns *c = context;
    PART_OF(c, part);
    double *sum = c->sums + 2 * part * wide, *second = sum + wide;
    memset(sum, 0, 2 * sizeof(double) * wide);
    const isize few = (FEW / wide ? FEW / wide : 1) * wide;
    for (isize first = begin; first < end; first += few)
        for (isize j = 0; j < wide; j += ABREAST * LANES) {
            const float *x = c->x + first + j, *last = c->x + (end - first < few ? end : first + few);
            switch (wide - j < ABREAST * LANES ? (wide - j) / LANES : ABREAST) {
#define CASE(r)                                                                                                        \
    case r:                                                                                                            \
        if (c->dy)                                                                                                     \
            few_sums(r, x, last, wide, sum + j, second + j, c->dy + first + j, c->mean + j);                           \
        else                                                                                                           \
            few_statistics(r, x, last, wide, sum + j, second + j);                                                     \
        break;
                CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#undef CASE
            }
        }
    FOR_THE_REST(c, part) {
        const isize j = i % c->k;
        sum[j] += c->dy ? c->dy[i] : c->x[i];
        second[j] += c->dy ? c->dy[i] * ((double)c->x[i] - c->mean[j]) : (double)c->x[i] * c->x[i];
    }
}

/* Both sums of all parts for column j, in their order. */
static void column_sums(const Columns *c, isize j, double *first, double *second)
{
    const isize wide = c->k * c->repeat;
    *first = *second = 0;
    for (const double *sums = c->sums; sums < c->sums + 2 * c->parts * wide; sums += 2 * wide)
        for (isize r = 0; r < c->repeat; r++) {
            *first += sums[r * c->k + j];
            *second += sums[wide + r * c->k + j];
        }
}

/* The parts' sums, in c->sums; 0 if there is no memory for them. */
static int sum_columns(Columns *c)
{
    c->sums = (double *)room(1, 4 * (size_t)(c->parts * c->k * c->repeat));
    if (c->sums)
        parallel(column_sums_part, c, c->parts);
    return !out_of_memory;
}

static void column_statistics(const float *x, isize n, isize k, float *mean, float *variance)
{
    Columns c = in_columns(x, NULL, n, k);
    if (!sum_columns(&c))
        return;
    for (isize j = 0; j < k; j++) {
        double sum, squares;
        column_sums(&c, j, &sum, &squares);
        const double over = squares / n - sum / n * (sum / n);
        mean[j] = (float)(sum / n);
        variance[j] = over > 0 || over != over ? (float)over : 0;
    }
}

static void batch_norm(const float *x, const float *mean, const float *inverse, const float *gamma, const float *beta,
                       isize n, isize k, float *out)
{
    Columns c = in_columns(x, NULL, n, k);
    float *m = room(2, 3 * (size_t)(k * c.repeat)), *slope = m + k * c.repeat, *start = slope + k * c.repeat;
    if (!m)
        return;
    repeat(&c, mean, m);
    repeat(&c, beta, start);
    for (isize j = 0; j < k; j++)
        slope[j] = gamma[j] * inverse[j];
    repeat(&c, slope, slope);
    c.mean = m, c.slope = slope, c.start = start, c.out = out;
    parallel(scale_columns_part, &c, c.parts);
}

static void batch_norm_sums(const float *x, const float *mean, const float *inverse, const float *dy, isize n, isize k,
                            float *dgamma, float *dbeta)
{
    Columns c = in_columns(x, dy, n, k);
    float *m = room(2, (size_t)(k * c.repeat));
    if (!m)
        return;
    c.mean = repeat(&c, mean, m);
    if (!sum_columns(&c))
        return;
    for (isize j = 0; j < k; j++) {
        double sum, products;
        column_sums(&c, j, &sum, &products);
        dbeta[j] = (float)sum;
        dgamma[j] = (float)(products * inverse[j]);
    }
}

/* dx = up ⊙ (dy − share (dβ + u ⊙ dγ)), up = γ ⊙ inverse, u = (x − mean) ⊙ inverse. */
static void batch_norm_backward(const float *x, const float *mean, const float *inverse, const float *dy,
                                const float *gamma, const float *dgamma, const float *dbeta, float share, isize n,
                                isize k, float *dx)
{
    Columns c = in_columns(x, dy, n, k);
    const isize wide = k * c.repeat;
    float *m = room(2, 4 * (size_t)wide), *slope = m + wide, *start = slope + wide, *up = start + wide;
    if (!m)
        return;
    for (isize j = 0; j < k; j++) {
        up[j] = gamma[j] * inverse[j];
        slope[j] = -share * up[j] * dgamma[j] * inverse[j];
        start[j] = -share * up[j] * dbeta[j];
    }
    c.mean = repeat(&c, mean, m), c.slope = repeat(&c, slope, slope);
    c.start = repeat(&c, start, start), c.up = repeat(&c, up, up);
    c.out = dx;
    parallel(scale_columns_part, &c, c.parts);
}
