/* What works column by column. */

#pragma once

#include "arguments.h"
#include "columns.h"

/* x (n, k) with n of at least 1, and `count` vectors (k,). */
static int are_columns(PyObject *x, PyObject *const *vectors, int count)
{
    if (!is_flat(x, NPY_FLOAT32) || PyArray_NDIM(A(x)) != 2 || PyArray_SIZE(A(x)) < 1 || PyArray_DIM(A(x), 1) > 65536)
        return 0;
    for (int i = 0; i < count; i++)
        if (!is_vector(vectors[i], PyArray_DIM(A(x), 1)))
            return 0;
    return 1;
}

/* An array (n, k) of x's shape, and not x itself. */
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
