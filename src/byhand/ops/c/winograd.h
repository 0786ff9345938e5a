/* Convolutions of 3 × 3 pixels with fewer products: 16 rather than 36 for every 2 × 2 outputs.

   S. Winograd, Arithmetic Complexity of Computations (1980); A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural
   Networks (2016), section 4. For a tile d of 4 × 4 pixels and a kernel g the 2 × 2 outputs are

       Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A,

   and summed over channels, the product at each of the 16 places becomes one of matrices, (tiles, in)(in, out). From that
   follows dg = Gᵀ [Σ over tiles (Bᵀ d B) ⊙ (A dY Aᵀ)] G. */

#pragma once

#include "convolution.h"

#define TILES 56 /* at once, at most, unless a row of an image has more */

#define MOST_PRODUCTS 65536 /* channels in times out: for more, the sums would take much memory */

/* The five matrices, each times a vector whose numbers lie `gap` apart in a and in out. */
INLINE void see(const vec *a, vec *out, int gap) /* Bᵀ */
{
    out[0] = a[0] - a[2 * gap];
    out[gap] = a[gap] + a[2 * gap];
    out[2 * gap] = a[2 * gap] - a[gap];
    out[3 * gap] = a[gap] - a[3 * gap];
}
INLINE void shape(const vec *a, vec *out, int gap) /* G */
{
    out[0] = a[0];
    out[gap] = .5f * (a[0] + a[2 * gap] + a[gap]);
    out[2 * gap] = .5f * (a[0] + a[2 * gap] - a[gap]);
    out[3 * gap] = a[2 * gap];
}
INLINE void shape_back(const vec *a, vec *out, int gap) /* Gᵀ */
{
    const vec sum = .5f * (a[gap] + a[2 * gap]);
    out[0] = a[0] + sum;
    out[gap] = .5f * (a[gap] - a[2 * gap]);
    out[2 * gap] = sum + a[3 * gap];
}
INLINE void write_both(const vec *a, vec *out, int gap) /* Aᵀ */
{
    out[0] = a[0] + a[gap] + a[2 * gap];
    out[gap] = a[gap] - a[2 * gap] - a[3 * gap];
}
INLINE void write_back(const vec *a, vec *out, int gap) /* A */
{
    out[0] = a[0];
    out[gap] = a[0] + a[gap];
    out[2 * gap] = a[0] - a[gap];
    out[3 * gap] = -a[gap];
}

/* out = T a Tᵀ for one of them, which makes `to` numbers of `from`. */
INLINE void transform(void (*t)(const vec *, vec *, int), int from, int to, vec a[4][4], vec out[4][4])
{
    vec half[4][4];
    for (int j = 0; j < from; j++)
        t(&a[0][j], &half[0][j], 4);
    for (int i = 0; i < to; i++)
        t(half[i], out[i], 1);
}

/* Whether this convolution is of that kind, in whole registers of channels. */
static int is_winograd(const Images *g)
{
    return LANES >= 8 && g->kernel[0] == 3 && g->kernel[1] == 3 && g->phases == 1 && g->stride[0] == 1 &&
           g->stride[1] == 1 && g->dilation[0] == 1 && g->dilation[1] == 1 && g->offset[0] == 0 &&
           g->depth == g->channels && g->depth % LANES == 0 && g->size % LANES == 0 && g->rows > 1 && g->columns > 1 &&
           g->depth * g->size <= MOST_PRODUCTS;
}

/* Some rows of tiles at once, of one image or of several; tiles' 16 places begin `in` (and `out`) floats after each other. */
typedef struct {
    isize first, count, across, down, in, out;
} Chunk;

/* An odd number of registers: what lies so far apart does not push each other out of the cache. */
static isize odd(isize floats) { return (floats / LANES | 1) * LANES; }

static Chunk chunk_of(const Images *g)
{
    Chunk c = {.across = (g->columns + 1) / 2, .down = (g->rows + 1) / 2};
    c.count = c.across < TILES ? TILES / c.across : 1;
    c.in = odd(c.count * c.across * g->depth);
    c.out = odd(c.count * c.across * g->size);
    return c;
}

#define FOR_TILES(c)                                                                                                   \
    for (isize row = c->first; row < c->first + c->count; row++)                                                        \
        for (isize i = row / c->down, r = row % c->down * 2, s = 0; s < 2 * c->across; s += 2)

/* v (16, in) = Bᵀ d B for the tile d at (top, left) of an image x; what lies outside the image is 0. */
INLINE void see_tile(const Images *g, const float *x, isize top, isize left, int inside, float *v, isize gap)
{
    for (isize j = 0; j < g->depth; j += LANES) {
        vec d[4][4], out[4][4];
#pragma GCC unroll 16
        for (int k = 0; k < 16; k++) {
            const isize row = top + k / 4, column = left + k % 4;
            const int seen = inside || (row >= 0 && row < g->height && column >= 0 && column < g->width);
            d[k / 4][k % 4] = seen ? load(x + (row * g->width + column) * g->channels + j) : all(0);
        }
        transform(see, 4, 4, d, out);
        for (int k = 0; k < 16; k++)
            store(v + k * gap + j, out[k / 4][k % 4]);
    }
}

/* The same for all tiles (16, tiles, in). */
static void see_tiles(const Images *g, const Chunk *c, float *v)
{
    FOR_TILES(c) {
        const float *x = g->x + i * g->height * g->width * g->channels;
        const isize top = r - g->pad[0], left = s - g->pad[1];
        if (top >= 0 && left >= 0 && top + 4 <= g->height && left + 4 <= g->width)
            see_tile(g, x, top, left, 1, v, c->in);
        else
            see_tile(g, x, top, left, 0, v, c->in);
        v += g->depth;
    }
}

/* y = start + Aᵀ m A for m (16, tiles, out). */
static void write_tiles(const Images *g, const Chunk *c, const float *m)
{
    FOR_TILES(c) {
        float *y = g->y + ((i * g->rows + r) * g->columns + s) * g->outputs;
        for (isize j = 0; j < g->size; j += LANES) {
            vec a[4][4], out[4][4];
            for (int k = 0; k < 16; k++)
                a[k / 4][k % 4] = load(m + k * c->out + j);
            transform(write_both, 4, 2, a, out);
            const vec start = g->start ? load(g->start + j) : all(0);
            for (int k = 0; k < 4; k++)
                if (r + k / 2 < g->rows && s + k % 2 < g->columns)
                    store(y + (k / 2 * g->columns + k % 2) * g->outputs + j, out[k / 2][k % 2] + start);
        }
        m += g->size;
    }
}

/* m (16, tiles, out) = A dy Aᵀ for the tiles of dy. */
static void write_tiles_back(const Images *g, const Chunk *c, float *m)
{
    FOR_TILES(c) {
        const float *y = g->y + ((i * g->rows + r) * g->columns + s) * g->outputs;
        for (isize j = 0; j < g->size; j += LANES) {
            vec a[4][4], out[4][4];
            for (int k = 0; k < 4; k++) {
                const int inside = r + k / 2 < g->rows && s + k % 2 < g->columns;
                a[k / 2][k % 2] = inside ? load(y + (k / 2 * g->columns + k % 2) * g->outputs + j) : all(0);
            }
            transform(write_back, 2, 4, a, out);
            for (int k = 0; k < 16; k++)
                store(m + k * c->out + j, out[k / 4][k % 4]);
        }
        m += g->size;
    }
}

/* c (m, n) = a b, or += a b; a's rows are `ar` apart, its columns `ac` in segments of `depth`, b's and c's rows n apart. */
static void multiply_places(const float *a, isize ar, isize ac, const isize *offset, isize segments, isize depth,
                            const float *b, float *c, isize m, isize n, int add)
{
    const isize tiles = (m + ROWS - 1) / ROWS;
    Tile t = {.offset = offset, .ac = ac, .bs = n, .segments = segments, .depth = depth, .cs = n, .add = add};
    for (int r = 0; r < ROWS; r++)
        t.at[r] = r * ar;
    for (isize column = 0; column < n; column += PANEL)
        for (isize tile = 0; tile < tiles; tile++) {
            const isize row = m * tile / tiles;
            t.a = a + row * ar;
            t.b = b + column;
            t.c = c + row * n + column;
            multiply_tile((int)(m * (tile + 1) / tiles - row), panel_width(n, column), &t);
        }
}

static const isize FROM_THERE = 0;

static void winograd_part(void *context, isize part)
{
    const Images *g = context;
    Chunk c = chunk_of(g);
    float *v = room(0, (size_t)(16 * (c.in + c.out))), *m = v + 16 * c.in;
    if (!v)
        return;
    c.first = part * c.count;
    c.count = g->n * c.down - c.first < c.count ? g->n * c.down - c.first : c.count;
    see_tiles(g, &c, v);
    for (int k = 0; k < 16; k++)
        multiply_places(v + k * c.in, g->depth, 1, &FROM_THERE, 1, g->depth, g->w + k * g->depth * g->size,
                        m + k * c.out, c.count * c.across, g->size, 0);
    write_tiles(g, &c, m);
}

/* The part's sums (16, in, out) of (Bᵀ d B)ᵀ (A dy Aᵀ) over its rows of tiles. */
static void winograd_weights_part(void *context, isize part)
{
    const Images *g = context;
    Chunk c = chunk_of(g);
    const isize begin = g->n * c.down * part / g->parts, end = g->n * c.down * (part + 1) / g->parts, most = c.count;
    float *v = room(0, (size_t)(16 * (c.in + c.out))), *m = v + 16 * c.in;
    float *sums = g->sums + part * 16 * g->depth * g->size;
    if (!v)
        return;
    for (c.first = begin; c.first < end; c.first += c.count) {
        c.count = end - c.first < most ? end - c.first : most;
        see_tiles(g, &c, v);
        write_tiles_back(g, &c, m);
        for (int k = 0; k < 16; k++)
            multiply_places(v + k * c.in, 1, g->depth, &FROM_THERE, 1, c.count * c.across, m + k * c.out,
                            sums + k * g->depth * g->size, g->depth, g->size, c.first > begin);
    }
}

/* Row `row` of dW's channels = Gᵀ (the parts' sums, added in their order) G. */
static void winograd_sums_part(void *context, isize row)
{
    const Images *g = context;
    const isize size = g->depth * g->size;
    for (isize j = row * g->size; j < (row + 1) * g->size; j += LANES) {
        vec sum[4][4], out[4][4];
        for (int k = 0; k < 16; k++) {
            sum[k / 4][k % 4] = load(g->sums + k * size + j);
            for (isize part = 1; part < g->parts; part++)
                sum[k / 4][k % 4] += load(g->sums + (part * 16 + k) * size + j);
        }
        transform(shape_back, 4, 3, sum, out);
        for (int k = 0; k < 9; k++)
            store((float *)g->w + k * size + j, out[k / 3][k % 3]);
    }
}

/* G g Gᵀ (16, in, out), for w (9, in, out); or with the kernel turned round, for w (in, 9, out). */
static float *winograd_kernel(const Images *g, const float *w, int back)
{
    float *u = room(3, (size_t)(16 * g->depth * g->size));
    const isize tap = back ? -g->size : g->depth * g->size, row = back ? 9 * g->size : g->size;
    for (isize i = 0; u && i < g->depth; i++)
        for (isize j = 0; j < g->size; j += LANES) {
            const float *from = w + i * row + j - (back ? 8 * tap : 0);
            vec a[4][4], out[4][4];
            for (int k = 0; k < 9; k++)
                a[k / 3][k % 3] = load(from + k * tap);
            transform(shape, 3, 4, a, out);
            for (int k = 0; k < 16; k++)
                store(u + (k * g->depth + i) * g->size + j, out[k / 4][k % 4]);
        }
    return u;
}

/* y = start + x ∗ W; `w` is W, or, on the way back, W as `turn_kernel` lays it. */
static void winograd(Images *g, const float *w, const float *start, int back)
{
    const Chunk c = chunk_of(g);
    g->w = winograd_kernel(g, w, back);
    g->start = start;
    if (g->w)
        parallel(winograd_part, g, (g->n * c.down + c.count - 1) / c.count);
}

/* dW, in dw; g->sums has room for 16 (in, out) for each part. */
static void winograd_weights(Images *g, float *dw)
{
    parallel(winograd_weights_part, g, g->parts);
    g->w = dw;
    if (!out_of_memory)
        parallel(winograd_sums_part, g, g->depth);
}
