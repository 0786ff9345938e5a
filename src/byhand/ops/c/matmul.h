/* Matrix products in tiles that stay in registers.

A tile is ROWS × COLUMNS registers of sums. For every k it loads one row of b's panel and multiplies it with one number
of each of a's rows. a may lie in any order (rows `ar` apart, columns `ac` apart, in floats); b's panel has its rows `bs`
apart. A convolution is the same product with rows of a that overlap. */

#pragma once

#include "memory.h"
#include "vectors.h"

/* By timing products of 32 to 2,048 samples and 784-256-128 units. */
#define DEPTH 512 /* rows of b that are multiplied at once: a panel of them stays in the cache, */
#define SHALLOW (4096 / PANEL) /* and where a is transposed, so do those rows of it */
#define SIDE (128 / PANEL) /* panels whose rows of b are kept together */
#define FEW_ROWS 50 /* of a, for which b need not be packed */
#define LEAST_SPLIT 5e5 /* operations that threads share */

/* Where register v of a panel begins; the last one overlaps the one before it where the width is no multiple of LANES. */
#define AT(v) ((v) < columns - 1 ? (v)*LANES : last)

/* What a tile multiplies. Row r of a begins at a + at[r], and its numbers are `ac` apart, `depth` of them in each of some
   segments that begin at the offsets given: one segment for a matrix, a window's rows for a convolution. b's panel
   has its registers side by side and its rows `bs` apart; c's rows are `cs` apart. */
typedef struct {
    const float *a, *b, *start;
    float *c;
    const isize *offset;
    isize at[ROWS], ac, bs, segments, depth, cs, last;
    int add; /* c += a b; else c = start + a b, or c = a b */
} Tile;

INLINE void tile(int rows, int columns, const Tile *t)
{
    const isize last = t->last, ac = t->ac, bs = t->bs, cs = t->cs, depth = t->depth;
    const float *b = t->b;
    vec sum[ROWS][COLUMNS];
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < columns; v++)
            sum[r][v] = t->add ? load(t->c + r * cs + AT(v)) : t->start ? load(t->start + v * LANES) : all(0);
    const float *a[ROWS];
    for (int r = 0; r < rows; r++) {
        a[r] = t->a + t->at[r];
        for (int v = 0; v < columns; v++)
            __builtin_prefetch(t->c + r * cs + AT(v), 1);
    }
    for (isize s = 0; s < t->segments; s++) {
        const isize end = t->offset[s] + depth * ac;
        for (isize k = t->offset[s]; k < end; k += ac, b += bs) {
            vec row[COLUMNS];
            for (int v = 0; v < columns; v++)
                row[v] = load(b + v * LANES);
            for (int r = 0; r < rows; r++) {
                const vec left = all(a[r][k]);
                for (int v = 0; v < columns; v++)
                    sum[r][v] += left * row[v];
            }
        }
    }
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < columns; v++)
            store(t->c + r * cs + AT(v), sum[r][v]);
}

/* The same for a number of rows that is known only now, and for a width that may be less than a register. */
static void multiply_tile(int rows, int width, Tile *t)
{
    float *c = t->c, edge[ROWS * LANES];
    const isize cs = t->cs;
    t->last = width < LANES ? 0 : width - LANES;
    if (width < LANES) { /* it goes by way of a whole one */
        for (int r = 0; r < rows && t->add; r++)
            store(edge + r * LANES, load_few(c + r * cs, width));
        t->c = edge;
        t->cs = LANES;
    }
    switch (rows) {
#define CASE(n)                                                                                                        \
    case n:                                                                                                            \
        if (width > LANES)                                                                                             \
            tile(n, 2, t);                                                                                             \
        else                                                                                                           \
            tile(n, 1, t);                                                                                             \
        break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if ROWS == 14
        CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
#undef CASE
    }
    if (width < LANES)
        for (int r = 0; r < rows; r++)
            store_few(c + r * cs, load(edge + r * LANES), width);
    t->c = c;
    t->cs = cs;
}

typedef struct {
    const float *a, *b, *start;
    float *c;
    isize m, n, depth; /* a (m, depth), b (depth, n), c (m, n) */
    isize ar, ac, br, bc, cs;
    isize across, down; /* parts: across panels of c's columns, and down its rows */
} Product;

/* `depth` rows of one register of a panel, whose columns lie `bc` apart. */
static void pack_transposed(const float *from, isize br, isize bc, isize depth, int columns, float *to)
{
    isize k = 0;
#if LANES > 4
    for (vec rows[LANES]; br == 1 && k + LANES <= depth; k += LANES) {
        for (int j = 0; j < LANES; j++)
            rows[j] = load(from + k + j * bc);
        transpose(rows);
        for (int j = 0; j < LANES; j++)
            store(to + (k + j) * columns * LANES, rows[j]);
    }
#endif
    for (; k < depth; k++)
        for (int j = 0; j < LANES; j++)
            to[k * columns * LANES + j] = from[k * br + j * bc];
}

/* `depth` rows of a panel of b of `width` columns, in whole registers; zeros fill up a width below LANES. */
static void pack(const float *b, isize br, isize bc, isize depth, int width, float *out)
{
    const int columns = width > LANES ? 2 : 1;
    const isize last = width < LANES ? 0 : width - LANES;
    if (width >= LANES && bc == 1) {
        for (isize k = 0; k < depth; k++, b += br, out += columns * LANES) {
            __builtin_prefetch(b + 16 * br); /* rows far apart are no pattern that the processor knows */
            for (int v = 0; v < columns; v++)
                store(out + v * LANES, load(b + AT(v)));
        }
        return;
    }
    for (int v = 0; v < columns; v++) {
        const float *from = b + AT(v) * bc;
        float *to = out + v * LANES;
        if (width < LANES && bc == 1)
            for (isize k = 0; k < depth; k++)
                store(to + k * LANES, load_few(from + k * br, width));
        else if (width < LANES)
            for (isize k = 0; k < depth; k++)
                for (int j = 0; j < LANES; j++)
                    to[k * LANES + j] = j < width ? from[k * br + j * bc] : 0;
        else
            pack_transposed(from, br, bc, depth, columns, to);
    }
}

INLINE int panel_width(isize n, isize column) { return n - column < PANEL ? (int)(n - column) : PANEL; }

/* `depth` numbers of each row of a tile, whose columns are contiguous in a (or far apart), in the order in which it reads
   them: (depth, ROWS). */
static void pack_left(const float *a, isize ar, isize ac, int rows, isize depth, float *out)
{
    for (isize k = 0; k < depth; k++, a += ac, out += ROWS) {
        __builtin_prefetch(a + 16 * ac);
        if (ar == 1 && rows == ROWS)
            memcpy(out, a, sizeof(float) * ROWS);
        else
            for (int r = 0; r < rows; r++)
                out[r] = a[r * ar];
    }
}

/* Where a tile finds a panel's rows of b, and how far apart they are. */
typedef struct {
    const float *rows;
    isize gap;
} Panel;

/* `depth` rows of b from `first` on, packed; where a has few rows and b's are whole registers it isn't worth it. */
static Panel make_panel(const Product *p, isize column, isize first, isize depth, float *room)
{
    const int width = panel_width(p->n, column);
    const float *b = p->b + first * p->br + column * p->bc;
    if (p->bc == 1 && width == PANEL && p->m <= FEW_ROWS)
        return (Panel){b, p->br};
    pack(b, p->br, p->bc, depth, width, room);
    return (Panel){room, width > LANES ? PANEL : LANES};
}

/* One part: up to SIDE panels of c's columns, and some of its rows. */
static void multiply_part(void *context, isize part)
{
    const Product *p = context;
    const isize panels = (p->n + PANEL - 1) / PANEL, left = part / p->down, group = part % p->down, none = 0;
    const isize from = panels * left / p->across, count = panels * (left + 1) / p->across - from;
    const isize tiles = (p->m + ROWS - 1) / ROWS, most = p->ac == 1 ? DEPTH : SHALLOW;
    const isize top = tiles * group / p->down * ROWS, last = tiles * (group + 1) / p->down * ROWS;
    const isize end = last < p->m ? last : p->m;
    float *memory = room(0, (size_t)DEPTH * PANEL * SIDE), a[ROWS * SHALLOW], start[SIDE * PANEL];
    if (!memory)
        return;
    Panel panel[SIDE];
    Tile t = {.offset = &none, .ac = p->ac == 1 ? 1 : ROWS, .segments = 1, .cs = p->cs};
    for (int r = 0; r < ROWS; r++)
        t.at[r] = p->ac == 1 ? r * p->ar : r;
    for (isize j = 0; p->start && j < count; j++)
        pack(p->start + (from + j) * PANEL, 0, 1, 1, panel_width(p->n, (from + j) * PANEL), start + j * PANEL);
    for (isize first = 0; first < p->depth; first += most) {
        t.depth = p->depth - first < most ? p->depth - first : most;
        t.add = first > 0;
        for (isize j = 0; j < count; j++)
            panel[j] = make_panel(p, (from + j) * PANEL, first, t.depth, memory + j * DEPTH * PANEL);
        for (isize row = top; row < end; row += ROWS) {
            const int rows = end - row < ROWS ? (int)(end - row) : ROWS;
            t.a = p->a + row * p->ar + first * p->ac;
            if (p->ac != 1) {
                pack_left(t.a, p->ar, p->ac, rows, t.depth, a);
                t.a = a;
            }
            for (isize j = 0; j < count; j++) {
                t.b = panel[j].rows;
                t.bs = panel[j].gap;
                t.start = p->start ? start + j * PANEL : NULL;
                t.c = p->c + row * p->cs + (from + j) * PANEL;
                multiply_tile(rows, panel_width(p->n, (from + j) * PANEL), &t);
            }
        }
    }
}

/* c = a b, or start + a b in every row; b's columns or its rows are contiguous. */
static void dense_product(Product *p)
{
    const isize panels = (p->n + PANEL - 1) / PANEL, tiles = (p->m + ROWS - 1) / ROWS;
    const double operations = 2.0 * p->m * p->n * p->depth;
    const isize parts = operations < LEAST_SPLIT ? 1 : operations < 1e8 ? 4 : operations < 8e8 ? (isize)(operations / 2.5e7) : 32;
    p->across = (panels + SIDE - 1) / SIDE;
    p->across += p->across > 1 && p->across % 2; /* as many for each of two threads */
    /* each of them reads a, and each of those below packs b: where a is less, and need not be packed itself */
    if (p->across < parts && p->m <= 2 * p->n && p->ac == 1)
        p->across = parts < (panels + 1) / 2 ? parts : (panels + 1) / 2;
    p->down = parts / p->across < tiles / 4 ? parts / p->across : tiles / 4;
    p->down += p->down < 1;
    if (operations >= LEAST_SPLIT)
        parallel(multiply_part, p, p->across * p->down);
    else
        for (isize part = 0; part < p->across * p->down; part++)
            multiply_part(p, part);
}

/* Products of many pairs of matrices of the same shapes: pair (i, h) begins so many floats further on. */
typedef struct {
    Product first;
    isize heads, a[2], b[2], c[2];
} Stack;

static void stacked_part(void *context, isize part)
{
    const Stack *s = context;
    const isize i = part / s->heads, h = part % s->heads;
    Product p = s->first;
    p.a += i * s->a[0] + h * s->a[1];
    p.b += i * s->b[0] + h * s->b[1];
    p.c += i * s->c[0] + h * s->c[1];
    for (isize across = 0; across < p.across; across++)
        multiply_part(&p, across);
}

static void stacked_products(Stack *s, isize n)
{
    s->first.across = ((s->first.n + PANEL - 1) / PANEL + SIDE - 1) / SIDE;
    s->first.down = 1;
    parallel(stacked_part, s, n * s->heads);
}
