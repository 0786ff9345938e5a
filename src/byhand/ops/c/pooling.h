/* Max-pooling: windows of images (n, height, width, channels), channel by channel. */

#pragma once

#include "threads.h"
#include "vectors.h"

typedef struct {
    const float *x, *y, *dy;
    float *out;
    isize height, width, channels, rows, columns, size[2], stride[2], pad[2];
} Pool;

/* The pixels of a window inside the image: `tall` rows of `wide`, from number `at` of the image on. */
typedef struct {
    isize at, tall, wide;
} Part;

static Part window_at(const Pool *p, isize r, isize s)
{
    const isize y0 = r * p->stride[0] - p->pad[0], x0 = s * p->stride[1] - p->pad[1];
    const isize top = y0 < 0 ? 0 : y0, bottom = y0 + p->size[0] < p->height ? y0 + p->size[0] : p->height;
    const isize left = x0 < 0 ? 0 : x0, right = x0 + p->size[1] < p->width ? x0 + p->size[1] : p->width;
    return (Part){(top * p->width + left) * p->channels, bottom - top, right - left};
}

/* The largest of each channel of a window that begins at x. */
INLINE void largest(const Pool *p, const float *x, isize tall, isize wide, float *y)
{
    const isize channels = p->channels, line = p->width * channels;
    isize c = 0;
    for (; c <= channels - LANES; c += LANES) {
        vec most = all(-INFINITY);
        for (isize k = 0; k < tall; k++)
            for (isize l = 0; l < wide; l++)
                most = larger(load(x + k * line + l * channels + c), most);
        store(y + c, most);
    }
    for (; c < channels; c++) {
        float most = -INFINITY;
        for (isize k = 0; k < tall; k++)
            for (isize l = 0; l < wide; l++) {
                const float seen = x[k * line + l * channels + c];
                most = seen > most || seen != seen ? seen : most;
            }
        y[c] = most;
    }
}

static void max_pool_part(void *context, isize i)
{
    const Pool *p = context;
    const float *x = p->x + i * p->height * p->width * p->channels;
    float *y = p->out + i * p->rows * p->columns * p->channels;
    for (isize r = 0; r < p->rows; r++)
        for (isize s = 0; s < p->columns; s++, y += p->channels) {
            const Part w = window_at(p, r, s);
            if (w.tall == 2 && w.wide == 2) /* the usual size, which the compiler then knows */
                largest(p, x + w.at, 2, 2, y);
            else
                largest(p, x + w.at, w.tall, w.wide, y);
        }
}

/* dx of a window's pixels: dy at the first maximum, 0 elsewhere; added where windows overlap. */
INLINE void to_largest(const Pool *p, const float *x, const float *y, const float *dy, float *dx, isize tall, isize wide,
                       int apart)
{
    const isize channels = p->channels, line = p->width * channels;
    isize c = 0;
    for (; c <= channels - LANES; c += LANES) {
        const vec most = load(y + c);
        vec share = load(dy + c); /* until the maximum was met, then 0 */
        for (isize k = 0; k < tall; k++)
            for (isize l = 0; l < wide; l++) {
                const isize to = k * line + l * channels + c;
                const ivec hit = load(x + to) == most;
                const vec now = (vec)((ivec)share & hit);
                if (apart)
                    store(dx + to, now);
                else
                    store(dx + to, load(dx + to) + now);
                share = (vec)((ivec)share & ~hit);
            }
    }
    for (; c < channels; c++) {
        float share = dy[c];
        for (isize k = 0; k < tall; k++)
            for (isize l = 0; l < wide; l++) {
                const isize to = k * line + l * channels + c;
                const int hit = x[to] == y[c];
                dx[to] = (apart ? 0 : dx[to]) + (hit ? share : 0);
                share = hit ? 0 : share;
            }
    }
}

/* Whether each pixel along one side is in exactly one window. */
static int fills(const Pool *p, int side, isize windows, isize pixels)
{
    return p->stride[side] == p->size[side] && p->pad[side] == 0 && windows * p->size[side] == pixels;
}

static void max_pool_backward_part(void *context, isize i)
{
    const Pool *p = context;
    const isize size = p->height * p->width * p->channels;
    const float *x = p->x + i * size;
    float *dx = p->out + i * size;
    const int apart = p->stride[0] >= p->size[0] && p->stride[1] >= p->size[1]; /* no pixel is in two windows */
    if (!fills(p, 0, p->rows, p->height) || !fills(p, 1, p->columns, p->width))
        memset(dx, 0, sizeof(float) * (size_t)size);
    for (isize r = 0; r < p->rows; r++)
        for (isize s = 0; s < p->columns; s++) {
            const isize at = ((i * p->rows + r) * p->columns + s) * p->channels;
            const Part w = window_at(p, r, s);
            if (w.tall == 2 && w.wide == 2 && apart)
                to_largest(p, x + w.at, p->y + at, p->dy + at, dx + w.at, 2, 2, 1);
            else
                to_largest(p, x + w.at, p->y + at, p->dy + at, dx + w.at, w.tall, w.wide, apart);
        }
}
