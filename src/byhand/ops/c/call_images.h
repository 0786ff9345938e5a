/* Convolution and pooling. */

#pragma once

#include "arguments.h"
#include "grey.h"
#include "pooling.h"
#include "sparse_convolution.h"
#include "winograd_rows.h"

/* Two whole numbers from `least` on. */
static int pair(PyObject *o, isize least, isize *out)
{
    if (!PyTuple_CheckExact(o) || PyTuple_GET_SIZE(o) != 2)
        return 0;
    for (int i = 0; i < 2; i++) {
        out[i] = PyLong_CheckExact(PyTuple_GET_ITEM(o, i)) ? PyLong_AsLong(PyTuple_GET_ITEM(o, i)) : -1;
        if (out[i] < least || out[i] > 1000000)
            return PyErr_Clear(), 0;
    }
    return 1;
}

static int is_images(PyObject *o)
{
    return is_flat(o, NPY_FLOAT32) && PyArray_NDIM(A(o)) == 4 && PyArray_SIZE(A(o)) > 0;
}

/* How x (n, height, width, channels) becomes y (n, rows, columns, outputs) by w; 0 where that is NumPy's to do. */
static int describe(Images *g, PyObject *x, PyObject *w, PyObject *y, PyObject *const *how, isize *groups)
{
    if (!is_images(x) || !is_images(w) || !is_images(y) || !pair(how[0], 1, g->stride) ||
        !pair(how[1], 1, g->dilation) || !pair(how[2], 0, g->pad) || !PyLong_CheckExact(how[3]))
        return 0;
    const npy_intp *a = PyArray_DIMS(A(x)), *k = PyArray_DIMS(A(w)), *b = PyArray_DIMS(A(y));
    *groups = PyLong_AsLong(how[3]);
    if (*groups < 1 || a[0] != b[0] || k[2] * *groups != a[3] || k[3] != b[3] || k[3] % *groups || LANES < 8 ||
        k[0] * k[1] > MOST_TAPS || b[1] > MOST_TAPS || a[1] > MOST_TAPS)
        return 0;
    g->x = FLOATS(x), g->y = FLOATS(y);
    g->n = a[0], g->height = a[1], g->width = a[2], g->channels = a[3];
    g->rows = b[1], g->columns = b[2], g->outputs = b[3];
    g->kernel[0] = k[0], g->kernel[1] = k[1];
    g->depth = k[2], g->size = k[3] / *groups;
    go_forward(g);
    return 1;
}

static void convolve(Images *g, const float *w, isize outputs, const float *b, isize groups, int back)
{
    if (!back && is_grey(g)) {
        g->w = w;
        g->start = b;
        parallel(convolve_grey_part, g, g->n);
        return;
    }
    if (groups == 1 && (is_winograd(g) || is_rowwise(g))) {
        if (back)
            w = turn_kernel(w, g->kernel[0] * g->kernel[1] * g->size, g->depth);
        if (w)
            (is_winograd(g) ? winograd : winograd_rows)(g, w, b, back);
        return;
    }
    for (isize group = 0; group < groups; group++) {
        g->first_in = group * g->depth;
        g->first_out = group * g->size;
        g->w = pack_kernel(g, w, outputs, back);
        float *start = NULL;
        if (b) { /* packed like a row of w */
            start = room(3, (size_t)g->size + PANEL);
            for (isize column = 0; start && column < g->size; column += PANEL)
                pack(b + g->first_out + column, 0, 1, 1, panel_width(g->size, column), start + column);
        }
        g->start = start;
        if (!out_of_memory)
            parallel(convolve_part, g, g->n);
    }
}

OPERATION(conv2d, "x w b *out stride dilation pad groups ~scratch")
{
    PyObject *a[MOST_ARGUMENTS];
    Images g;
    isize groups;
    if (!ARRANGED(conv2d) || !describe(&g, a[0], a[1], a[3], a + 4, &groups) || !is_output(a[3]) ||
        !is_vector(a[2], g.outputs))
        return TWIN(conv2d);
    UNLOCKED(1, convolve(&g, FLOATS(a[1]), g.outputs, FLOATS(a[2]), groups, 0));
    return done();
}

OPERATION(conv2d_input, "dy w *dx stride dilation pad groups ~scratch")
{
    PyObject *a[MOST_ARGUMENTS];
    Images g, back;
    isize groups;
    if (!ARRANGED(conv2d_input) || !describe(&g, a[2], a[1], a[0], a + 3, &groups) || !is_output(a[2]))
        return TWIN(conv2d_input);
    if (groups == 1 && gradient_is_sparse(&g, FLOATS(a[0]))) {
        UNLOCKED(1, sparse_input(&g, FLOATS(a[1])));
        return done();
    }
    if (!go_back(&g, &back))
        return TWIN(conv2d_input);
    UNLOCKED(1, convolve(&back, FLOATS(a[1]), g.outputs, NULL, groups, 1));
    return done();
}

static void convolve_weights(Images *g, float *dw, isize groups)
{
    const int sparse = groups == 1 && gradient_is_sparse(g, g->y), dense = groups == 1 && !sparse;
    const int square = dense && is_winograd(g), rows = dense && !square && is_rowwise(g);
    const isize k = g->kernel[0] * g->kernel[1] * g->depth;
    g->parts = g->n < MOST_SUMS ? g->n : MOST_SUMS;
    g->sums = room(2, (size_t)(g->parts * (square ? 16 * g->depth : rows ? k / 3 * 4 : k) * g->size));
    if (!g->sums)
        return;
    if (sparse) {
        parallel(sparse_weights_part, g, g->parts);
        if (!out_of_memory)
            add_turned(g, dw);
        return;
    }
    if (square || rows) {
        (square ? winograd_weights : winograd_rows_weights)(g, dw);
        return;
    }
    for (isize group = 0; group < groups; group++) {
        g->first_in = group * g->depth;
        g->first_out = group * g->size;
        parallel(is_grey(g) ? grey_weights_part : weights_part, g, g->parts);
        for (isize row = 0; row < k && !out_of_memory; row++) {
            float *to = dw + row * g->outputs + g->first_out;
            const float *from = g->sums + row * g->size;
            memcpy(to, from, sizeof(float) * g->size);
            for (isize part = 1; part < g->parts; part++)
                for (isize j = 0; j < g->size; j++)
                    to[j] += from[part * k * g->size + j];
        }
    }
}

OPERATION(conv2d_weights, "x dy *dw stride dilation pad groups ~scratch")
{
    PyObject *a[MOST_ARGUMENTS];
    Images g;
    isize groups;
    if (!ARRANGED(conv2d_weights) || !describe(&g, a[0], a[2], a[1], a + 3, &groups) || !is_output(a[2]))
        return TWIN(conv2d_weights);
    UNLOCKED(1, convolve_weights(&g, FLOATS(a[2]), groups));
    return done();
}

/* x (n, height, width, channels) and y (n, rows, columns, channels). */
static int describe_pool(Pool *p, PyObject *x, PyObject *y, PyObject *const *how)
{
    if (!is_images(x) || !is_images(y) || !pair(how[0], 1, p->size) ||
        !pair(how[1], 1, p->stride) || !pair(how[2], 0, p->pad))
        return 0;
    const npy_intp *a = PyArray_DIMS(A(x)), *b = PyArray_DIMS(A(y));
    if (a[0] != b[0] || a[3] != b[3])
        return 0;
    p->height = a[1], p->width = a[2], p->channels = a[3], p->rows = b[1], p->columns = b[2];
    p->x = FLOATS(x), p->y = FLOATS(y);
    return 1;
}

OPERATION(max_pool, "x *out size stride pad")
{
    PyObject *a[MOST_ARGUMENTS];
    Pool p;
    if (!ARRANGED(max_pool) || !describe_pool(&p, a[0], a[1], a + 2) || !is_output(a[1]))
        return TWIN(max_pool);
    p.out = FLOATS(a[1]);
    UNLOCKED(1, parallel(max_pool_part, &p, PyArray_DIM(A(a[0]), 0)));
    return done();
}

OPERATION(max_pool_backward, "x y dy *dx size stride pad ~scratch")
{
    PyObject *a[MOST_ARGUMENTS];
    Pool p;
    if (!ARRANGED(max_pool_backward) || !describe_pool(&p, a[0], a[1], a + 4) || !is_flat(a[2], NPY_FLOAT32) ||
        !is_output(a[3]) || !same_shape(a[1], a[2]) || !same_shape(a[0], a[3]))
        return TWIN(max_pool_backward);
    p.dy = FLOATS(a[2]), p.out = FLOATS(a[3]);
    UNLOCKED(1, parallel(max_pool_backward_part, &p, PyArray_DIM(A(a[0]), 0)));
    return done();
}
