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
    long first, count, tap, taps, pad;
} Side;

/* A convolution's outputs that see the same places of their windows: forward all of them; on the way back through a stride
   of 2 every other pixel sees every other place of the kernel. */
typedef struct {
    Side side[2];
    const long *offset; /* where each contiguous part of a window begins, */
    long segments, run; /* how many such parts there are, and how many numbers each has */
    long kernel;        /* where its part of the packed kernel begins */
} Phase;

/* x (n, height, width, channels) and y (n, rows, columns, outputs). One group at a time: its channels of x and of y begin
   at `first_in` and `first_out`, and there are `depth` and `size` of them. */
typedef struct {
    const float *x, *w, *start;
    float *y;
    long n, height, width, channels, rows, columns, outputs;
    long kernel[2], stride[2], dilation[2], pad[2];
    long apart[2], step[2]; /* outputs of a phase, and its places of the kernel, lie so far apart */
    long depth, size, first_in, first_out;
    long tall, wide; /* a padded image */
    long offset[MOST_TAPS];
    int parts, phases;
    float *sums;
    Phase phase[MOST_PHASES];
} Images;

/* The size of a padded image, and what each phase sees of it; the phases' sides are known. */
static void measure(Images *g)
{
    long size[2] = {g->height, g->width}, beyond[2] = {0, 0}, *offset = g->offset, kernel = 0;
    for (int p = 0; p < g->phases; p++)
        for (int i = 0; i < 2; i++)
            if (g->phase[p].side[i].pad > g->pad[i])
                g->pad[i] = g->phase[p].side[i].pad;
    for (int p = 0; p < g->phases; p++)
        for (int i = 0; i < 2; i++) {
            const Side *s = &g->phase[p].side[i];
            const long last = (s->count - 1) * g->stride[i] + (s->taps - 1) * g->dilation[i] - s->pad;
            beyond[i] = last >= size[i] + beyond[i] ? last + 1 - size[i] : beyond[i];
        }
    g->tall = g->pad[0] + g->height + beyond[0];
    g->wide = g->pad[1] + g->width + beyond[1];
    for (Phase *p = g->phase; p < g->phase + g->phases; p++) {
        const Side *down = p->side, *across = p->side + 1;
        const int whole = g->dilation[1] == 1 && g->depth == g->channels; /* a row of the window is one run of numbers */
        p->run = whole ? across->taps * g->depth : g->depth;
        p->offset = offset;
        for (long k = 0; k < down->taps; k++)
            for (long l = 0; l < (whole && across->taps ? 1 : across->taps); l++)
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
        const long stride = f->stride[i], dilation = f->dilation[i], pixels = i ? f->width : f->height;
        long common = 1; /* of both */
        for (long d = 2; d <= stride; d++)
            common = stride % d == 0 && dilation % d == 0 ? d : common;
        g->dilation[i] = dilation / common;
        g->step[i] = -stride / common;
        g->apart[i] = stride;
        for (int p = 0; p < g->phases; p++) {
            Side s = {.first = i ? p % f->stride[1] : p / f->stride[1]};
            s.count = (pixels - s.first + stride - 1) / stride;
            for (long k = 0; k < f->kernel[i]; k++)
                if ((k * dilation - f->pad[i] - s.first) % stride == 0)
                    s.tap = k, s.taps++, s.pad = (k * dilation - f->pad[i] - s.first) / stride;
            g->phase[p].side[i] = s;
        }
    }
    measure(g);
    return 1;
}

/* Image i with its padding, in this thread's room. */
static float *padded_image(const Images *g, long i)
{
    const size_t size = (size_t)(g->tall * g->wide * g->channels), row = sizeof(float) * g->width * g->channels;
    float *padded = room(1, size + PANEL);
    memset(padded, 0, size * sizeof(float));
    for (long r = 0; r < g->height; r++)
        memcpy(padded + ((g->pad[0] + r) * g->wide + g->pad[1]) * g->channels,
               g->x + (i * g->height + r) * g->width * g->channels, row);
    return padded;
}

/* y of image i: y_rs = start + Σ over the window of x W; w is packed, panel by panel. Tiles share a row's pixels evenly. */
static void convolve_part(void *context, int i)
{
    const Images *g = context;
    const float *padded = padded_image(g, i);
    for (const Phase *p = g->phase; p < g->phase + g->phases; p++) {
        const Side *down = p->side, *across = p->side + 1;
        const long k = p->segments * p->run, tiles = (across->count + ROWS - 1) / ROWS;
        Tile t = {.offset = p->offset, .ac = 1, .segments = p->segments, .depth = p->run, .cs = g->apart[1] * g->outputs};
        for (int r = 0; r < ROWS; r++)
            t.at[r] = r * g->stride[1] * g->channels;
        for (long column = 0; column < g->size; column += PANEL) {
            const int width = panel_width(g->size, column);
            t.b = g->w + p->kernel + column * k;
            t.bs = width > LANES ? PANEL : LANES;
            t.start = g->start ? g->start + column : NULL;
            for (long r = 0; r < down->count; r++)
                for (long tile = 0; tile < tiles; tile++) {
                    const long s = across->count * tile / tiles, next = across->count * (tile + 1) / tiles;
                    const long row = down->first + r * g->apart[0], place = across->first + s * g->apart[1];
                    t.a = padded + (r * g->stride[0] * g->wide + s * g->stride[1]) * g->channels + g->first_in;
                    t.c = g->y + ((i * g->rows + row) * g->columns + place) * g->outputs + g->first_out + column;
                    multiply_tile((int)(next - s), width, &t);
                }
        }
    }
}

/* The part's sum of x's windows ᵀ y over its images: (kernel · depth, size). */
static void weights_part(void *context, int part)
{
    const Images *g = context;
    const Phase *p = g->phase;
    const long pixels = g->rows * g->columns, k = p->segments * p->run;
    long offset[MOST_TAPS];
    for (long r = 0; r < g->rows; r++)
        offset[r] = r * g->stride[0] * g->wide * g->channels;
    Tile t = {.offset = offset, .ac = g->stride[1] * g->channels, .segments = g->rows, .depth = g->columns, .cs = g->size};
    const long begin = g->n * part / g->parts, end = g->n * (part + 1) / g->parts;
    for (long i = begin; i < end; i++) {
        float *padded = padded_image(g, i), *packed = room(0, (size_t)pixels * PANEL);
        const float *dy = g->y + i * pixels * g->outputs;
        for (long column = 0; column < g->size; column += PANEL) {
            const int width = panel_width(g->size, column);
            const int whole = g->size == g->outputs && (g->size == LANES || g->size == PANEL); /* then dy lies as a panel would */
            if (!whole)
                pack(dy + g->first_out + column, g->outputs, 1, pixels, width, packed);
            t.b = whole ? dy : packed;
            t.bs = width > LANES ? PANEL : LANES;
            t.add = i > begin;
            for (long row = 0; row < k; row += ROWS) {
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
   with the roles of its channels exchanged, which is what a gradient meets on its way back. */
static float *pack_kernel(const Images *g, const float *w, long outputs, int back)
{
    const long taps = g->kernel[0] * g->kernel[1];
    float *packed = room(2, (size_t)(taps * g->depth * ((g->size + PANEL - 1) / PANEL) * PANEL));
    for (const Phase *p = g->phase; p < g->phase + g->phases; p++)
        for (long column = 0; column < g->size; column += PANEL) {
            const int width = panel_width(g->size, column);
            float *to = packed + p->kernel + column * p->segments * p->run;
            for (long k = 0; k < p->side[0].taps; k++)
                for (long l = 0; l < p->side[1].taps; l++, to += g->depth * (width > LANES ? PANEL : LANES)) {
                    const long down = p->side[0].tap + k * g->step[0], across = p->side[1].tap + l * g->step[1];
                    const float *from = w + (down * g->kernel[1] + across) * (back ? g->size : g->depth) * outputs;
                    if (back) /* depth is W's outputs in this group, size its channels */
                        pack(from + column * outputs + g->first_in, 1, outputs, g->depth, width, to);
                    else
                        pack(from + g->first_out + column, outputs, 1, g->depth, width, to);
                }
        }
    return packed;
}

/* ---- gradients that are mostly zeros: behind a max-pool and a ReLU, seven of eight numbers of dy are ---- */

/* Whether skipping dy's zeros pays: at most a quarter is other than zero, by a look at some images. */
static int gradient_is_sparse(const Images *g, const float *dy)
{
    if (g->depth != g->channels || g->channels % LANES || g->outputs > MOST_TAPS)
        return 0;
    const long size = g->rows * g->columns * g->outputs, step = g->n > 4 ? g->n / 4 : 1;
    long seen = 0, others = 0;
    for (long i = 0; i < g->n; i += step, seen += size)
        for (long j = 0; j < size; j++)
            others += dy[i * size + j] != 0;
    return 4 * others < seen;
}

/* W (k, outputs), with k of taps times channels, as (outputs, k). */
static float *turn_kernel(const float *w, long k, long outputs)
{
    float *turned = room(2, (size_t)(k * outputs));
    for (long o = 0; o < outputs; o++)
        for (long j = 0; j < k; j++)
            turned[o * k + j] = w[j * outputs + o];
    return turned;
}

/* Where each place of the window lies, counted from its first pixel; returns how many there are. */
static long places(const Images *g, long *offset)
{
    long count = 0;
    for (long k = 0; k < g->kernel[0]; k++)
        for (long l = 0; l < g->kernel[1]; l++)
            offset[count++] = (k * g->dilation[0] * g->wide + l * g->dilation[1]) * g->channels;
    return count;
}

/* A bit for each of some numbers, at most 32, that is not zero. */
INLINE uint32_t others(const float *a, long count)
{
    uint32_t bits = 0;
    long j = 0;
    for (; j <= count - LANES; j += LANES)
        bits |= (uint32_t)others_than_zero(a + j) << j;
    for (; j < count; j++)
        bits |= (uint32_t)(a[j] != 0) << j;
    return bits;
}

/* For each o for which dy[o] of n is not zero. */
#define FOR_OTHERS(dy, n, o)                                                                                           \
    for (long first = 0; first < n; first += 32)                                                                       \
        for (uint32_t bits = others(dy + first, n - first < 32 ? n - first : 32), o; bits; bits &= bits - 1)           \
            if ((o = (uint32_t)(first + __builtin_ctz(bits))), 1)

/* `what` with n known to the compiler, for 1 to 9 places of a window at once. */
#define SOME_PLACES(n, what)                                                                                           \
    switch (n) {                                                                                                       \
        PLACES(1, what) PLACES(2, what) PLACES(3, what) PLACES(4, what) PLACES(5, what)                                \
        PLACES(6, what) PLACES(7, what) PLACES(8, what) PLACES(9, what)                                                \
    }
#define PLACES(n, what)                                                                                                \
    case n:                                                                                                            \
        what(n);                                                                                                       \
        break;

/* Some places of a window at once: x += dy W, for one pixel's dy; W's rows, one for each output, lie `row` apart. */
INLINE void spread(int taps, const long *offset, const float *dy, long outputs, const float *w, long row, long gap,
                   float *x)
{
    vec sum[9];
    for (int t = 0; t < taps; t++)
        sum[t] = load(x + offset[t]);
    FOR_OTHERS(dy, outputs, o) {
        const vec d = all(dy[o]);
        for (int t = 0; t < taps; t++)
            sum[t] += d * load(w + o * row + t * gap);
    }
    for (int t = 0; t < taps; t++)
        store(x + offset[t], sum[t]);
}

/* dx of image i, where x is written and y read: every dy that is not zero adds dy W to its window; W as `turn_kernel`
   lays it. */
static void sparse_input_part(void *context, int i)
{
    const Images *g = context;
    const long channels = g->channels, row = sizeof(float) * g->width * channels, size = g->tall * g->wide * channels;
    const float *dy = g->y + i * g->rows * g->columns * g->outputs;
    long offset[MOST_TAPS];
    const long taps = places(g, offset);
    float *padded = room(1, (size_t)size);
    memset(padded, 0, sizeof(float) * (size_t)size);
    for (long r = 0; r < g->rows; r++)
        for (long s = 0; s < g->columns; s++, dy += g->outputs) {
            float *window = padded + (r * g->stride[0] * g->wide + s * g->stride[1]) * channels;
            for (long c = 0; c < channels; c += LANES)
                for (long t = 0; t < taps; t += 9) {
#define SPREAD(n)                                                                                                      \
    spread(n, offset + t, dy, g->outputs, g->w + t * channels + c, taps * channels, channels, window + c)
                    SOME_PLACES(taps - t < 9 ? taps - t : 9, SPREAD)
                }
        }
    for (long r = 0; r < g->height; r++)
        memcpy((float *)g->x + (i * g->height + r) * g->width * channels,
               padded + ((g->pad[0] + r) * g->wide + g->pad[1]) * channels, row);
}

/* A dy that is not zero, and where its window begins. */
typedef struct {
    float value;
    int32_t at;
} Term;

/* Some places of the window at once: sums += dy x, for one output's dy that are not zero. */
INLINE void gather_weights(int taps, const long *offset, const Term *dy, long count, const float *x, long gap,
                           float *sums)
{
    vec sum[9];
    for (int t = 0; t < taps; t++)
        sum[t] = load(sums + t * gap);
    for (long k = 0; k < count; k++) {
        const vec d = all(dy[k].value);
        for (int t = 0; t < taps; t++)
            sum[t] += d * load(x + dy[k].at + offset[t]);
    }
    for (int t = 0; t < taps; t++)
        store(sums + t * gap, sum[t]);
}

/* The dy (rows, columns, outputs) of an image that are not zero: those of output o from terms + o · rows · columns on. */
static void list_terms(const Images *g, const float *dy, Term *terms, int32_t *count)
{
    const long pixels = g->rows * g->columns;
    memset(count, 0, sizeof(int32_t) * (size_t)g->outputs);
    for (long r = 0; r < g->rows; r++)
        for (long s = 0; s < g->columns; s++, dy += g->outputs) {
            const int32_t at = (int32_t)((r * g->stride[0] * g->wide + s * g->stride[1]) * g->channels);
            FOR_OTHERS(dy, g->outputs, o)
                terms[o * pixels + count[o]++] = (Term){dy[o], at};
        }
}

/* The part's sums (outputs, taps, channels) over its images. */
static void sparse_weights_part(void *context, int part)
{
    const Images *g = context;
    const long channels = g->channels, pixels = g->rows * g->columns;
    long offset[MOST_TAPS];
    int32_t count[MOST_TAPS];
    const long taps = places(g, offset), size = taps * channels;
    float *sums = g->sums + part * g->outputs * size;
    Term *terms = (Term *)room(0, (size_t)(2 * pixels * g->outputs));
    memset(sums, 0, sizeof(float) * (size_t)(g->outputs * size));
    for (long i = g->n * part / g->parts; i < g->n * (part + 1) / g->parts; i++) {
        const float *padded = padded_image(g, i);
        list_terms(g, g->y + i * pixels * g->outputs, terms, count);
        for (long o = 0; o < g->outputs; o++)
            for (long c = 0; c < channels; c += LANES)
                for (long t = 0; t < taps; t += 9) {
#define GATHER(n)                                                                                                      \
    gather_weights(n, offset + t, terms + o * pixels, count[o], padded + c, channels, sums + o * size + t * channels + c)
                    SOME_PLACES(taps - t < 9 ? taps - t : 9, GATHER)
                }
    }
}

/* dW (taps, channels, outputs) = the parts' sums, added in their order. */
static void add_turned(const Images *g, float *dw)
{
    const long size = g->kernel[0] * g->kernel[1] * g->channels, all_sums = g->outputs * size;
    for (int part = 1; part < g->parts; part++)
        for (long j = 0; j < all_sums; j++)
            g->sums[j] += g->sums[part * all_sums + j];
    for (long j = 0; j < size; j++)
        for (long o = 0; o < g->outputs; o++)
            dw[j * g->outputs + o] = g->sums[o * size + j];
}
