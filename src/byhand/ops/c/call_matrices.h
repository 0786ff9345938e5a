/* Matrix products. */

#pragma once

#include "arguments.h"
#include "slim.h"
#include "sparse.h"

/* out = a b, or start + a b in every row; 0 where that is NumPy's to do. */
static int product(PyObject *a, PyObject *b, PyObject *start, PyObject *out)
{
    if (!is_matrix(a) || !is_matrix(b) || !is_matrix(out) || !PyArray_ISWRITEABLE(A(out)))
        return 0;
    Product p = {FLOATS(a),
                 FLOATS(b),
                 NULL,
                 FLOATS(out),
                 PyArray_DIM(A(out), 0),
                 PyArray_DIM(A(out), 1),
                 PyArray_DIM(A(a), 1),
                 gap(a, 0),
                 gap(a, 1),
                 gap(b, 0),
                 gap(b, 1),
                 gap(out, 0),
                 1,
                 1};
    if (PyArray_DIM(A(a), 0) != p.m || PyArray_DIM(A(b), 1) != p.n || PyArray_DIM(A(b), 0) != p.depth)
        return 0;
    if (p.c == p.a || p.c == p.b || gap(out, 1) != 1 || (p.bc != 1 && p.br != 1) || p.m < 1 || p.n < 1 || p.depth < 1)
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
    if (is_slim(&p)) {
        UNLOCKED(p.m * p.n * p.depth > 100000, slim_product(&p));
        return 1;
    }
    const int sparse = mostly_zeros(&p), narrow = p.n < LANES && p.m * p.depth > 20000;
    if (!sparse && (LANES < 8 || p.m < 4 || narrow))
        return 0; /* without wide registers, and for few rows or columns, NumPy's own products are faster */
    UNLOCKED(p.m * p.n * p.depth > 100000, sparse ? product_without_zeros(&p) : dense_product(&p));
    return 1;
}

OPERATION(matmul, "a b *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(matmul) || !product(a[0], a[1], NULL, a[2]))
        return TWIN(matmul);
    return done();
}

OPERATION(affine, "x w b *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(affine) || !product(a[0], a[1], a[2], a[3]))
        return TWIN(affine);
    return done();
}
