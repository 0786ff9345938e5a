/* Matrix products that skip the zeros of a: an image of a digit is four fifths zeros. */

#pragma once

#include "matmul.h"

#define WIDE 16         /* registers of sums at once */
#define MOST_SAMPLES 12 /* whose gradients stay in registers, two for each */

/* The numbers of a line that are not zero, and where they stand. */
typedef struct {
    float *value;
    int32_t *index;
    int count;
} Line;

/* out = start + Σ_k value_k b[index_k] for some registers of columns, the last of them at column `last`. Few registers
   would wait for each other's sums, so they are kept in several chains that are added at the end. */
INLINE void weigh(int columns, isize last, Line a, const float *b, isize bs, const float *start, float *out)
{
    const int chains = columns == 1 ? 4 : columns < 4 ? 2 : 1;
    vec sum[4][WIDE];
    for (int u = 0; u < chains; u++)
        for (int v = 0; v < columns; v++)
            sum[u][v] = u == 0 && start ? load(start + AT(v)) : all(0);
    int k = 0;
    for (; k <= a.count - chains; k += chains)
        for (int u = 0; u < chains; u++) {
            const float *row = b + a.index[k + u] * bs;
            const vec left = all(a.value[k + u]);
            for (int v = 0; v < columns; v++)
                sum[u][v] += left * load(row + AT(v));
        }
    for (; k < a.count; k++)
        for (int v = 0; v < columns; v++)
            sum[0][v] += a.value[k] * load(b + a.index[k] * bs + AT(v));
    for (int v = 0; v < columns; v++) {
        for (int u = 1; u < chains; u++)
            sum[0][v] += sum[u][v];
        store(out + AT(v), sum[0][v]);
    }
}

/* The same for all n columns, at least LANES. The last register overlaps the one before where n is no multiple. */
static void weigh_row(isize n, Line a, const float *b, isize bs, const float *start, float *out)
{
    for (isize done = 0; done < n;) {
        const isize left = n - done, columns = left > WIDE * LANES ? WIDE : (left + LANES - 1) / LANES;
        const isize last = (left > WIDE * LANES ? WIDE * LANES : left) - LANES;
        const isize back = last < 0 ? last : 0; /* less than a register is left, and starts before `done` */
        const float *from = start ? start + done + back : NULL;
        switch (columns) {
#define CASE(c)                                                                                                        \
    case c:                                                                                                            \
        weigh(c, last - back, a, b + done + back, bs, from, out + done + back);                                        \
        break;
            CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
            CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15) CASE(16)
#undef CASE
        }
        done += columns * LANES;
    }
}

static Line line_at(float *memory, isize length)
{
    return (Line){memory, (int32_t *)(memory + length), 0};
}

/* The numbers among a's n that are not zero. */
INLINE void find_others(const float *a, isize n, Line *line)
{
    line->count = 0;
#if defined(__AVX512F__)
    const __m512i counting = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
    for (isize k = 0; k < n; k += LANES) {
        unsigned bits = 0;
        if (n - k >= LANES)
            bits = others_than_zero(a + k);
        else
            for (isize j = 0; j < n - k; j++)
                bits |= (unsigned)(a[k + j] != 0) << j;
#if defined(__AVX512F__)
        if (n - k >= LANES) { /* all of them move together at once; what is stored behind them does not count */
            const __m512i place = _mm512_add_epi32(_mm512_set1_epi32((int)k), counting);
            _mm512_storeu_ps(line->value + line->count, _mm512_maskz_compress_ps((__mmask16)bits, _mm512_loadu_ps(a + k)));
            _mm512_storeu_si512(line->index + line->count, _mm512_maskz_compress_epi32((__mmask16)bits, place));
            line->count += __builtin_popcount(bits);
            continue;
        }
#endif
        for (; bits; bits &= bits - 1) {
            const isize j = k + __builtin_ctz(bits);
            line->value[line->count] = a[j];
            line->index[line->count++] = (int32_t)j;
        }
    }
}

/* Rows of c = start + a b, where a's rows are contiguous. */
static void multiply_rows_part(void *context, isize part)
{
    const Product *p = context;
    const isize top = p->m * part / p->down, end = p->m * (part + 1) / p->down;
    float *memory = room(1, 2 * (size_t)p->depth);
    if (!memory)
        return;
    Line line = line_at(memory, p->depth);
    for (isize row = top; row < end; row++) {
        find_others(p->a + row * p->ar, p->depth, &line);
        weigh_row(p->n, line, p->b, p->br, p->start, p->c + row * p->cs);
    }
}

/* Rows of c = a b, where a's columns are contiguous: a is xᵀ, and c the gradient of a layer's weights. */
static void multiply_columns_part(void *context, isize part)
{
    const Product *p = context;
    const isize blocks = (p->m + LANES - 1) / LANES;
    const isize top = blocks * part / p->down * LANES, end = blocks * (part + 1) / p->down * LANES;
    float *memory = room(1, 2 * LANES * (size_t)p->depth);
    if (!memory)
        return;
    for (isize row = top; row < end && row < p->m; row += LANES) {
        const int rows = p->m - row < LANES ? (int)(p->m - row) : LANES;
        Line line[LANES];
        for (int r = 0; r < rows; r++)
            line[r] = line_at(memory + 2 * r * p->depth, p->depth);
        for (isize k = 0; k < p->depth; k++) {
            const float *a = p->a + row + k * p->ac;
            __builtin_prefetch(a + 16 * p->ac); /* samples far apart are no pattern that the processor knows */
            unsigned bits = 0;
            if (rows == LANES)
                bits = others_than_zero(a);
            else
                for (int r = 0; r < rows; r++)
                    bits |= (unsigned)(a[r] != 0) << r;
            for (; bits; bits &= bits - 1) {
                Line *at = line + __builtin_ctz(bits);
                at->value[at->count] = a[__builtin_ctz(bits)];
                at->index[at->count++] = (int32_t)k;
            }
        }
        for (int r = 0; r < rows; r++)
            weigh_row(p->n, line[r], p->b, p->br, p->start, p->c + (row + r) * p->cs);
    }
}

/* c = start + a b, where a is xᵀ of a few samples: b's few rows stay in registers, and nothing is added for a pixel that is
   0 in all samples. */
INLINE void multiply_samples(int samples, int columns, const Product *p, isize column)
{
    const isize last = columns == 1 ? 0 : p->n - column < PANEL ? p->n - column - LANES : LANES;
    vec start[COLUMNS], b[MOST_SAMPLES][COLUMNS];
    for (int v = 0; v < columns; v++) {
        start[v] = p->start ? load(p->start + column + AT(v)) : all(0);
        for (int k = 0; k < samples; k++)
            b[k][v] = load(p->b + k * p->br + column + AT(v));
    }
    for (isize top = 0; top < p->m; top += LANES) {
        const isize rows = p->m - top < LANES ? p->m - top : LANES;
        unsigned inked = ~0u; /* a bit for each row */
        if (rows == LANES) {
            ivec seen = {};
            for (int k = 0; k < samples; k++)
                seen |= (ivec)load(p->a + top + k * p->ac);
            inked = others_than_zero((const float *)&seen);
        }
        for (isize row = top; row < top + rows; row++, inked >>= 1) {
            vec sum[COLUMNS];
            for (int v = 0; v < columns; v++)
                sum[v] = start[v];
            for (int k = 0; k < samples && (inked & 1); k++)
                for (int v = 0; v < columns; v++)
                    sum[v] += p->a[row + k * p->ac] * b[k][v];
            for (int v = 0; v < columns; v++)
                store(p->c + row * p->cs + column + AT(v), sum[v]);
        }
    }
}

/* The same for all columns, at least LANES; the last register overlaps the one before where there are no whole ones. */
static void multiply_few(const Product *p)
{
    for (isize done = 0; done < p->n; done += PANEL) {
        const int columns = p->n - done <= LANES ? 1 : 2;
        const isize column = columns == 1 ? p->n - LANES : done;
        switch (p->depth) {
#define CASE(n)                                                                                                        \
    case n:                                                                                                            \
        if (columns == 1)                                                                                              \
            multiply_samples(n, 1, p, column);                                                                         \
        else                                                                                                           \
            multiply_samples(n, 2, p, column);                                                                         \
        break;
            CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#undef CASE
        }
    }
}

/* Whether skipping a's zeros pays: for more than a register of columns, for lines of some length of which at most a third
   is other than zero, by a look at some of them: here and there, as every sequence begins with a state of zeros, and every
   image with an empty row. */
static int mostly_zeros(const Product *p)
{
    if (p->bc != 1 || p->n <= LANES || p->depth < 64 || p->depth > INT32_MAX || (p->ac != 1 && p->ar != 1))
        return 0;
    const isize lines = p->ac == 1 ? p->m : p->depth, length = p->ac == 1 ? p->depth : p->m;
    const isize stride = p->ac == 1 ? p->ar : p->ac, looks = lines < 8 ? lines : 8;
    isize others = 0;
    for (isize look = 0; look < looks; look++) {
        const isize line = lines <= 8 ? look : (isize)(2654435761u * (size_t)(look + 1) % (size_t)lines);
        for (isize k = 0; k < length; k++)
            others += p->a[line * stride + k] != 0;
    }
    return 3 * others < looks * length;
}

/* As `dense_product`, without the zeros; at least LANES columns, b's rows contiguous, and a's rows or its columns. */
static void product_without_zeros(Product *p)
{
    const isize parts = (isize)(p->m * p->n * p->depth / 2.5e6), most = p->ac == 1 ? p->m : (p->m + LANES - 1) / LANES;
    p->down = parts < 1 ? 1 : parts > most ? most : parts > 32 ? 32 : parts;
    parallel(p->ac == 1 ? multiply_rows_part : multiply_columns_part, p, p->down);
}
