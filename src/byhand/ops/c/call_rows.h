/* What works row by row. */

#pragma once

#include "arguments.h"
#include "ctc.h"
#include "rows.h"

/* Whether rows (n,) are numbers, and out (n, ...) has room for as many rows of a. */
static int can_gather(PyObject *a, PyObject *rows, PyObject *out, int type, int out_type)
{
    if (!is_flat(a, type) || !is_flat(rows, NPY_INT64) || !is_flat(out, out_type) || !PyArray_ISWRITEABLE(A(out)))
        return 0;
    const int dimensions = PyArray_NDIM(A(a));
    if (dimensions < 1 || dimensions != PyArray_NDIM(A(out)) || PyArray_NDIM(A(rows)) != 1 ||
        PyArray_DIM(A(rows), 0) != PyArray_DIM(A(out), 0) || PyArray_DIM(A(a), 0) < 1 ||
        !PyArray_CompareLists(PyArray_DIMS(A(a)) + 1, PyArray_DIMS(A(out)) + 1, dimensions - 1))
        return 0;
    return PyArray_DATA(A(a)) != PyArray_DATA(A(out));
}

static void gather_rows(PyObject *a, PyObject *rows, PyObject *out, Job job, long size)
{
    const long count = PyArray_DIM(A(out), 0), length = count ? PyArray_SIZE(A(out)) / count * size : 0;
    Gathering g = {PyArray_DATA(A(a)), rows ? PyArray_DATA(A(rows)) : NULL, PyArray_DATA(A(out)), count,
                   PyArray_DIM(A(a), 0), length};
    UNLOCKED(count * length > 65536, parallel(job, &g, (count + 31) / 32));
}

OPERATION(gather, "a rows *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(gather) || !PyArray_CheckExact(a[0]) || !PyArray_ISNUMBER(A(a[0])) ||
        !can_gather(a[0], a[1], a[2], PyArray_TYPE(A(a[0])), PyArray_TYPE(A(a[0]))))
        return TWIN(gather);
    gather_rows(a[0], a[1], a[2], gather_part, PyArray_ITEMSIZE(A(a[0])));
    return done();
}

OPERATION(gather_bytes, "a rows ~raw *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(gather_bytes) || !can_gather(a[0], a[1], a[3], NPY_UINT8, NPY_FLOAT32))
        return TWIN(gather_bytes);
    gather_rows(a[0], a[1], a[3], scale_part, 1);
    return done();
}

OPERATION(scale_bytes, "a *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(scale_bytes) || !is_flat(a[0], NPY_UINT8) || !is_output(a[1]) || !same_shape(a[0], a[1]) ||
        PyArray_NDIM(A(a[0])) < 1)
        return TWIN(scale_bytes);
    gather_rows(a[0], NULL, a[1], scale_part, 1);
    return done();
}

OPERATION(sum_rows, "a *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(sum_rows) || !is_flat(a[0], NPY_FLOAT32) || PyArray_NDIM(A(a[0])) != 2 ||
        !is_vector(a[1], PyArray_DIM(A(a[0]), 1)) || !is_output(a[1]))
        return TWIN(sum_rows);
    const npy_intp n = PyArray_DIM(A(a[0]), 0), k = PyArray_DIM(A(a[0]), 1);
    UNLOCKED(n * k > 65536, sum_rows(FLOATS(a[0]), n, k, FLOATS(a[1])));
    return done();
}

/* z (n, k) and out (n, k), of as many columns as fit. */
static int are_rows(PyObject *z, PyObject *out)
{
    return is_flat(z, NPY_FLOAT32) && is_output(out) && PyArray_NDIM(A(z)) == 2 && same_shape(z, out) &&
           PyArray_DIM(A(z), 1) > 0 && PyArray_DIM(A(z), 1) <= MOST_OUTPUTS;
}

static void run_rows(Job job, Rows *rows) { UNLOCKED(rows->n > 256, parallel(job, rows, (rows->n + 255) / 256)); }

OPERATION(softmax, "z *out ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(softmax) || !are_rows(a[0], a[1]))
        return TWIN(softmax);
    Rows rows = {FLOATS(a[0]), NULL, FLOATS(a[1]), NULL, PyArray_DIM(A(a[0]), 0), PyArray_DIM(A(a[0]), 1), 0};
    run_rows(softmax_part, &rows);
    return done();
}

/* A loss: y, t and dy (n, k), each (n,). */
static int loss(Job job, PyObject *y, PyObject *t, PyObject *each, PyObject *dy, float factor)
{
    if (!are_rows(y, dy) || !is_flat(t, NPY_FLOAT32) || !same_shape(y, t) ||
        !is_vector(each, PyArray_DIM(A(y), 0)) || !is_output(each))
        return 0;
    Rows rows = {FLOATS(y), FLOATS(t), FLOATS(dy), FLOATS(each), PyArray_DIM(A(y), 0), PyArray_DIM(A(y), 1), factor};
    run_rows(job, &rows);
    return 1;
}

OPERATION(softmax_cross_entropy, "z t *each *dz ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(softmax_cross_entropy) || !loss(softmax_cross_entropy_part, a[0], a[1], a[2], a[3], 1))
        return TWIN(softmax_cross_entropy);
    return done();
}

OPERATION(binary_cross_entropy, "z t *each *dz ~scratch")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(binary_cross_entropy) || !loss(binary_cross_entropy_part, a[0], a[1], a[2], a[3], 1))
        return TWIN(binary_cross_entropy);
    return done();
}

OPERATION(squared_error, "y t #factor *each *dy")
{
    PyObject *a[MOST_ARGUMENTS];
    float factor;
    if (!ARRANGED(squared_error) || !number(a[2], &factor) ||
        !loss(squared_error_part, a[0], a[1], a[3], a[4], factor))
        return TWIN(squared_error);
    return done();
}

/* z and out (n, steps, classes). */
static int are_steps(PyObject *z, PyObject *out)
{
    return is_flat(z, NPY_FLOAT32) && is_output(out) && PyArray_NDIM(A(z)) == 3 && same_shape(z, out) &&
           PyArray_SIZE(A(z)) > 0 && PyArray_DIM(A(z), 2) <= MOST_OUTPUTS;
}

OPERATION(log_softmax, "z *out ~row ~scratch")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(log_softmax) || !are_steps(a[0], a[1]))
        return TWIN(log_softmax);
    const npy_intp *shape = PyArray_DIMS(A(a[0]));
    Rows rows = {FLOATS(a[0]), NULL, FLOATS(a[1]), NULL, shape[0] * shape[1], shape[2], 0};
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

OPERATION(count_right, "y labels ~predicted ~right")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(count_right) || !is_flat(a[0], NPY_FLOAT32) || PyArray_NDIM(A(a[0])) != 2 ||
        !is_flat(a[1], NPY_INT64) || PyArray_NDIM(A(a[1])) != 1 ||
        PyArray_DIM(A(a[1]), 0) != PyArray_DIM(A(a[0]), 0) || PyArray_DIM(A(a[0]), 1) < 1)
        return TWIN(count_right);
    return PyLong_FromLong(count_right(FLOATS(a[0]), PyArray_DATA(A(a[1])), PyArray_DIM(A(a[0]), 0),
                                       PyArray_DIM(A(a[0]), 1)));
}
