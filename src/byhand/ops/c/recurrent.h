/* Recurrent layers over a whole sequence: how the steps are gone through; cells.h has what a step computes.

Sequences do not depend on each other, so each part takes some of them through all steps. In a step it goes through the
units, two registers of them at a time: first h_{t−1} times the columns of R that belong to these units, all gates, in
tiles as matmul.h has them; then the gates' functions, while the sums are still in the nearest cache. Backward it is dz_{t+1}
times the columns of Rᵀ. R is packed once for all steps, so that the columns of such a block stand side by side. */

#pragma once

#include "matmul.h"

#define MOST_GATES 4
#define TALL (LANES > 8 ? 2 : 3) /* tiles of a part: so many sequences go through R together */
#define PIECE 256                /* rows of Rᵀ's panel that are multiplied at once */

typedef struct Sequence Sequence;

/* The sums of some sequences' block of units from `unit` to `end`: of gate g they begin at sum + g * gate, and one
   sequence's after the other `gap` floats apart. `i` counts the steps in the order in which they are taken. */
typedef struct {
    isize row, rows, i, unit, end, gate, gap;
    const float *sum;
} Block;

typedef void (*Step)(const Sequence *s, const Block *b);

/* What h, or a gradient, is multiplied with: m (rows, width), its rows `gap` apart; a (n, T, wide). */
typedef struct {
    const float *a, *m;
    isize wide, depth, gap;
} Factor;

struct Sequence {
    Factor factor[MOST_GATES]; /* forward one for each gate, backward the parts of dz */
    int factors, gates, reverse, relu;
    Step step;
    isize n, steps, k, parts;
    const uint8_t *mask;
    const float *packed, *c, *dy;
    float *z, *h, *y, *before, *cell, *cells, *squashed, *inner;
    float *dz, *dh, *dcell, *dinner, *dgates;
};

/* The number in (n, T) of a sequence's step i. */
INLINE isize place_of(const Sequence *s, isize row, isize i) { return row * s->steps + (s->reverse ? s->steps - 1 - i : i); }

INLINE int is_there(const Sequence *s, isize place) { return !s->mask || s->mask[place]; }

/* out = a M, or out += a Mᵀ where `turned`, for one row a of `depth` numbers, and n columns. */
static void multiply_row(const float *restrict a, const Factor *f, int turned, isize n, float *restrict out)
{
    const float *restrict m = f->m;
    const isize gap = f->gap, depth = f->depth;
    if (turned) {
        for (isize j = 0; j < n; j += 4) {
            const isize rows = n - j < 4 ? n - j : 4;
            vec sum[4] = {};
            for (isize k = 0; k < depth; k += LANES) {
                const vec left = load_some(a + k, depth - k, 0);
                for (isize r = 0; r < rows; r++)
                    sum[r] += left * load_some(m + (j + r) * gap + k, depth - k, 0);
            }
            for (isize r = 0; r < rows; r++)
                out[j + r] += total(sum[r]);
        }
        return;
    }
    memset(out, 0, sizeof(float) * (size_t)n);
    isize k = 0;
    for (; k + 4 <= depth; k += 4) {
        const float *row = m + k * gap;
        for (isize j = 0; j < n; j++)
            out[j] += a[k] * row[j] + a[k + 1] * row[gap + j] + (a[k + 2] * row[2 * gap + j] + a[k + 3] * row[3 * gap + j]);
    }
    for (; k < depth; k++)
        for (isize j = 0; j < n; j++)
            out[j] += a[k] * m[k * gap + j];
}

/* For each block of PANEL units, each factor's columns of them: `depth` rows of PANEL, the last block filled up with 0. */
static void pack_blocks(const Sequence *s, int turned, float *to)
{
    for (isize unit = 0; unit < s->k; unit += PANEL) {
        const isize width = s->k - unit < PANEL ? s->k - unit : PANEL;
        for (int g = 0; g < s->factors; g++) {
            const Factor *f = s->factor + g;
            for (isize k = 0; k < f->depth; k++, to += PANEL) {
                memset(to + width, 0, sizeof(float) * (size_t)(PANEL - width));
                if (turned)
                    for (isize j = 0; j < width; j++)
                        to[j] = f->m[(unit + j) * f->gap + k];
                else
                    memcpy(to, f->m + k * f->gap + unit, sizeof(float) * (size_t)width);
            }
        }
    }
}

/* c = a b, or c += a b, for some rows in tiles of about the same height; c's rows are PANEL apart. */
static void multiply_block(isize rows, int width, Tile *t, float *c)
{
    const float *a = t->a;
    const isize tiles = (rows + ROWS - 1) / ROWS, height = (rows + tiles - 1) / tiles;
    for (isize row = 0; row < rows; row += height) {
        t->a = a + row * t->at[1];
        t->c = c + row * PANEL;
        multiply_tile(rows - row < height ? (int)(rows - row) : (int)height, width, t);
    }
    t->a = a;
}

INLINE int block_width(const Sequence *s, isize unit) { return s->k - unit > LANES ? PANEL : LANES; }

INLINE isize depth_of(const Sequence *s)
{
    isize depth = 0;
    for (int g = 0; g < s->factors; g++)
        depth += s->factor[g].depth;
    return depth;
}

/* Forward, some sequences through all steps. */
static void forward_part(void *context, isize part)
{
    const Sequence *s = context;
    const isize top = s->n * part / s->parts, rows = s->n * (part + 1) / s->parts - top, none = 0;
    float sums[MOST_GATES * TALL * ROWS * PANEL];
    Tile t = {.offset = &none, .ac = 1, .segments = 1, .bs = PANEL, .cs = PANEL, .depth = s->k};
    for (int r = 0; r < ROWS; r++)
        t.at[r] = r * s->steps * s->k;
    Block b = {.row = top, .rows = rows, .gate = TALL * ROWS * PANEL, .gap = PANEL, .sum = sums};
    for (b.i = 0; b.i < s->steps; b.i++)
        for (b.unit = 0; b.unit < s->k; b.unit += PANEL) {
            b.end = s->k - b.unit < PANEL ? s->k : b.unit + PANEL;
            t.a = s->before + place_of(s, top, b.i) * s->k;
            for (int g = 0; g < s->gates; g++) {
                t.b = s->packed + (b.unit * s->gates + g * PANEL) * s->k;
                multiply_block(rows, block_width(s, b.unit), &t, sums + g * b.gate);
            }
            s->step(s, &b);
        }
}

/* Backward, from the last step to the first; a block's sums are then what step i + 1 hands back, and after the first step
   they are the gradient by the first state. */
static void backward_part(void *context, isize part)
{
    const Sequence *s = context;
    const isize top = s->n * part / s->parts, rows = s->n * (part + 1) / s->parts - top, none = 0, whole = depth_of(s);
    float sums[TALL * ROWS * PANEL];
    Tile t = {.offset = &none, .ac = 1, .segments = 1, .bs = PANEL, .cs = PANEL};
    Block b = {.row = top, .rows = rows, .gap = PANEL, .sum = sums};
    memset(sums, 0, sizeof(sums));
    for (b.i = s->steps - 1; b.i >= -1; b.i--)
        for (b.unit = 0; b.unit < s->k; b.unit += PANEL) {
            b.end = s->k - b.unit < PANEL ? s->k : b.unit + PANEL;
            t.b = s->packed + b.unit * whole;
            t.add = 0;
            for (const Factor *f = s->factor; f < s->factor + s->factors && b.i + 1 < s->steps; f++) {
                for (int r = 0; r < ROWS; r++)
                    t.at[r] = r * s->steps * f->wide;
                for (isize first = 0; first < f->depth; first += PIECE) {
                    t.a = f->a + place_of(s, top, b.i + 1) * f->wide + first;
                    t.depth = f->depth - first < PIECE ? f->depth - first : PIECE;
                    multiply_block(rows, block_width(s, b.unit), &t, sums);
                    t.b += t.depth * PANEL;
                    t.add = 1;
                }
            }
            s->step(s, &b);
        }
}

/* The same for a few sequences, of which each reads R as it is: packing takes longer than some steps. */
static void few_sequences(Sequence *s, int back)
{
    float *sum = room(0, (size_t)(s->gates * s->k + LANES));
    if (!sum)
        return;
    for (isize row = 0; row < s->n; row++) {
        Block b = {.row = row, .rows = 1, .unit = 0, .end = s->k, .gate = s->k, .sum = sum};
        if (!back)
            for (b.i = 0; b.i < s->steps; b.i++) {
                for (int g = 0; g < s->factors; g++)
                    multiply_row(s->before + place_of(s, row, b.i) * s->k, s->factor + g, 0, s->k, sum + g * s->k);
                s->step(s, &b);
            }
        else
            for (b.i = s->steps - 1; b.i >= -1; b.i--) {
                memset(sum, 0, sizeof(float) * (size_t)s->k);
                for (const Factor *f = s->factor; f < s->factor + s->factors && b.i + 1 < s->steps; f++)
                    multiply_row(f->a + place_of(s, row, b.i + 1) * f->wide, f, 1, s->k, sum);
                s->step(s, &b);
            }
    }
}

/* What each step starts from begins with the first state. */
static void start_from(const Sequence *s, const float *first, float *kept)
{
    for (isize row = 0; row < s->n && kept; row++)
        memcpy(kept + place_of(s, row, 0) * s->k, first + row * s->k, sizeof(float) * (size_t)s->k);
}

/* All sequences through all steps, forward or back. */
static void go_through(Sequence *s, int back)
{
    if (!back) {
        start_from(s, s->h, s->before);
        start_from(s, s->cell, s->cells);
    }
    if (s->n < 3 || s->n * s->steps < 16) {
        few_sequences(s, back);
        return;
    }
    float *packed = room(3, (size_t)(depth_of(s) * ((s->k + PANEL - 1) / PANEL) * PANEL));
    if (!packed)
        return;
    pack_blocks(s, back, packed);
    s->packed = packed;
    s->parts = (s->n + TALL * ROWS - 1) / (TALL * ROWS);
    parallel(back ? backward_part : forward_part, s, s->parts);
}
