/* What works column by column. */

#pragma once

#include "arguments.h"
#include "columns.h"
#include "layer_norm.h"

/* x (..., k) with at least one row, and `count` vectors (k,). */
static int have_columns(PyObject *x, PyObject *const *vectors, int count)
{
    if (!is_flat(x, NPY_FLOAT32) || PyArray_NDIM(A(x)) < 2 || PyArray_SIZE(A(x)) < 1 || columns(x) > 65536)
        return 0;
    for (int i = 0; i < count; i++)
        if (!is_vector(vectors[i], columns(x)))
            return 0;
    return 1;
}

/* The same for x (n, k). */
static int are_columns(PyObject *x, PyObject *const *vectors, int count)
{
    return have_columns(x, vectors, count) && PyArray_NDIM(A(x)) == 2;
}

/* An array of x's shape, and not x itself. */
static int beside(PyObject *x, PyObject *o, int written)
{
    return (written ? is_output(o) : is_flat(o, NPY_FLOAT32)) && same_shape(x, o) && (!written || FLOATS(x) != FLOATS(o));
}

#define SHAPE(o) PyArray_DIM(A(o), 0), PyArray_DIM(A(o), 1)

OPERATION(column_statistics, "x *mean *variance ~piece")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(column_statistics) || !are_columns(a[0], a + 1, 2) || !is_output(a[1]) || !is_output(a[2]))
        return TWIN(column_statistics);
    UNLOCKED(1, column_statistics(FLOATS(a[0]), SHAPE(a[0]), FLOATS(a[1]), FLOATS(a[2])));
    return done();
}

OPERATION(batch_norm, "x mean inverse gamma beta *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(batch_norm) || !are_columns(a[0], a + 1, 4) || !beside(a[0], a[5], 1))
        return TWIN(batch_norm);
    UNLOCKED(1, batch_norm(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), FLOATS(a[3]), FLOATS(a[4]), SHAPE(a[0]),
                           FLOATS(a[5])));
    return done();
}

OPERATION(batch_norm_sums, "x mean inverse dy *dgamma *dbeta ~piece")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(batch_norm_sums) || !are_columns(a[0], a + 1, 2) || !beside(a[0], a[3], 0) ||
        !are_columns(a[0], a + 4, 2) || !is_output(a[4]) || !is_output(a[5]))
        return TWIN(batch_norm_sums);
    UNLOCKED(1, batch_norm_sums(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), FLOATS(a[3]), SHAPE(a[0]), FLOATS(a[4]),
                                FLOATS(a[5])));
    return done();
}

OPERATION(batch_norm_backward, "x mean inverse dy gamma dgamma dbeta #share *dx")
{
    PyObject *a[MOST_ARGUMENTS];
    float share;
    if (!ARRANGED(batch_norm_backward) || !are_columns(a[0], a + 1, 2) || !beside(a[0], a[3], 0) ||
        !are_columns(a[0], a + 4, 3) || !number(a[7], &share) || !beside(a[0], a[8], 1))
        return TWIN(batch_norm_backward);
    UNLOCKED(1, batch_norm_backward(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), FLOATS(a[3]), FLOATS(a[4]), FLOATS(a[5]),
                                    FLOATS(a[6]), share, SHAPE(a[0]), FLOATS(a[8])));
    return done();
}

/* A number for each row of x (..., k), as an array (..., 1). */
static int is_beside_rows(PyObject *o, PyObject *x)
{
    return is_flat(o, NPY_FLOAT32) && PyArray_NDIM(A(o)) == PyArray_NDIM(A(x)) && columns(o) == 1 &&
           PyArray_CompareLists(PyArray_DIMS(A(o)), PyArray_DIMS(A(x)), PyArray_NDIM(A(o)) - 1);
}

OPERATION(layer_norm, "x gamma beta #epsilon *mean *variance *u *inverse *out")
{
    PyObject *a[MOST_ARGUMENTS];
    float epsilon;
    if (!ARRANGED(layer_norm) || !have_columns(a[0], a + 1, 2) || !number(a[3], &epsilon) || !beside(a[0], a[6], 1) ||
        !is_output(a[8]) || !same_shape(a[0], a[8]))
        return TWIN(layer_norm);
    for (int i = 4; i < 8; i++)
        if (i != 6 && (!is_beside_rows(a[i], a[0]) || !is_output(a[i])))
            return TWIN(layer_norm);
    Normed r = {.x = FLOATS(a[0]), .gamma = FLOATS(a[1]), .beta = FLOATS(a[2]), .epsilon = epsilon, .mean = FLOATS(a[4]),
                .variance = FLOATS(a[5]), .u = FLOATS(a[6]), .inverse = FLOATS(a[7]), .out = FLOATS(a[8]),
                .n = PyArray_SIZE(A(a[0])) / columns(a[0]), .k = columns(a[0])};
    if (r.u == r.out)
        return TWIN(layer_norm);
    UNLOCKED(r.n * r.k > 2560, all_normed(layer_norm_part, &r));
    return done();
}

OPERATION(layer_norm_backward, "u dy gamma inverse *du ~row *dx")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(layer_norm_backward) || !have_columns(a[0], a + 2, 1) || !beside(a[0], a[1], 0) ||
        !is_beside_rows(a[3], a[0]) || !beside(a[0], a[4], 1) || !beside(a[0], a[6], 1) || !beside(a[1], a[6], 1) ||
        !beside(a[4], a[6], 1))
        return TWIN(layer_norm_backward);
    Normed r = {.u = FLOATS(a[0]), .dy = FLOATS(a[1]), .gamma = FLOATS(a[2]), .inverse = FLOATS(a[3]),
                .mean = FLOATS(a[4]), .out = FLOATS(a[6]), .n = PyArray_SIZE(A(a[0])) / columns(a[0]), .k = columns(a[0])};
    UNLOCKED(r.n * r.k > 2560, all_normed(layer_norm_backward_part, &r));
    return done();
}

OPERATION(scale_columns_backward, "u dy *dgamma *dbeta")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(scale_columns_backward) || !are_columns(a[0], a + 2, 2) || !beside(a[0], a[1], 0) ||
        !is_output(a[2]) || !is_output(a[3]) || FLOATS(a[2]) == FLOATS(a[3]))
        return TWIN(scale_columns_backward);
    UNLOCKED(PyArray_SIZE(A(a[0])) > 2560, scale_columns_backward(FLOATS(a[0]), FLOATS(a[1]), SHAPE(a[0]), FLOATS(a[2]),
                                                                  FLOATS(a[3])));
    return done();
}

OPERATION(add_rows, "dy rows *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(add_rows) || !is_flat(a[0], NPY_FLOAT32) || PyArray_NDIM(A(a[0])) != 2 || !is_output(a[2]) ||
        PyArray_NDIM(A(a[2])) != 2 || PyArray_DIM(A(a[2]), 1) != PyArray_DIM(A(a[0]), 1) ||
        !is_flat(a[1], NPY_INT64) || PyArray_NDIM(A(a[1])) != 1 || PyArray_DIM(A(a[1]), 0) != PyArray_DIM(A(a[0]), 0) ||
        FLOATS(a[0]) == FLOATS(a[2]))
        return TWIN(add_rows);
    const int64_t *rows = PyArray_DATA(A(a[1]));
    const isize most = PyArray_DIM(A(a[2]), 0);
    for (npy_intp i = 0; i < PyArray_DIM(A(a[1]), 0); i++)
        if (rows[i] < 0 || rows[i] >= most)
            return TWIN(add_rows);
    UNLOCKED(PyArray_SIZE(A(a[0])) > 65536, add_rows(FLOATS(a[0]), rows, SHAPE(a[0]), FLOATS(a[2]), most));
    return done();
}
