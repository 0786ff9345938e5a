/* Convolutions of 3 × 3 pixels on images of a single channel, as a network's first layer has them: the whole kernel stays
   in registers, and where a window sees nothing but zeros, as beside a digit, nothing is computed. */

#pragma once

#include "convolution.h"

static int is_grey(const Images *g)
{
    return g->channels == 1 && g->kernel[0] == 3 && g->kernel[1] == 3 && g->dilation[0] == 1 && g->dilation[1] == 1 &&
           g->phases == 1 && g->offset[0] == 0 && g->size % LANES == 0;
}

/* The outputs of row r, from *begin to *end − 1, whose windows see something other than 0 in a padded image. */
static void find_ink(const Images *g, const float *padded, isize r, isize *begin, isize *end)
{
    const float *top = padded + r * g->stride[0] * g->wide;
    isize first = 0, last = g->wide - 1;
#define BLANK(c) (top[c] == 0 && top[(c) + g->wide] == 0 && top[(c) + 2 * g->wide] == 0)
    while (first <= last && BLANK(first))
        first++;
    while (last > first && BLANK(last))
        last--;
#undef BLANK
    *begin = first < 2 ? 0 : (first - 2 + g->stride[1] - 1) / g->stride[1];
    *end = last / g->stride[1] + 1 < g->columns ? last / g->stride[1] + 1 : g->columns;
    if (first > last || *begin > *end)
        *begin = *end = 0;
}

static void convolve_grey_part(void *context, isize i)
{
    const Images *g = context;
    const float *padded = padded_image(g, i);
    if (!padded)
        return;
    for (isize r = 0; r < g->rows; r++) {
        isize begin, end;
        find_ink(g, padded, r, &begin, &end);
        float *y = g->y + (i * g->rows + r) * g->columns * g->size;
        for (isize j = 0; j < g->size; j += LANES) {
            const vec start = g->start ? load(g->start + j) : all(0);
            vec w[9];
            for (int k = 0; k < 9; k++)
                w[k] = load(g->w + k * g->size + j);
            for (isize s = 0; s < begin; s++)
                store(y + s * g->size + j, start);
            for (isize s = begin; s < end; s++) {
                const float *x = padded + r * g->stride[0] * g->wide + s * g->stride[1];
                vec sum = start;
                for (int k = 0; k < 9; k++)
                    sum += x[k / 3 * g->wide + k % 3] * w[k];
                store(y + s * g->size + j, sum);
            }
            for (isize s = end; s < g->columns; s++)
                store(y + s * g->size + j, start);
        }
    }
}

/* The part's sum of x's windows ᵀ y over its images: (9, size). */
static void grey_weights_part(void *context, isize part)
{
    const Images *g = context;
    float *sums = g->sums + part * 9 * g->size;
    memset(sums, 0, sizeof(float) * 9 * g->size);
    for (isize i = g->n * part / g->parts; i < g->n * (part + 1) / g->parts; i++) {
        const float *padded = padded_image(g, i);
        if (!padded)
            return;
        for (isize r = 0; r < g->rows; r++) {
            isize begin, end;
            find_ink(g, padded, r, &begin, &end);
            const float *dy = g->y + (i * g->rows + r) * g->columns * g->size;
            for (isize j = 0; j < g->size && begin < end; j += LANES) {
                vec sum[9];
                for (int k = 0; k < 9; k++)
                    sum[k] = load(sums + k * g->size + j);
                for (isize s = begin; s < end; s++) {
                    const float *x = padded + r * g->stride[0] * g->wide + s * g->stride[1];
                    const vec d = load(dy + s * g->size + j);
                    for (int k = 0; k < 9; k++)
                        sum[k] += x[k / 3 * g->wide + k % 3] * d;
                }
                for (int k = 0; k < 9; k++)
                    store(sums + k * g->size + j, sum[k]);
            }
        }
    }
}
