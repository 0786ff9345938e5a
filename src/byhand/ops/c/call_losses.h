/* Softmax and losses. */

#pragma once

#include "arguments.h"
#include "attention.h"
#include "ctc.h"
#include "losses.h"

/* z (..., k) and out (..., k). */
static int are_rows(PyObject *z, PyObject *out)
{
    return is_flat(z, NPY_FLOAT32) && is_output(out) && PyArray_NDIM(A(z)) >= 2 && same_shape(z, out) && columns(z) > 0;
}

/* A number for each row of z. */
static int is_one_a_row(PyObject *o, int type, PyObject *z)
{
    return is_flat(o, type) && PyArray_NDIM(A(o)) == PyArray_NDIM(A(z)) - 1 &&
           PyArray_CompareLists(PyArray_DIMS(A(o)), PyArray_DIMS(A(z)), PyArray_NDIM(A(o)));
}

#define ROWS_OF(z) .n = PyArray_SIZE(A(z)) / columns(z), .k = columns(z)

static void run_rows(Job job, Rows *rows) { UNLOCKED(rows->n * rows->k > 2560, all_rows(job, rows)); }

OPERATION(softmax, "z *out ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(softmax) || !are_rows(a[0], a[1]))
        return TWIN(softmax);
    Rows rows = {.z = FLOATS(a[0]), .out = FLOATS(a[1]), ROWS_OF(a[0])};
    run_rows(softmax_part, &rows);
    return done();
}

OPERATION(softmax_backward, "p dp *dz ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(softmax_backward) || !are_rows(a[0], a[2]) || !is_flat(a[1], NPY_FLOAT32) || !same_shape(a[0], a[1]))
        return TWIN(softmax_backward);
    Rows rows = {.z = FLOATS(a[0]), .t = FLOATS(a[1]), .out = FLOATS(a[2]), ROWS_OF(a[0]), .factor = 1};
    run_rows(softmax_backward_part, &rows);
    return done();
}

/* Arrays (n, heads, queries, keys). */
static int are_scores(PyObject *z, PyObject *out)
{
    return is_flat(z, NPY_FLOAT32) && is_output(out) && PyArray_NDIM(A(z)) == 4 && same_shape(z, out) &&
           PyArray_SIZE(A(z)) > 0;
}

OPERATION(masked_softmax, "z mask #causal #scale *out ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    float scale;
    if (!ARRANGED(masked_softmax) || !are_scores(a[0], a[4]) || !PyBool_Check(a[2]) || !number(a[3], &scale) || !(scale > 0))
        return TWIN(masked_softmax);
    const npy_intp *shape = PyArray_DIMS(A(a[0]));
    if (a[1] != Py_None && (!is_flat(a[1], NPY_BOOL) || PyArray_NDIM(A(a[1])) != 2 ||
                            PyArray_DIM(A(a[1]), 0) != shape[0] || PyArray_DIM(A(a[1]), 1) != shape[3]))
        return TWIN(masked_softmax);
    Scores s = {FLOATS(a[0]), a[1] == Py_None ? NULL : PyArray_DATA(A(a[1])), FLOATS(a[4]), scale, shape[0], shape[1],
                shape[2], shape[3], a[2] == Py_True};
    UNLOCKED(PyArray_SIZE(A(a[0])) > 2560, masked_softmax(&s));
    return done();
}

OPERATION(masked_softmax_backward, "a da #scale *ds ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    float scale;
    if (!ARRANGED(masked_softmax_backward) || !are_scores(a[0], a[3]) || !is_flat(a[1], NPY_FLOAT32) ||
        !same_shape(a[0], a[1]) || !number(a[2], &scale))
        return TWIN(masked_softmax_backward);
    const npy_intp keys = PyArray_DIM(A(a[0]), 3);
    Rows rows = {.z = FLOATS(a[0]), .t = FLOATS(a[1]), .out = FLOATS(a[3]), .n = PyArray_SIZE(A(a[0])) / keys, .k = keys,
                 .factor = scale};
    run_rows(softmax_backward_part, &rows);
    return done();
}

/* A loss: y, t and dy (..., k), each (...,). */
static int loss(Job job, PyObject *y, PyObject *t, PyObject *each, PyObject *dy, float factor, float delta)
{
    if (!are_rows(y, dy) || !is_flat(t, NPY_FLOAT32) || !same_shape(y, t) ||
        !is_one_a_row(each, NPY_FLOAT32, y) || !PyArray_ISWRITEABLE(A(each)))
        return 0;
    Rows rows = {.z = FLOATS(y), .t = FLOATS(t), .out = FLOATS(dy), .each = FLOATS(each), ROWS_OF(y), .factor = factor,
                 .delta = delta};
    run_rows(job, &rows);
    return 1;
}

OPERATION(softmax_cross_entropy, "z t *each *dz ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(softmax_cross_entropy) || !loss(softmax_cross_entropy_part, a[0], a[1], a[2], a[3], 1, 0))
        return TWIN(softmax_cross_entropy);
    return done();
}

OPERATION(softmax_cross_entropy_labels, "z labels *each *dz ~row #smoothing")
{
    PyObject *a[MOST_ARGUMENTS];
    float smoothing;
    if (!ARRANGED(softmax_cross_entropy_labels) || !are_rows(a[0], a[3]) || !is_one_a_row(a[1], NPY_INT64, a[0]) ||
        !is_one_a_row(a[2], NPY_FLOAT32, a[0]) || !PyArray_ISWRITEABLE(A(a[2])) || !number(a[5], &smoothing))
        return TWIN(softmax_cross_entropy_labels);
    Rows rows = {.z = FLOATS(a[0]), .labels = PyArray_DATA(A(a[1])), .out = FLOATS(a[3]), .each = FLOATS(a[2]),
                 ROWS_OF(a[0]), .factor = smoothing};
    for (npy_intp i = 0; i < rows.n; i++)
        if (rows.labels[i] < -1 || rows.labels[i] >= rows.k)
            return TWIN(softmax_cross_entropy_labels); /* which refuses it */
    run_rows(softmax_cross_entropy_labels_part, &rows);
    return done();
}

OPERATION(binary_cross_entropy, "z t *each *dz ~scratch")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(binary_cross_entropy) || !are_rows(a[0], a[3]) || columns(a[0]) > MOST_OUTPUTS ||
        !loss(binary_cross_entropy_part, a[0], a[1], a[2], a[3], 1, 0))
        return TWIN(binary_cross_entropy);
    return done();
}

OPERATION(squared_error, "y t #factor *each *dy")
{
    PyObject *a[MOST_ARGUMENTS];
    float factor;
    if (!ARRANGED(squared_error) || !number(a[2], &factor) ||
        !loss(squared_error_part, a[0], a[1], a[3], a[4], factor, 0))
        return TWIN(squared_error);
    return done();
}

OPERATION(absolute_error, "y t #factor *each *dy")
{
    PyObject *a[MOST_ARGUMENTS];
    float factor;
    if (!ARRANGED(absolute_error) || !number(a[2], &factor) ||
        !loss(absolute_error_part, a[0], a[1], a[3], a[4], factor, 0))
        return TWIN(absolute_error);
    return done();
}

OPERATION(huber, "y t #delta #factor *each *dy ~scratch")
{
    PyObject *a[MOST_ARGUMENTS];
    float factor, delta;
    if (!ARRANGED(huber) || !number(a[2], &delta) || !number(a[3], &factor) ||
        !loss(huber_part, a[0], a[1], a[4], a[5], factor, delta))
        return TWIN(huber);
    return done();
}

/* z and out (n, steps, classes). */
static int are_steps(PyObject *z, PyObject *out)
{
    return is_flat(z, NPY_FLOAT32) && is_output(out) && PyArray_NDIM(A(z)) == 3 && same_shape(z, out) &&
           PyArray_SIZE(A(z)) > 0;
}

OPERATION(log_softmax, "z *out ~row ~scratch")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(log_softmax) || !are_steps(a[0], a[1]))
        return TWIN(log_softmax);
    const npy_intp *shape = PyArray_DIMS(A(a[0]));
    Rows rows = {.z = FLOATS(a[0]), .out = FLOATS(a[1]), .n = shape[0] * shape[1], .k = shape[2]};
    run_rows(log_softmax_part, &rows);
    return done();
}

/* Whether labels (n, longest) are whole numbers below `classes`, with nothing but negative ones behind the first such. */
static int are_labels(PyObject *o, npy_intp n, npy_intp classes)
{
    if (!is_flat(o, NPY_FLOAT32) || PyArray_NDIM(A(o)) != 2 || PyArray_DIM(A(o), 0) != n || PyArray_DIM(A(o), 1) < 1)
        return 0;
    const float *label = FLOATS(o);
    const npy_intp longest = PyArray_DIM(A(o), 1);
    for (npy_intp j = 0; j < n * longest; j++)
        if (!(label[j] >= -1 && label[j] < classes && label[j] == (float)(int)label[j]) ||
            (j % longest && label[j] >= 0 && label[j - 1] < 0))
            return 0;
    return 1;
}

OPERATION(ctc_loss, "log_p t *each *dz cache")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(ctc_loss) || !are_steps(a[0], a[3]) ||
        !are_labels(a[1], PyArray_DIM(A(a[0]), 0), PyArray_DIM(A(a[0]), 2)) ||
        !is_vector(a[2], PyArray_DIM(A(a[0]), 0)) || !is_output(a[2]))
        return TWIN(ctc_loss);
    const npy_intp *shape = PyArray_DIMS(A(a[0]));
    Ctc c = {FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), FLOATS(a[3]), shape[0], shape[1], shape[2], PyArray_DIM(A(a[1]), 1)};
    UNLOCKED(1, parallel(ctc_part, &c, c.n));
    return done();
}

OPERATION(mean_loss, "each *dy #factor")
{
    PyObject *a[MOST_ARGUMENTS];
    float factor;
    if (!ARRANGED(mean_loss) || !number(a[2], &factor) || !is_flat(a[0], NPY_FLOAT32) || !is_output(a[1]))
        return TWIN(mean_loss);
    const float *each = FLOATS(a[0]);
    float *dy = FLOATS(a[1]);
    const npy_intp n = PyArray_SIZE(A(a[0])), size = PyArray_SIZE(A(a[1]));
    double sum = 0;
    for (npy_intp i = 0; i < n; i++)
        sum += each[i];
    for (npy_intp i = 0; i < size; i++)
        dy[i] *= factor;
    return PyFloat_FromDouble(PyFloat_AsDouble(a[2]) * sum);
}
