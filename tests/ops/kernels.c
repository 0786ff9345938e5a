/* Some kernels without Python: numbers come from standard input, results go to standard output, both as plain floats.

   tests/ops/test_processors.py builds it for other processors and compares what it computes there with NumPy. The order and
   the sizes are those of the test. */

#include <stdio.h>

#include "../../src/byhand/ops/c/attention.h"
#include "../../src/byhand/ops/c/cells.h"
#include "../../src/byhand/ops/c/columns.h"
#include "../../src/byhand/ops/c/ctc.h"
#include "../../src/byhand/ops/c/elementwise.h"
#include "../../src/byhand/ops/c/grey.h"
#include "../../src/byhand/ops/c/layer_norm.h"
#include "../../src/byhand/ops/c/losses.h"
#include "../../src/byhand/ops/c/pooling.h"
#include "../../src/byhand/ops/c/slim.h"
#include "../../src/byhand/ops/c/softmax.h"
#include "../../src/byhand/ops/c/sparse.h"
#include "../../src/byhand/ops/c/sparse_convolution.h"
#include "../../src/byhand/ops/c/winograd_rows.h"

static float *take(isize count)
{
    float *a = malloc(sizeof(float) * (size_t)count);
    if (!a || fread(a, sizeof(float), (size_t)count, stdin) != (size_t)count)
        exit(2);
    return a;
}

static float *space(isize count)
{
    float *a = malloc(sizeof(float) * (size_t)count);
    if (!a)
        exit(2);
    return a;
}

static void give(const float *a, isize count)
{
    if (fwrite(a, sizeof(float), (size_t)count, stdout) != (size_t)count)
        exit(3);
}

/* a (m, depth) times b (depth, n), by tiles and by leaving the zeros of a out. */
static void products(isize m, isize n, isize depth)
{
    float *a = take(m * depth), *b = take(depth * n), *c = space(m * n);
    Product p = {a, b, NULL, c, m, n, depth, depth, 1, n, 1, n, 1, 1};
    dense_product(&p);
    give(c, m * n);
    p = (Product){a, b, NULL, c, m, n, depth, depth, 1, n, 1, n, 1, 1};
    product_without_zeros(&p);
    give(c, m * n);
}

static void rows(isize n, isize k)
{
    float *z = take(n * k), *gamma = take(k), *beta = take(k), *out = space(n * k), *u = space(n * k), *kept = space(3 * n);
    Rows r = {.z = z, .out = out, .n = n, .k = k};
    all_rows(softmax_part, &r);
    give(out, n * k);
    all_rows(log_softmax_part, &r);
    give(out, n * k);
    Normed norm = {.x = z, .gamma = gamma, .beta = beta, .epsilon = 1e-5f, .mean = kept, .variance = kept + n, .inverse = kept + 2 * n,
                   .u = u, .out = out, .n = n, .k = k};
    all_normed(layer_norm_part, &norm);
    give(out, n * k);
}

/* One step of Adam, and activations. */
static void flat(isize n)
{
    float *theta = take(n), *g = take(n), *m = take(n), *v = take(n), *out = space(n), *slope = space(n);
    sigmoid_loop((float *[MOST_ARRAYS]){g, out}, (float[MOST_SCALARS]){0}, n);
    give(out, n);
    gelu_loop((float *[MOST_ARRAYS]){g, out, slope}, (float[MOST_SCALARS]){0}, n);
    give(out, n);
    adam_loop((float *[MOST_ARRAYS]){theta, g, m, v}, (float[MOST_SCALARS]){0.01f, 0.9f, 0.999f, 1e-8f}, n);
    give(theta, n);
}

/* Windows of 2 × 2, two apart. */
static void pool_images(isize n, isize side, isize channels)
{
    const isize half = side / 2;
    float *x = take(n * side * side * channels), *y = space(n * half * half * channels);
    Pool p = {.x = x, .out = y, .height = side, .width = side, .channels = channels, .rows = half, .columns = half,
              .size = {2, 2}, .stride = {2, 2}};
    parallel(max_pool_part, &p, n);
    give(y, n * half * half * channels);
}

/* An LSTM without mask from a first state of zeros: h at every step. z is x W + b already. */
static void sequences(isize n, isize steps, isize k)
{
    float *z = take(n * steps * 4 * k), *r = take(k * 4 * k), *y = space(n * steps * k);
    Sequence s = {.n = n, .steps = steps, .k = k, .gates = 4, .z = z, .y = y, .step = lstm_step,
                  .h = calloc((size_t)(n * k), sizeof(float)), .cell = calloc((size_t)(n * k), sizeof(float)),
                  .before = space(n * steps * k), .cells = space(n * steps * k), .squashed = space(n * steps * k)};
    for (int g = 0; g < 4; g++)
        s.factor[s.factors++] = (Factor){.m = r + g * k, .depth = k, .gap = 4 * k};
    go_through(&s, 0);
    give(y, n * steps * k);
}

int main(void)
{
    if (!prepare_rooms())
        return 1;
    atomic_store(&pool.wanted, 3);
    products(25, 37, 70);
    products(200, 150, 90);
    rows(19, 10);
    rows(5, 131);
    flat(1003);
    pool_images(5, 6, 7);
    sequences(21, 5, 11);
    return out_of_memory;
}
