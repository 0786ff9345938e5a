/* Convolutions of h × 3 pixels that move by one pixel sideways, with 4 products rather than 6 for every 2 outputs: Winograd's
   algorithm along rows alone, for any height, any stride downward, and what goes back through it.

   With d four pixels of a row and g a row of the kernel, Y = Aᵀ [(G g) ⊙ (Bᵀ d)], summed over the kernel's rows. */

#pragma once

#include "winograd.h"

/* Pairs of outputs in a row, and how far apart the 4 places lie: of all rows of a padded image, and of a phase's outputs. */
typedef struct {
    isize across, in, out;
} Rowwise;

static Rowwise rowwise(const Images *g)
{
    Rowwise w = {.across = (g->columns + 1) / 2};
    w.in = g->tall * w.across * g->depth + LANES;
    w.out = g->rows * w.across * g->size + LANES;
    return w;
}

static int is_rowwise(const Images *g)
{
    int even = LANES >= 8 && g->kernel[1] == 3 && g->stride[1] == 1 && g->apart[1] == 1 && g->dilation[1] == 1 &&
               g->depth == g->channels && g->depth % LANES == 0 && g->size % LANES == 0 && g->columns > 1 &&
               g->depth * g->size <= MOST_PRODUCTS;
    for (int p = 0; p < g->phases; p++)
        even = even && g->phase[p].side[1].pad == g->pad[1] && g->phase[p].side[1].taps == 3;
    return even && 4 * g->tall * (g->columns + 1) / 2 * g->depth < 1000000; /* they stay near the processor */
}

/* v (4, tall, across, in) = Bᵀ d for image i with its padding. */
static void see_rows(const Images *g, isize i, const Rowwise *w, float *v)
{
    for (isize y = 0; y < g->tall; y++)
        for (isize q = 0; q < w->across; q++, v += g->depth) {
            const isize row = y - g->pad[0], left = 2 * q - g->pad[1];
            const float *x = g->x + ((i * g->height + row) * g->width + left) * g->channels;
            const int inside = row >= 0 && row < g->height;
            for (isize j = 0; j < g->depth; j += LANES) {
                vec d[4], out[4];
                for (int k = 0; k < 4; k++)
                    d[k] = inside && left + k >= 0 && left + k < g->width ? load(x + k * g->channels + j) : all(0);
                see(d, out, 1);
                for (int k = 0; k < 4; k++)
                    store(v + k * w->in + j, out[k]);
            }
        }
}

/* y of image i = start + Aᵀ m for m (4, count, across, out), the outputs of a phase. */
static void write_rows(const Images *g, isize i, const Side *down, const Rowwise *w, const float *m)
{
    for (isize r = 0; r < down->count; r++)
        for (isize q = 0; q < w->across; q++, m += g->size) {
            float *y = g->y + ((i * g->rows + down->first + r * g->apart[0]) * g->columns + 2 * q) * g->outputs;
            for (isize j = 0; j < g->size; j += LANES) {
                const vec start = g->start ? load(g->start + j) : all(0);
                vec a[4], out[2];
                for (int k = 0; k < 4; k++)
                    a[k] = load(m + k * w->out + j);
                write_both(a, out, 1);
                store(y + j, out[0] + start);
                if (2 * q + 1 < g->columns)
                    store(y + g->outputs + j, out[1] + start);
            }
        }
}

/* m (4, rows, across, out) = A dy for image i. */
static void write_rows_back(const Images *g, isize i, const Rowwise *w, float *m)
{
    for (isize r = 0; r < g->rows; r++)
        for (isize q = 0; q < w->across; q++, m += g->size) {
            const float *dy = g->y + ((i * g->rows + r) * g->columns + 2 * q) * g->outputs;
            for (isize j = 0; j < g->size; j += LANES) {
                const vec a[2] = {load(dy + j), 2 * q + 1 < g->columns ? load(dy + g->outputs + j) : all(0)};
                vec out[4];
                write_back(a, out, 1);
                for (int k = 0; k < 4; k++)
                    store(m + k * w->out + j, out[k]);
            }
        }
}

static void winograd_rows_part(void *context, isize i)
{
    const Images *g = context;
    const Rowwise w = rowwise(g);
    float *v = room(0, (size_t)(4 * (w.in + w.out))), *m = v + 4 * w.in;
    const float *u = g->w;
    if (!v)
        return;
    see_rows(g, i, &w, v);
    for (const Phase *p = g->phase; p < g->phase + g->phases; p++) {
        const Side *down = p->side;
        isize offset[MOST_TAPS];
        for (isize k = 0; k < down->taps; k++)
            offset[k] = k * g->dilation[0] * w.across * g->depth;
        for (int k = 0; k < 4; k++, u += down->taps * g->depth * g->size)
            for (isize r = 0; r < down->count; r++) {
                const isize top = r * g->stride[0] + g->pad[0] - down->pad;
                multiply_places(v + k * w.in + top * w.across * g->depth, g->depth, 1, offset, down->taps, g->depth, u,
                                m + k * w.out + r * w.across * g->size, w.across, g->size, 0);
            }
        write_rows(g, i, down, &w, m);
    }
}

/* The part's sums (4, height, in, out) of (Bᵀ d)ᵀ (A dy) over its images. */
static void winograd_rows_weights_part(void *context, isize part)
{
    const Images *g = context;
    const Rowwise w = rowwise(g);
    const isize begin = g->n * part / g->parts, end = g->n * (part + 1) / g->parts, size = g->depth * g->size;
    float *v = room(0, (size_t)(4 * (w.in + w.out))), *m = v + 4 * w.in;
    if (!v)
        return;
    isize offset[MOST_TAPS];
    for (isize r = 0; r < g->rows; r++)
        offset[r] = r * g->stride[0] * w.across * g->depth;
    for (isize i = begin; i < end; i++) {
        see_rows(g, i, &w, v);
        write_rows_back(g, i, &w, m);
        for (isize k = 0; k < 4 * g->kernel[0]; k++)
            multiply_places(v + k / g->kernel[0] * w.in + k % g->kernel[0] * g->dilation[0] * w.across * g->depth, 1,
                            g->depth, offset, g->rows, w.across, m + k / g->kernel[0] * w.out,
                            g->sums + (part * 4 * g->kernel[0] + k) * size, g->depth, g->size, i > begin);
    }
}

/* Row `row` of the kernel: dW (height, 3, in, out) = Gᵀ (the parts' sums, added in their order). */
static void winograd_rows_sums_part(void *context, isize row)
{
    const Images *g = context;
    const isize size = g->depth * g->size, line = g->kernel[0] * size;
    for (isize j = 0; j < size; j += LANES) {
        vec sum[4], out[3];
        for (int k = 0; k < 4; k++) {
            sum[k] = load(g->sums + k * line + row * size + j);
            for (isize part = 1; part < g->parts; part++)
                sum[k] += load(g->sums + (4 * part + k) * line + row * size + j);
        }
        shape_back(sum, out, 1);
        for (int l = 0; l < 3; l++)
            store((float *)g->w + (3 * row + l) * size + j, out[l]);
    }
}

/* G g for each phase, (4, taps, in, out), for w (taps, in, out) or, on the way back, (in, taps, out). */
static float *winograd_rows_kernel(const Images *g, const float *w, int back)
{
    const isize taps = g->kernel[0] * 3, size = g->depth * g->size;
    float *u = room(3, (size_t)(4 * g->kernel[0] * size)), *to = u;
    for (const Phase *p = g->phase; u && p < g->phase + g->phases; to += 4 * p->side[0].taps * size, p++)
        for (isize row = 0; row < p->side[0].taps; row++)
            for (isize i = 0; i < g->depth; i++)
                for (isize j = 0; j < g->size; j += LANES) {
                    vec a[3], out[4];
                    for (int l = 0; l < 3; l++) {
                        const isize tap = 3 * (p->side[0].tap + row * g->step[0]) + p->side[1].tap + l * g->step[1];
                        a[l] = load(w + (back ? i * taps + tap : tap * g->depth + i) * g->size + j);
                    }
                    shape(a, out, 1);
                    for (int k = 0; k < 4; k++)
                        store(to + ((k * p->side[0].taps + row) * g->depth + i) * g->size + j, out[k]);
                }
    return u;
}

/* As `winograd` and `winograd_weights`. */
static void winograd_rows(Images *g, const float *w, const float *start, int back)
{
    g->w = winograd_rows_kernel(g, w, back);
    g->start = start;
    if (g->w)
        parallel(winograd_rows_part, g, g->n);
}

static void winograd_rows_weights(Images *g, float *dw)
{
    parallel(winograd_rows_weights_part, g, g->parts);
    g->w = dw;
    if (!out_of_memory)
        parallel(winograd_rows_sums_part, g, g->kernel[0]);
}
