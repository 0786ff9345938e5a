/* Matrix products. */

#pragma once

#include "arguments.h"
#include "call_rows.h"
#include "deep.h"
#include "slim.h"
#include "sparse.h"

typedef struct {
    float *data;
    isize rows, columns, row_gap, column_gap;
} Matrix;

/* An array (rows, columns), or one without gaps (..., columns), whose other axes count rows; 0 for any other. */
static int as_matrix(PyObject *o, Matrix *m)
{
    if (!is_array(o, NPY_FLOAT32) || PyArray_NDIM(A(o)) < 2)
        return 0;
    if (PyArray_NDIM(A(o)) == 2) {
        *m = (Matrix){FLOATS(o), PyArray_DIM(A(o), 0), PyArray_DIM(A(o), 1), gap(o, 0), gap(o, 1)};
        return PyArray_STRIDE(A(o), 0) % 4 == 0 && PyArray_STRIDE(A(o), 1) % 4 == 0;
    }
    const isize k = columns(o);
    *m = (Matrix){FLOATS(o), k ? PyArray_SIZE(A(o)) / k : 0, k, k, 1};
    return PyArray_IS_C_CONTIGUOUS(A(o));
}

static Matrix transposed(Matrix m) { return (Matrix){m.data, m.columns, m.rows, m.column_gap, m.row_gap}; }

/* out = a b, or start + a b in every row; 0 where that is NumPy's to do. */
static int product(Matrix a, Matrix b, PyObject *start, Matrix out)
{
    Product p = {a.data,    b.data,       NULL,      out.data,     out.rows,    out.columns, a.columns,
                 a.row_gap, a.column_gap, b.row_gap, b.column_gap, out.row_gap, 1,           1};
    if (a.rows != p.m || b.columns != p.n || b.rows != p.depth)
        return 0;
    if (p.c == p.a || p.c == p.b || out.column_gap != 1 || (p.bc != 1 && p.br != 1) || p.m < 1 || p.n < 1 || p.depth < 1)
        return 0;
    if (start) {
        if (!is_vector(start, p.n) || FLOATS(start) == p.c)
            return 0;
        p.start = FLOATS(start);
    }
    if (LANES > 8 && p.ar == 1 && p.depth <= MOST_SAMPLES && p.bc == 1 && p.n >= LANES && p.m >= 64 && p.m * p.n <= 65536) {
        multiply_few(&p);
        return 1;
    }
    if (is_deep(&p) && !mostly_zeros(&p)) {
        UNLOCKED(1, deep_product(&p));
        return 1;
    }
    if (is_slim(&p)) {
        UNLOCKED(p.m * p.n * p.depth > 100000, slim_product(&p));
        return 1;
    }
    const int few = LANES >= 8 && p.m < 4 && p.ac == 1 && p.bc == 1 && p.n > LANES && p.n * p.depth < 1000000;
    const int sparse = few || mostly_zeros(&p), narrow = p.n < 8 && p.m * p.depth > 20000; /* few: row by row, too */
    if (!sparse && (LANES < 8 || p.m < 4 || narrow))
        return 0; /* without wide registers, for few rows of a large matrix, and for few columns NumPy is faster */
    UNLOCKED(p.m * p.n * p.depth > 100000, sparse ? product_without_zeros(&p) : dense_product(&p));
    return 1;
}

/* Three arrays of one call as matrices, the last one to be written. */
static int matrices(PyObject *a, PyObject *b, PyObject *out, Matrix *m)
{
    return as_matrix(a, m) && as_matrix(b, m + 1) && as_matrix(out, m + 2) && PyArray_ISWRITEABLE(A(out));
}

/* Whether an array is no stack of matrices, which NumPy would multiply one by one. */
static int is_single(PyObject *o) { return PyArray_CheckExact(o) && PyArray_NDIM(A(o)) == 2; }

OPERATION(matmul, "a b *out")
{
    PyObject *a[MOST_ARGUMENTS];
    Matrix m[3];
    if (!ARRANGED(matmul) || !is_single(a[1]) || !matrices(a[0], a[1], a[2], m) ||
        !product(m[0], m[1], NULL, m[2]))
        return TWIN(matmul);
    return done();
}

OPERATION(affine, "x w b *out")
{
    PyObject *a[MOST_ARGUMENTS];
    Matrix m[3];
    if (!ARRANGED(affine) || !is_single(a[1]) || !matrices(a[0], a[1], a[3], m) ||
        !product(m[0], m[1], a[2] == Py_None ? NULL : a[2], m[2]))
        return TWIN(affine);
    return done();
}

OPERATION(affine_gradients, "x dy *dw *db")
{
    PyObject *a[MOST_ARGUMENTS];
    Matrix m[3];
    if (!ARRANGED(affine_gradients) || !matrices(a[0], a[1], a[2], m) || (a[3] != Py_None && !can_sum_rows(a[1], a[3])) ||
        !product(transposed(m[0]), m[1], NULL, m[2]))
        return TWIN(affine_gradients);
    if (a[3] != Py_None)
        sum_all_rows(a[1], a[3]);
    return done();
}

OPERATION(affine_input, "dy w *dx")
{
    PyObject *a[MOST_ARGUMENTS];
    Matrix m[3];
    if (!ARRANGED(affine_input) || !is_single(a[1]) || !matrices(a[0], a[1], a[2], m) ||
        !product(m[0], transposed(m[1]), NULL, m[2]))
        return TWIN(affine_input);
    return done();
}

/* Whether an array is one of matrices, (n, heads, rows, columns), whose numbers lie whole floats apart. */
static int is_stack(PyObject *o)
{
    if (!is_array(o, NPY_FLOAT32) || PyArray_NDIM(A(o)) != 4 || PyArray_SIZE(A(o)) < 1)
        return 0;
    for (int axis = 0; axis < 4; axis++)
        if (PyArray_STRIDE(A(o), axis) % 4)
            return 0;
    return 1;
}

OPERATION(stacked_products, "a b *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(stacked_products) || !is_stack(a[0]) || !is_stack(a[1]) || !is_stack(a[2]) || LANES < 8 ||
        !PyArray_ISWRITEABLE(A(a[2])))
        return TWIN(stacked_products);
    const npy_intp *left = PyArray_DIMS(A(a[0])), *right = PyArray_DIMS(A(a[1])), *out = PyArray_DIMS(A(a[2]));
    if (left[0] != out[0] || right[0] != out[0] || left[1] != out[1] || right[1] != out[1] || left[2] != out[2] ||
        right[3] != out[3] || left[3] != right[2] || gap(a[2], 3) != 1 || (gap(a[1], 2) != 1 && gap(a[1], 3) != 1))
        return TWIN(stacked_products);
    Stack s = {{FLOATS(a[0]), FLOATS(a[1]), NULL, FLOATS(a[2]), out[2], out[3], left[3], gap(a[0], 2), gap(a[0], 3),
                gap(a[1], 2), gap(a[1], 3), gap(a[2], 2), 1, 1},
               out[1], {gap(a[0], 0), gap(a[0], 1)}, {gap(a[1], 0), gap(a[1], 1)}, {gap(a[2], 0), gap(a[2], 1)}};
    UNLOCKED(PyArray_SIZE(A(a[2])) * left[3] > 100000, stacked_products(&s, out[0]));
    return done();
}
