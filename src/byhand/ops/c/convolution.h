/* Convolutions as matrix products whose rows overlap: a window's row of pixels is contiguous, and the next window's
   begins a pixel later. No patch is ever written out; an image is copied once, with its padding. */

#pragma once

#include "sparse.h"

#define MOST_TAPS 1024 /* places in a window, or rows of an image */
#define MOST_PHASES 16 /* places of a stride, down times across */
#define MOST_SUMS 8    /* into which the images' gradients of the weights fall, whatever the number of threads */

/* Along one side, outputs that see the same places of their windows: `count` of them from `first` on. They see `taps`
   places of the kernel, the first of which is `tap`, and their first window begins `pad` before the image. */
typedef struct {
    isize first, count, tap, taps, pad;
} Side;

/* A convolution's outputs that see the same places of their windows: forward all of them; on the way back through a stride
   of 2 every other pixel sees every other place of the kernel. */
typedef struct {
    Side side[2];
    const isize *offset; /* where each contiguous part of a window begins, */
    isize segments, run; /* how many such parts there are, and how many numbers each has */
    isize kernel;        /* where its part of the packed kernel begins */
} Phase;

/* x (n, height, width, channels) and y (n, rows, columns, outputs). One group at a time: its channels of x and of y begin
   at `first_in` and `first_out`, and there are `depth` and `size` of them. */
typedef struct {
    const float *x, *w, *start;
    float *y;
    isize n, height, width, channels, rows, columns, outputs;
    isize kernel[2], stride[2], dilation[2], pad[2];
    isize apart[2], step[2]; /* outputs of a phase, and its places of the kernel, lie so far apart */
    isize depth, size, first_in, first_out;
    isize tall, wide; /* a padded image */
    isize offset[MOST_TAPS];
    isize parts;
    int phases;
    float *sums;
    Phase phase[MOST_PHASES];
} Images;

/* The size of a padded image, and what each phase sees of it; the phases' sides are known. */
static void measure(Images *g)
{
    isize size[2] = {g->height, g->width}, beyond[2] = {0, 0}, *offset = g->offset, kernel = 0;
    for (int p = 0; p < g->phases; p++)
        for (int i = 0; i < 2; i++)
            if (g->phase[p].side[i].pad > g->pad[i])
                g->pad[i] = g->phase[p].side[i].pad;
    for (int p = 0; p < g->phases; p++)
        for (int i = 0; i < 2; i++) {
            const Side *s = &g->phase[p].side[i];
            const isize last = (s->count - 1) * g->stride[i] + (s->taps - 1) * g->dilation[i] - s->pad;
            beyond[i] = last >= size[i] + beyond[i] ? last + 1 - size[i] : beyond[i];
        }
    g->tall = g->pad[0] + g->height + beyond[0];
    g->wide = g->pad[1] + g->width + beyond[1];
    for (Phase *p = g->phase; p < g->phase + g->phases; p++) {
        const Side *down = p->side, *across = p->side + 1;
        const int whole = g->dilation[1] == 1 && g->depth == g->channels; /* a row of the window is one run of numbers */
        p->run = whole ? across->taps * g->depth : g->depth;
        p->offset = offset;
        for (isize k = 0; k < down->taps; k++)
            for (isize l = 0; l < (whole && across->taps ? 1 : across->taps); l++)
                *offset++ = ((g->pad[0] - down->pad + k * g->dilation[0]) * g->wide +
                             (g->pad[1] - across->pad + l * g->dilation[1])) * g->channels;
        p->segments = offset - p->offset;
        p->kernel = kernel;
        kernel += p->segments * p->run * ((g->size + PANEL - 1) / PANEL) * PANEL;
    }
}

/* Forward: one phase, which sees the whole kernel. */
static void go_forward(Images *g)
{
    g->phases = g->apart[0] = g->apart[1] = g->step[0] = g->step[1] = 1;
    g->phase[0].side[0] = (Side){0, g->rows, 0, g->kernel[0], g->pad[0]};
    g->phase[0].side[1] = (Side){0, g->columns, 0, g->kernel[1], g->pad[1]};
    measure(g);
}

/* The convolution by which dy = f's y becomes dx = f's x: the kernel turned round, its channels' roles exchanged. Pixel
   first + stride · t gets W's place k from output (first + stride · t + pad − k · dilation) / stride, where that is whole.
   0 if there are too many phases. */
static int go_back(const Images *f, Images *g)
{
    if (f->stride[0] * f->stride[1] > MOST_PHASES)
        return 0;
    *g = (Images){.x = f->y, .y = (float *)f->x, .n = f->n, .height = f->rows, .width = f->columns,
                  .channels = f->outputs, .rows = f->height, .columns = f->width, .outputs = f->channels,
                  .kernel = {f->kernel[0], f->kernel[1]}, .stride = {1, 1}, .depth = f->size, .size = f->depth,
                  .phases = (int)(f->stride[0] * f->stride[1])};
    for (int i = 0; i < 2; i++) {
        const isize stride = f->stride[i], dilation = f->dilation[i], pixels = i ? f->width : f->height;
        isize common = 1; /* of both */
        for (isize d = 2; d <= stride; d++)
            common = stride % d == 0 && dilation % d == 0 ? d : common;
        g->dilation[i] = dilation / common;
        g->step[i] = -stride / common;
        g->apart[i] = stride;
        for (int p = 0; p < g->phases; p++) {
            Side s = {.first = i ? p % f->stride[1] : p / f->stride[1]};
            s.count = (pixels - s.first + stride - 1) / stride;
            for (isize k = 0; k < f->kernel[i]; k++)
                if ((k * dilation - f->pad[i] - s.first) % stride == 0)
                    s.tap = k, s.taps++, s.pad = (k * dilation - f->pad[i] - s.first) / stride;
            g->phase[p].side[i] = s;
        }
    }
    measure(g);
    return 1;
}

/* Image i with its padding, in this thread's room; NULL if there is no memory for it. */
static float *padded_image(const Images *g, isize i)
{
    const size_t size = (size_t)(g->tall * g->wide * g->channels), row = sizeof(float) * g->width * g->channels;
    float *padded = room(1, size + PANEL);
    if (!padded)
        return NULL;
    memset(padded, 0, size * sizeof(float));
    for (isize r = 0; r < g->height; r++)
        memcpy(padded + ((g->pad[0] + r) * g->wide + g->pad[1]) * g->channels,
               g->x + (i * g->height + r) * g->width * g->channels, row);
    return padded;
}

/* y of image i: y_rs = start + Σ over the window of x W; w is packed, panel by panel. Tiles share a row's pixels evenly. */
static void convolve_part(void *context, isize i)
{
    const Images *g = context;
    const float *padded = padded_image(g, i);
    if (!padded)
        return;
    for (const Phase *p = g->phase; p < g->phase + g->phases; p++) {
        const Side *down = p->side, *across = p->side + 1;
        const isize k = p->segments * p->run, tiles = (across->count + ROWS - 1) / ROWS;
        Tile t = {.offset = p->offset, .ac = 1, .segments = p->segments, .depth = p->run, .cs = g->apart[1] * g->outputs};
        for (int r = 0; r < ROWS; r++)
            t.at[r] = r * g->stride[1] * g->channels;
        for (isize column = 0; column < g->size; column += PANEL) {
            const int width = panel_width(g->size, column);
            t.b = g->w + p->kernel + column * k;
            t.bs = width > LANES ? PANEL : LANES;
            t.start = g->start ? g->start + column : NULL;
            for (isize r = 0; r < down->count; r++)
                for (isize tile = 0; tile < tiles; tile++) {
                    const isize s = across->count * tile / tiles, next = across->count * (tile + 1) / tiles;
                    const isize row = down->first + r * g->apart[0], place = across->first + s * g->apart[1];
                    t.a = padded + (r * g->stride[0] * g->wide + s * g->stride[1]) * g->channels + g->first_in;
                    t.c = g->y + ((i * g->rows + row) * g->columns + place) * g->outputs + g->first_out + column;
                    multiply_tile((int)(next - s), width, &t);
                }
        }
    }
}

/* The part's sum of x's windows ᵀ y over its images: (kernel · depth, size). */
static void weights_part(void *context, isize part)
{
    const Images *g = context;
    const Phase *p = g->phase;
    const isize pixels = g->rows * g->columns, k = p->segments * p->run;
    isize offset[MOST_TAPS];
    for (isize r = 0; r < g->rows; r++)
        offset[r] = r * g->stride[0] * g->wide * g->channels;
    Tile t = {.offset = offset, .ac = g->stride[1] * g->channels, .segments = g->rows, .depth = g->columns, .cs = g->size};
    const isize begin = g->n * part / g->parts, end = g->n * (part + 1) / g->parts;
    for (isize i = begin; i < end; i++) {
        float *padded = padded_image(g, i), *packed = room(0, (size_t)pixels * PANEL);
        if (!padded || !packed)
            return;
        const float *dy = g->y + i * pixels * g->outputs;
        for (isize column = 0; column < g->size; column += PANEL) {
            const int width = panel_width(g->size, column);
            const int whole = g->size == g->outputs && (g->size == LANES || g->size == PANEL); /* then dy lies as a panel would */
            if (!whole)
                pack(dy + g->first_out + column, g->outputs, 1, pixels, width, packed);
            t.b = whole ? dy : packed;
            t.bs = width > LANES ? PANEL : LANES;
            t.add = i > begin;
            for (isize row = 0; row < k; row += ROWS) {
                const int rows = k - row < ROWS ? (int)(k - row) : ROWS;
                for (int r = 0; r < rows; r++)
                    t.at[r] = p->offset[(row + r) / p->run] + (row + r) % p->run;
                t.a = padded + g->first_in;
                t.c = g->sums + (part * k + row) * g->size + column;
                multiply_tile(rows, width, &t);
            }
        }
    }
}

/* Group g's part of W (kernel, depth, outputs), packed phase by phase and panel by panel: as it is, or turned round and
   with the roles of its channels exchanged, which is what a gradient meets on its way back; NULL without memory. */
static float *pack_kernel(const Images *g, const float *w, isize outputs, int back)
{
    const isize taps = g->kernel[0] * g->kernel[1];
    float *packed = room(2, (size_t)(taps * g->depth * ((g->size + PANEL - 1) / PANEL) * PANEL));
    for (const Phase *p = g->phase; packed && p < g->phase + g->phases; p++)
        for (isize column = 0; column < g->size; column += PANEL) {
            const int width = panel_width(g->size, column);
            float *to = packed + p->kernel + column * p->segments * p->run;
            for (isize k = 0; k < p->side[0].taps; k++)
                for (isize l = 0; l < p->side[1].taps; l++, to += g->depth * (width > LANES ? PANEL : LANES)) {
                    const isize down = p->side[0].tap + k * g->step[0], across = p->side[1].tap + l * g->step[1];
                    const float *from = w + (down * g->kernel[1] + across) * (back ? g->size : g->depth) * outputs;
                    if (back) /* depth is W's outputs in this group, size its channels */
                        pack(from + column * outputs + g->first_in, 1, outputs, g->depth, width, to);
                    else
                        pack(from + g->first_out + column, outputs, 1, g->depth, width, to);
                }
        }
    return packed;
}

