/* Gradients of convolutions that are mostly zeros: behind a max-pool and a ReLU, seven of eight numbers of dy are. */

#pragma once

#include "convolution.h"

/* Whether skipping dy's zeros pays: at most a quarter is other than zero, by a look at some images. */
static int gradient_is_sparse(const Images *g, const float *dy)
{
    if (g->depth != g->channels || g->channels % LANES || g->outputs > MOST_TAPS ||
        g->tall * g->wide * g->channels > INT32_MAX)
        return 0;
    const isize size = g->rows * g->columns * g->outputs, step = g->n > 4 ? g->n / 4 : 1;
    isize seen = 0, others = 0;
    for (isize i = 0; i < g->n; i += step, seen += size)
        for (isize j = 0; j < size; j++)
            others += dy[i * size + j] != 0;
    return 4 * others < seen;
}

/* W (k, outputs), with k of taps times channels, as (outputs, k); NULL if there is no memory for it. */
static float *turn_kernel(const float *w, isize k, isize outputs)
{
    float *turned = room(2, (size_t)(k * outputs));
    for (isize o = 0; turned && o < outputs; o++)
        for (isize j = 0; j < k; j++)
            turned[o * k + j] = w[j * outputs + o];
    return turned;
}

/* Where each place of the window lies, counted from its first pixel; returns how many there are. */
static isize places(const Images *g, isize *offset)
{
    isize count = 0;
    for (isize k = 0; k < g->kernel[0]; k++)
        for (isize l = 0; l < g->kernel[1]; l++)
            offset[count++] = (k * g->dilation[0] * g->wide + l * g->dilation[1]) * g->channels;
    return count;
}

/* A bit for each of some numbers, at most 32, that is not zero. */
INLINE uint32_t others(const float *a, isize count)
{
    uint32_t bits = 0;
    isize j = 0;
    for (; j <= count - LANES; j += LANES)
        bits |= (uint32_t)others_than_zero(a + j) << j;
    for (; j < count; j++)
        bits |= (uint32_t)(a[j] != 0) << j;
    return bits;
}

/* For each o for which dy[o] of n is not zero. */
#define FOR_OTHERS(dy, n, o)                                                                                           \
    for (isize first = 0; first < n; first += 32)                                                                       \
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
INLINE void spread(int taps, const isize *offset, const float *dy, isize outputs, const float *w, isize row, isize gap,
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
static void sparse_input_part(void *context, isize i)
{
    const Images *g = context;
    const isize channels = g->channels, row = sizeof(float) * g->width * channels, size = g->tall * g->wide * channels;
    const float *dy = g->y + i * g->rows * g->columns * g->outputs;
    isize offset[MOST_TAPS];
    const isize taps = places(g, offset);
    float *padded = room(1, (size_t)size);
    if (!padded)
        return;
    memset(padded, 0, sizeof(float) * (size_t)size);
    for (isize r = 0; r < g->rows; r++)
        for (isize s = 0; s < g->columns; s++, dy += g->outputs) {
            float *window = padded + (r * g->stride[0] * g->wide + s * g->stride[1]) * channels;
            for (isize c = 0; c < channels; c += LANES)
                for (isize t = 0; t < taps; t += 9) {
#define SPREAD(n)                                                                                                      \
    spread(n, offset + t, dy, g->outputs, g->w + t * channels + c, taps * channels, channels, window + c)
                    SOME_PLACES(taps - t < 9 ? taps - t : 9, SPREAD)
                }
        }
    for (isize r = 0; r < g->height; r++)
        memcpy((float *)g->x + (i * g->height + r) * g->width * channels,
               padded + ((g->pad[0] + r) * g->wide + g->pad[1]) * channels, row);
}

/* dx, where x is written and y read. */
static void sparse_input(Images *g, const float *w)
{
    g->w = turn_kernel(w, g->kernel[0] * g->kernel[1] * g->channels, g->outputs);
    if (g->w)
        parallel(sparse_input_part, g, g->n);
}

/* A dy that is not zero, and where its window begins. */
typedef struct {
    float value;
    int32_t at;
} Term;

/* Some places of the window at once: sums += dy x, for one output's dy that are not zero. */
INLINE void gather_weights(int taps, const isize *offset, const Term *dy, isize count, const float *x, isize gap,
                           float *sums)
{
    vec sum[9];
    for (int t = 0; t < taps; t++)
        sum[t] = load(sums + t * gap);
    for (isize k = 0; k < count; k++) {
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
    const isize pixels = g->rows * g->columns;
    memset(count, 0, sizeof(int32_t) * (size_t)g->outputs);
    for (isize r = 0; r < g->rows; r++)
        for (isize s = 0; s < g->columns; s++, dy += g->outputs) {
            const int32_t at = (int32_t)((r * g->stride[0] * g->wide + s * g->stride[1]) * g->channels);
            FOR_OTHERS(dy, g->outputs, o)
                terms[o * pixels + count[o]++] = (Term){dy[o], at};
        }
}

/* The part's sums (outputs, taps, channels) over its images. */
static void sparse_weights_part(void *context, isize part)
{
    const Images *g = context;
    const isize channels = g->channels, pixels = g->rows * g->columns;
    isize offset[MOST_TAPS];
    int32_t count[MOST_TAPS];
    const isize taps = places(g, offset), size = taps * channels;
    float *sums = g->sums + part * g->outputs * size;
    Term *terms = (Term *)room(0, (size_t)(2 * pixels * g->outputs));
    if (!terms)
        return;
    memset(sums, 0, sizeof(float) * (size_t)(g->outputs * size));
    for (isize i = g->n * part / g->parts; i < g->n * (part + 1) / g->parts; i++) {
        const float *padded = padded_image(g, i);
        if (!padded)
            return;
        list_terms(g, g->y + i * pixels * g->outputs, terms, count);
        for (isize o = 0; o < g->outputs; o++)
            for (isize c = 0; c < channels; c += LANES)
                for (isize t = 0; t < taps; t += 9) {
#define GATHER(n)                                                                                                      \
    gather_weights(n, offset + t, terms + o * pixels, count[o], padded + c, channels, sums + o * size + t * channels + c)
                    SOME_PLACES(taps - t < 9 ? taps - t : 9, GATHER)
                }
    }
}

/* dW (taps, channels, outputs) = the parts' sums, added in their order. */
static void add_turned(const Images *g, float *dw)
{
    const isize size = g->kernel[0] * g->kernel[1] * g->channels, all_sums = g->outputs * size;
    for (isize part = 1; part < g->parts; part++)
        for (isize j = 0; j < all_sums; j++)
            g->sums[j] += g->sums[part * all_sums + j];
    for (isize j = 0; j < size; j++)
        for (isize o = 0; o < g->outputs; o++)
            dw[j * g->outputs + o] = g->sums[o * size + j];
}
