/* What works row by row. */

#pragma once

#include "arguments.h"
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

static void gather_rows(PyObject *a, PyObject *rows, PyObject *out, Job job, isize size)
{
    const isize count = PyArray_DIM(A(out), 0), length = count ? PyArray_SIZE(A(out)) / count * size : 0;
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

static int can_sum_rows(PyObject *a, PyObject *out)
{
    return is_flat(a, NPY_FLOAT32) && PyArray_NDIM(A(a)) > 1 && columns(a) > 0 && is_vector(out, columns(a)) &&
           is_output(out);
}

static void sum_all_rows(PyObject *a, PyObject *out)
{
    const npy_intp k = columns(a), n = PyArray_SIZE(A(a)) / k;
    UNLOCKED(n * k > 65536, sum_rows(FLOATS(a), n, k, FLOATS(out)));
}

OPERATION(sum_rows, "a *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(sum_rows) || !can_sum_rows(a[0], a[1]))
        return TWIN(sum_rows);
    sum_all_rows(a[0], a[1]);
    return done();
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
