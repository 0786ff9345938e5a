/* The table of operations, compiled: for each function here there is one of the same name in ops/reference.py.

What a function cannot do quickly (another dtype than float32, arrays with gaps, shapes that do not fit each other) it
hands on to its NumPy twin, which does it or says what is wrong. So the results are the twin's up to rounding. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>

#include "columns.h"
#include "convolution.h"
#include "ctc.h"
#include "elementwise.h"
#include "grey.h"
#include "matmul.h"
#include "slim.h"
#include "pooling.h"
#include "rows.h"
#include "sparse.h"
#include "winograd.h"
#include "winograd_rows.h"

#define MOST_ARGUMENTS 12

typedef struct {
    const char *name, *parameters; /* the twin's parameters in order, between spaces */
    PyObject *twin, *names;        /* the twin, and its parameters' names as interned strings */
} Operation;

/* Arguments in the twin's order; 0 where they do not fit it. */
static int arrange(const Operation *op, PyObject *const *args, Py_ssize_t given, PyObject *keywords, PyObject **out)
{
    const Py_ssize_t wanted = PyTuple_GET_SIZE(op->names), named = keywords ? PyTuple_GET_SIZE(keywords) : 0;
    if (given + named != wanted)
        return 0;
    for (Py_ssize_t i = 0; i < given; i++)
        out[i] = args[i];
    for (Py_ssize_t i = given; i < wanted; i++)
        out[i] = NULL;
    for (Py_ssize_t k = 0; k < named; k++) {
        Py_ssize_t i = given;
        while (i < wanted && PyTuple_GET_ITEM(op->names, i) != PyTuple_GET_ITEM(keywords, k))
            i++;
        if (i == wanted)
            return 0;
        out[i] = args[given + k];
    }
    for (Py_ssize_t i = given; i < wanted; i++)
        if (!out[i])
            return 0;
    return 1;
}

/* ---- arrays as the loops take them ---- */

static int is_array(PyObject *o, int type)
{
    return PyArray_CheckExact(o) && PyArray_TYPE((PyArrayObject *)o) == type && PyArray_ISALIGNED((PyArrayObject *)o);
}

#define A(o) ((PyArrayObject *)(o))
#define FLOATS(o) ((float *)PyArray_DATA(A(o)))

/* float32 (or another type) without gaps. */
static int is_flat(PyObject *o, int type) { return is_array(o, type) && PyArray_IS_C_CONTIGUOUS(A(o)); }

static int is_output(PyObject *o) { return is_flat(o, NPY_FLOAT32) && PyArray_ISWRITEABLE(A(o)); }

static int is_matrix(PyObject *o)
{
    return is_array(o, NPY_FLOAT32) && PyArray_NDIM(A(o)) == 2 && PyArray_STRIDE(A(o), 0) % 4 == 0 &&
           PyArray_STRIDE(A(o), 1) % 4 == 0;
}

/* How many floats lie between two rows, or two columns. */
static long gap(PyObject *o, int axis) { return PyArray_STRIDE(A(o), axis) / 4; }

static int is_vector(PyObject *o, long size)
{
    return is_flat(o, NPY_FLOAT32) && PyArray_NDIM(A(o)) == 1 && PyArray_DIM(A(o), 0) == size;
}

static int same_shape(PyObject *a, PyObject *b)
{
    return PyArray_NDIM(A(a)) == PyArray_NDIM(A(b)) &&
           PyArray_CompareLists(PyArray_DIMS(A(a)), PyArray_DIMS(A(b)), PyArray_NDIM(A(a)));
}

static int number(PyObject *o, float *out)
{
    const double value = PyFloat_AsDouble(o);
    if (value == -1 && PyErr_Occurred()) {
        PyErr_Clear();
        return 0;
    }
    *out = (float)value;
    return 1;
}

/* Run `call`, letting other Python threads run meanwhile where there is much to do. */
#define UNLOCKED(much, call)                                                                                           \
    do {                                                                                                               \
        if (much) {                                                                                                    \
            Py_BEGIN_ALLOW_THREADS call;                                                                               \
            Py_END_ALLOW_THREADS                                                                                       \
        } else {                                                                                                       \
            call;                                                                                                      \
        }                                                                                                              \
    } while (0)

#define DEFINE(op) static PyObject *op##_call(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *keywords)
#define ARRANGED(op) (arrange(&op##_op, args, given, keywords, a))
#define TWIN(op) PyObject_Vectorcall(op##_op.twin, args, (size_t)given, keywords)

/* ---- matrix products ---- */

static Operation matmul_op = {"matmul", "a b out"};
static Operation affine_op = {"affine", "x w b out"};

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
    if (gap(out, 1) != 1 || (p.bc != 1 && p.br != 1) || p.m < 1 || p.n < 1 || p.depth < 1)
        return 0;
    if (start) {
        if (!is_vector(start, p.n))
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

DEFINE(matmul)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(matmul) || !product(a[0], a[1], NULL, a[2]))
        return TWIN(matmul);
    Py_RETURN_NONE;
}

DEFINE(affine)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(affine) || !product(a[0], a[1], a[2], a[3]))
        return TWIN(affine);
    Py_RETURN_NONE;
}

/* ---- loops over flat arrays ---- */

/* The arrays and scalars of a loop: `kinds` has a letter for each argument of the twin: i for an array that is read, o
   for one that is written, u for scratch that only the twin needs, s for a number. */
static PyObject *run(const Operation *op, const char *kinds, Loop loop, PyObject *const *args, Py_ssize_t given,
                     PyObject *keywords)
{
    PyObject *a[MOST_ARGUMENTS];
    Sweep sweep = {loop};
    int arrays = 0, scalars = 0;
    if (!arrange(op, args, given, keywords, a))
        return PyObject_Vectorcall(op->twin, args, (size_t)given, keywords);
    PyObject *first = a[0];
    for (int i = 0; kinds[i]; i++) {
        if (kinds[i] == 's') {
            if (!number(a[i], &sweep.s[scalars++]))
                return PyObject_Vectorcall(op->twin, args, (size_t)given, keywords);
        } else if (kinds[i] != 'u') {
            const int fits = kinds[i] == 'i' ? is_flat(a[i], NPY_FLOAT32) : is_output(a[i]);
            if (!fits || !same_shape(first, a[i]))
                return PyObject_Vectorcall(op->twin, args, (size_t)given, keywords);
            sweep.a[arrays++] = FLOATS(a[i]);
        }
    }
    sweep.n = PyArray_SIZE(A(first));
    if (sweep.n <= CHUNK)
        loop(sweep.a, sweep.s, sweep.n);
    else
        UNLOCKED(1, parallel(sweep_part, &sweep, (int)((sweep.n + CHUNK - 1) / CHUNK)));
    Py_RETURN_NONE;
}

#define FLAT(op, loop, kinds, parameters)                                                                              \
    static Operation op##_op = {#op, parameters};                                                                           \
    DEFINE(op) { return run(&op##_op, kinds, loop##_loop, args, given, keywords); }

FLAT(relu, relu, "io", "z out")
FLAT(leaky_relu, leaky_relu, "ios", "z out slope")
FLAT(sigmoid, sigmoid, "io", "z out")
FLAT(relu_backward, relu_backward, "iio", "a da dz")
FLAT(leaky_relu_backward, leaky_relu_backward, "iios", "a da dz slope")
FLAT(sigmoid_backward, sigmoid_backward, "iio", "a da dz")
FLAT(tanh_backward, tanh_backward, "iio", "a da dz")
FLAT(add, add, "iio", "a b out")
FLAT(subtract, subtract, "iio", "a b out")
FLAT(multiply, multiply, "iio", "a b out")
FLAT(shrink, shrink, "os", "theta factor")
FLAT(descend, descend, "oius", "theta g s rate")
FLAT(momentum, momentum, "oiouss", "theta g v s rate mu")
FLAT(nesterov, nesterov, "oiouss", "theta g v s rate mu")
FLAT(adagrad, adagrad, "oiouss", "theta g v s rate epsilon")
FLAT(rmsprop, rmsprop, "oiousss", "theta g v s rate rho epsilon")
FLAT(adam, adam, "oiooussss", "theta g m v s rate beta1 beta2 epsilon")

FLAT(inverse_deviation, inverse_deviation, "iso", "variance epsilon out")
FLAT(follow, follow, "oissu", "average value keep weight s")

static Operation copy_op = {"copy", "a out"};

DEFINE(copy)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(copy) || !is_flat(a[0], NPY_FLOAT32) || !is_output(a[1]) || !same_shape(a[0], a[1]))
        return TWIN(copy);
    if (FLOATS(a[0]) != FLOATS(a[1]))
        memmove(FLOATS(a[1]), FLOATS(a[0]), sizeof(float) * (size_t)PyArray_SIZE(A(a[0])));
    Py_RETURN_NONE;
}

/* ---- rows ---- */

static Operation gather_op = {"gather", "a rows out"};
static Operation gather_bytes_op = {"gather_bytes", "a rows raw out"};
static Operation scale_bytes_op = {"scale_bytes", "a out"};
static Operation sum_rows_op = {"sum_rows", "a out"};
static Operation softmax_op = {"softmax", "z out row"};
static Operation softmax_cross_entropy_op = {"softmax_cross_entropy", "z t each dz row"};
static Operation squared_error_op = {"squared_error", "y t factor each dy"};
static Operation binary_cross_entropy_op = {"binary_cross_entropy", "z t each dz scratch"};
static Operation mean_loss_op = {"mean_loss", "each dy factor"};
static Operation log_softmax_op = {"log_softmax", "z out row scratch"};
static Operation ctc_loss_op = {"ctc_loss", "log_p t each dz cache"};
static Operation count_right_op = {"count_right", "y labels predicted right"};

/* Whether rows (n,) are numbers of a's rows, and out (n, ...) has room for those. */
static int can_gather(PyObject *a, PyObject *rows, PyObject *out, int type, int out_type)
{
    if (!is_flat(a, type) || !is_flat(rows, NPY_INT64) || !is_flat(out, out_type) || !PyArray_ISWRITEABLE(A(out)))
        return 0;
    const int dimensions = PyArray_NDIM(A(a));
    if (dimensions < 1 || dimensions != PyArray_NDIM(A(out)) || PyArray_NDIM(A(rows)) != 1 ||
        PyArray_DIM(A(rows), 0) != PyArray_DIM(A(out), 0) || PyArray_DIM(A(a), 0) < 1 ||
        !PyArray_CompareLists(PyArray_DIMS(A(a)) + 1, PyArray_DIMS(A(out)) + 1, dimensions - 1))
        return 0;
    const int64_t *number = PyArray_DATA(A(rows)), most = PyArray_DIM(A(a), 0);
    int64_t wrong = 0;
    for (npy_intp i = 0; i < PyArray_DIM(A(rows), 0); i++)
        wrong |= number[i] < 0 || number[i] >= most;
    return !wrong;
}

static void gather_rows(PyObject *a, PyObject *rows, PyObject *out, Job job, long size)
{
    const long count = PyArray_DIM(A(out), 0), length = count ? PyArray_SIZE(A(out)) / count * size : 0;
    Gathering g = {PyArray_DATA(A(a)), rows ? PyArray_DATA(A(rows)) : NULL, PyArray_DATA(A(out)), count, length};
    UNLOCKED(count * length > 65536, parallel(job, &g, (int)((count + 31) / 32)));
}

DEFINE(gather)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(gather) || !PyArray_CheckExact(a[0]) || !PyArray_ISNUMBER(A(a[0])) ||
        !can_gather(a[0], a[1], a[2], PyArray_TYPE(A(a[0])), PyArray_TYPE(A(a[0]))) ||
        PyArray_DIM(A(a[2]), 0) > 1000000)
        return TWIN(gather);
    gather_rows(a[0], a[1], a[2], gather_part, PyArray_ITEMSIZE(A(a[0])));
    Py_RETURN_NONE;
}

DEFINE(gather_bytes)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(gather_bytes) || !can_gather(a[0], a[1], a[3], NPY_UINT8, NPY_FLOAT32) ||
        PyArray_DIM(A(a[3]), 0) > 1000000)
        return TWIN(gather_bytes);
    gather_rows(a[0], a[1], a[3], scale_part, 1);
    Py_RETURN_NONE;
}

DEFINE(scale_bytes)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(scale_bytes) || !is_flat(a[0], NPY_UINT8) || !is_output(a[1]) || !same_shape(a[0], a[1]) ||
        PyArray_NDIM(A(a[0])) < 1 || PyArray_DIM(A(a[1]), 0) > 1000000)
        return TWIN(scale_bytes);
    gather_rows(a[0], NULL, a[1], scale_part, 1);
    Py_RETURN_NONE;
}

DEFINE(sum_rows)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(sum_rows) || !is_flat(a[0], NPY_FLOAT32) || PyArray_NDIM(A(a[0])) != 2 ||
        !is_vector(a[1], PyArray_DIM(A(a[0]), 1)) || !is_output(a[1]))
        return TWIN(sum_rows);
    const npy_intp n = PyArray_DIM(A(a[0]), 0), k = PyArray_DIM(A(a[0]), 1);
    UNLOCKED(n * k > 65536, sum_rows(FLOATS(a[0]), n, k, FLOATS(a[1])));
    Py_RETURN_NONE;
}

/* z (n, k) and out (n, k), of as many columns as fit. */
static int are_rows(PyObject *z, PyObject *out)
{
    return is_flat(z, NPY_FLOAT32) && is_output(out) && PyArray_NDIM(A(z)) == 2 && same_shape(z, out) &&
           PyArray_DIM(A(z), 1) > 0 && PyArray_DIM(A(z), 1) <= MOST_OUTPUTS && PyArray_DIM(A(z), 0) <= 1000000;
}

static void run_rows(Job job, Rows *rows) { UNLOCKED(rows->n > 256, parallel(job, rows, (int)((rows->n + 255) / 256))); }

DEFINE(softmax)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(softmax) || !are_rows(a[0], a[1]))
        return TWIN(softmax);
    Rows rows = {FLOATS(a[0]), NULL, FLOATS(a[1]), NULL, PyArray_DIM(A(a[0]), 0), PyArray_DIM(A(a[0]), 1), 0};
    run_rows(softmax_part, &rows);
    Py_RETURN_NONE;
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

DEFINE(softmax_cross_entropy)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(softmax_cross_entropy) || !loss(softmax_cross_entropy_part, a[0], a[1], a[2], a[3], 1))
        return TWIN(softmax_cross_entropy);
    Py_RETURN_NONE;
}

DEFINE(binary_cross_entropy)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(binary_cross_entropy) || !loss(binary_cross_entropy_part, a[0], a[1], a[2], a[3], 1))
        return TWIN(binary_cross_entropy);
    Py_RETURN_NONE;
}

DEFINE(squared_error)
{
    PyObject *a[MOST_ARGUMENTS];
    float factor;
    if (!ARRANGED(squared_error) || !number(a[2], &factor) ||
        !loss(squared_error_part, a[0], a[1], a[3], a[4], factor))
        return TWIN(squared_error);
    Py_RETURN_NONE;
}

/* z and out (n, steps, classes). */
static int are_steps(PyObject *z, PyObject *out)
{
    return is_flat(z, NPY_FLOAT32) && is_output(out) && PyArray_NDIM(A(z)) == 3 && same_shape(z, out) &&
           PyArray_SIZE(A(z)) > 0 && PyArray_DIM(A(z), 2) <= MOST_OUTPUTS &&
           PyArray_DIM(A(z), 0) * PyArray_DIM(A(z), 1) <= 1000000;
}

DEFINE(log_softmax)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(log_softmax) || !are_steps(a[0], a[1]))
        return TWIN(log_softmax);
    const npy_intp *shape = PyArray_DIMS(A(a[0]));
    Rows rows = {FLOATS(a[0]), NULL, FLOATS(a[1]), NULL, shape[0] * shape[1], shape[2], 0};
    run_rows(log_softmax_part, &rows);
    Py_RETURN_NONE;
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

DEFINE(ctc_loss)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(ctc_loss) || !are_steps(a[0], a[3]) || PyArray_DIM(A(a[0]), 0) > 65535 ||
        !are_labels(a[1], PyArray_DIM(A(a[0]), 0), PyArray_DIM(A(a[0]), 2)) ||
        !is_vector(a[2], PyArray_DIM(A(a[0]), 0)) || !is_output(a[2]))
        return TWIN(ctc_loss);
    const npy_intp *shape = PyArray_DIMS(A(a[0]));
    Ctc c = {FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), FLOATS(a[3]), shape[0], shape[1], shape[2], PyArray_DIM(A(a[1]), 1)};
    UNLOCKED(1, parallel(ctc_part, &c, (int)c.n));
    Py_RETURN_NONE;
}

DEFINE(mean_loss)
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

DEFINE(count_right)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(count_right) || !is_flat(a[0], NPY_FLOAT32) || PyArray_NDIM(A(a[0])) != 2 ||
        !is_flat(a[1], NPY_INT64) || PyArray_NDIM(A(a[1])) != 1 ||
        PyArray_DIM(A(a[1]), 0) != PyArray_DIM(A(a[0]), 0) || PyArray_DIM(A(a[0]), 1) < 1)
        return TWIN(count_right);
    return PyLong_FromLong(count_right(FLOATS(a[0]), PyArray_DATA(A(a[1])), PyArray_DIM(A(a[0]), 0),
                                       PyArray_DIM(A(a[0]), 1)));
}

/* ---- columns ---- */

static Operation column_statistics_op = {"column_statistics", "x mean variance piece"};
static Operation batch_norm_op = {"batch_norm", "x mean inverse gamma beta out"};
static Operation batch_norm_sums_op = {"batch_norm_sums", "x mean inverse dy dgamma dbeta piece"};
static Operation batch_norm_backward_op = {"batch_norm_backward", "x mean inverse dy gamma dgamma dbeta share dx"};

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

DEFINE(column_statistics)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(column_statistics) || !are_columns(a[0], a + 1, 2) || !is_output(a[1]) || !is_output(a[2]))
        return TWIN(column_statistics);
    UNLOCKED(1, column_statistics(FLOATS(a[0]), SHAPE(a[0]), FLOATS(a[1]), FLOATS(a[2])));
    Py_RETURN_NONE;
}

DEFINE(batch_norm)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(batch_norm) || !are_columns(a[0], a + 1, 4) || !beside(a[0], a[5], 1))
        return TWIN(batch_norm);
    UNLOCKED(1, batch_norm(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), FLOATS(a[3]), FLOATS(a[4]), SHAPE(a[0]),
                           FLOATS(a[5])));
    Py_RETURN_NONE;
}

DEFINE(batch_norm_sums)
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(batch_norm_sums) || !are_columns(a[0], a + 1, 2) || !beside(a[0], a[3], 0) ||
        !are_columns(a[0], a + 4, 2) || !is_output(a[4]) || !is_output(a[5]))
        return TWIN(batch_norm_sums);
    UNLOCKED(1, batch_norm_sums(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), FLOATS(a[3]), SHAPE(a[0]), FLOATS(a[4]),
                                FLOATS(a[5])));
    Py_RETURN_NONE;
}

DEFINE(batch_norm_backward)
{
    PyObject *a[MOST_ARGUMENTS];
    float share;
    if (!ARRANGED(batch_norm_backward) || !are_columns(a[0], a + 1, 2) || !beside(a[0], a[3], 0) ||
        !are_columns(a[0], a + 4, 3) || !number(a[7], &share) || !beside(a[0], a[8], 1))
        return TWIN(batch_norm_backward);
    UNLOCKED(1, batch_norm_backward(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), FLOATS(a[3]), FLOATS(a[4]), FLOATS(a[5]),
                                    FLOATS(a[6]), share, SHAPE(a[0]), FLOATS(a[8])));
    Py_RETURN_NONE;
}

/* ---- images ---- */

static Operation conv2d_op = {"conv2d", "x w b out stride dilation pad groups scratch"};
static Operation conv2d_weights_op = {"conv2d_weights", "x dy dw stride dilation pad groups scratch"};
static Operation conv2d_input_op = {"conv2d_input", "dy w dx stride dilation pad groups scratch"};
static Operation max_pool_op = {"max_pool", "x out size stride pad"};
static Operation max_pool_backward_op = {"max_pool_backward", "x y dy dx size stride pad scratch"};

static int pair(PyObject *o, long *out)
{
    if (!PyTuple_CheckExact(o) || PyTuple_GET_SIZE(o) != 2)
        return 0;
    for (int i = 0; i < 2; i++) {
        out[i] = PyLong_CheckExact(PyTuple_GET_ITEM(o, i)) ? PyLong_AsLong(PyTuple_GET_ITEM(o, i)) : -1;
        if (out[i] < 0 || out[i] > 1000000)
            return PyErr_Clear(), 0;
    }
    return 1;
}

static int is_images(PyObject *o)
{
    return is_flat(o, NPY_FLOAT32) && PyArray_NDIM(A(o)) == 4 && PyArray_SIZE(A(o)) > 0 && PyArray_DIM(A(o), 0) < 65536;
}

/* How x (n, height, width, channels) becomes y (n, rows, columns, outputs) by w; 0 where that is NumPy's to do. */
static int describe(Images *g, PyObject *x, PyObject *w, PyObject *y, PyObject *const *how, long *groups)
{
    if (!is_images(x) || !is_images(w) || !is_images(y) || !pair(how[0], g->stride) || !pair(how[1], g->dilation) ||
        !pair(how[2], g->pad) || !PyLong_CheckExact(how[3]))
        return 0;
    const npy_intp *a = PyArray_DIMS(A(x)), *k = PyArray_DIMS(A(w)), *b = PyArray_DIMS(A(y));
    *groups = PyLong_AsLong(how[3]);
    if (*groups < 1 || a[0] != b[0] || k[2] * *groups != a[3] || k[3] != b[3] || k[3] % *groups || LANES < 8 ||
        k[0] * k[1] > MOST_TAPS || b[1] > MOST_TAPS || a[1] > MOST_TAPS || g->stride[0] < 1 || g->stride[1] < 1)
        return 0;
    g->x = FLOATS(x), g->y = FLOATS(y);
    g->n = a[0], g->height = a[1], g->width = a[2], g->channels = a[3];
    g->rows = b[1], g->columns = b[2], g->outputs = b[3];
    g->kernel[0] = k[0], g->kernel[1] = k[1];
    g->depth = k[2], g->size = k[3] / *groups;
    go_forward(g);
    return 1;
}

static void convolve(Images *g, const float *w, long outputs, const float *b, long groups, int back)
{
    if (!back && is_grey(g)) {
        g->w = w;
        g->start = b;
        parallel(convolve_grey_part, g, (int)g->n);
        return;
    }
    if (groups == 1 && (is_winograd(g) || is_rowwise(g))) {
        if (back)
            w = turn_kernel(w, g->kernel[0] * g->kernel[1] * g->size, g->depth);
        (is_winograd(g) ? winograd : winograd_rows)(g, w, b, back);
        return;
    }
    for (long group = 0; group < groups; group++) {
        g->first_in = group * g->depth;
        g->first_out = group * g->size;
        g->w = pack_kernel(g, w, outputs, back);
        float *start = NULL;
        if (b) { /* packed like a row of w */
            start = room(3, (size_t)g->size + PANEL);
            for (long column = 0; column < g->size; column += PANEL)
                pack(b + g->first_out + column, 0, 1, 1, panel_width(g->size, column), start + column);
        }
        g->start = start;
        parallel(convolve_part, g, (int)g->n);
    }
}

DEFINE(conv2d)
{
    PyObject *a[MOST_ARGUMENTS];
    Images g;
    long groups;
    if (!ARRANGED(conv2d) || !describe(&g, a[0], a[1], a[3], a + 4, &groups) || !is_output(a[3]) ||
        !is_vector(a[2], g.outputs))
        return TWIN(conv2d);
    UNLOCKED(1, convolve(&g, FLOATS(a[1]), g.outputs, FLOATS(a[2]), groups, 0));
    Py_RETURN_NONE;
}

DEFINE(conv2d_input)
{
    PyObject *a[MOST_ARGUMENTS];
    Images g, back;
    long groups;
    if (!ARRANGED(conv2d_input) || !describe(&g, a[2], a[1], a[0], a + 3, &groups) || !is_output(a[2]))
        return TWIN(conv2d_input);
    if (groups == 1 && gradient_is_sparse(&g, FLOATS(a[0]))) {
        UNLOCKED(1, g.w = turn_kernel(FLOATS(a[1]), g.kernel[0] * g.kernel[1] * g.channels, g.outputs); parallel(sparse_input_part, &g, (int)g.n));
        Py_RETURN_NONE;
    }
    if (!go_back(&g, &back))
        return TWIN(conv2d_input);
    UNLOCKED(1, convolve(&back, FLOATS(a[1]), g.outputs, NULL, groups, 1));
    Py_RETURN_NONE;
}

static void convolve_weights(Images *g, float *dw, long groups)
{
    const int sparse = groups == 1 && gradient_is_sparse(g, g->y), dense = groups == 1 && !sparse;
    const int square = dense && is_winograd(g), rows = dense && !square && is_rowwise(g);
    const long k = g->kernel[0] * g->kernel[1] * g->depth;
    g->parts = g->n < MOST_SUMS ? (int)g->n : MOST_SUMS;
    g->sums = room(2, (size_t)(g->parts * (square ? 16 * g->depth : rows ? k / 3 * 4 : k) * g->size));
    if (sparse) {
        parallel(sparse_weights_part, g, g->parts);
        add_turned(g, dw);
        return;
    }
    if (square || rows) {
        (square ? winograd_weights : winograd_rows_weights)(g, dw);
        return;
    }
    for (long group = 0; group < groups; group++) {
        g->first_in = group * g->depth;
        g->first_out = group * g->size;
        parallel(is_grey(g) ? grey_weights_part : weights_part, g, g->parts);
        for (long row = 0; row < k; row++) {
            float *to = dw + row * g->outputs + g->first_out;
            const float *from = g->sums + row * g->size;
            memcpy(to, from, sizeof(float) * g->size);
            for (int part = 1; part < g->parts; part++)
                for (long j = 0; j < g->size; j++)
                    to[j] += from[part * k * g->size + j];
        }
    }
}

DEFINE(conv2d_weights)
{
    PyObject *a[MOST_ARGUMENTS];
    Images g;
    long groups;
    if (!ARRANGED(conv2d_weights) || !describe(&g, a[0], a[2], a[1], a + 3, &groups) || !is_output(a[2]))
        return TWIN(conv2d_weights);
    UNLOCKED(1, convolve_weights(&g, FLOATS(a[2]), groups));
    Py_RETURN_NONE;
}

/* x (n, height, width, channels) and y (n, rows, columns, channels). */
static int describe_pool(Pool *p, PyObject *x, PyObject *y, PyObject *const *how)
{
    if (!is_images(x) || !is_images(y) || !pair(how[0], p->size) || !pair(how[1], p->stride) || !pair(how[2], p->pad))
        return 0;
    const npy_intp *a = PyArray_DIMS(A(x)), *b = PyArray_DIMS(A(y));
    if (a[0] != b[0] || a[3] != b[3])
        return 0;
    p->height = a[1], p->width = a[2], p->channels = a[3], p->rows = b[1], p->columns = b[2];
    p->x = FLOATS(x), p->y = FLOATS(y);
    return 1;
}

DEFINE(max_pool)
{
    PyObject *a[MOST_ARGUMENTS];
    Pool p;
    if (!ARRANGED(max_pool) || !describe_pool(&p, a[0], a[1], a + 2) || !is_output(a[1]))
        return TWIN(max_pool);
    p.out = FLOATS(a[1]);
    UNLOCKED(1, parallel(max_pool_part, &p, (int)PyArray_DIM(A(a[0]), 0)));
    Py_RETURN_NONE;
}

DEFINE(max_pool_backward)
{
    PyObject *a[MOST_ARGUMENTS];
    Pool p;
    if (!ARRANGED(max_pool_backward) || !describe_pool(&p, a[0], a[1], a + 4) || !is_flat(a[2], NPY_FLOAT32) ||
        !is_output(a[3]) || !same_shape(a[1], a[2]) || !same_shape(a[0], a[3]))
        return TWIN(max_pool_backward);
    p.dy = FLOATS(a[2]), p.out = FLOATS(a[3]);
    UNLOCKED(1, parallel(max_pool_backward_part, &p, (int)PyArray_DIM(A(a[0]), 0)));
    Py_RETURN_NONE;
}

/* ---- the module ---- */

static PyObject *set_threads(PyObject *self, PyObject *count)
{
    const long wanted = PyLong_AsLong(count);
    if (wanted == -1 && PyErr_Occurred())
        return NULL;
    const int before = pool.wanted;
    pool.wanted = wanted < 1 ? 1 : wanted > MOST_THREADS ? MOST_THREADS : (int)wanted;
    return PyLong_FromLong(before);
}

#define ENTRY(op)                                                                                                      \
    {                                                                                                                  \
        &op##_op, {NULL, (PyCFunction)(void (*)(void))op##_call, METH_FASTCALL | METH_KEYWORDS, NULL}                        \
    }

static struct {
    Operation *operation;
    PyMethodDef method;
} table[] = {
    ENTRY(matmul),
    ENTRY(affine),
    ENTRY(relu),
    ENTRY(leaky_relu),
    ENTRY(sigmoid),
    ENTRY(relu_backward),
    ENTRY(leaky_relu_backward),
    ENTRY(sigmoid_backward),
    ENTRY(tanh_backward),
    ENTRY(add),
    ENTRY(subtract),
    ENTRY(multiply),
    ENTRY(shrink),
    ENTRY(descend),
    ENTRY(momentum),
    ENTRY(nesterov),
    ENTRY(adagrad),
    ENTRY(rmsprop),
    ENTRY(adam),
    ENTRY(copy),
    ENTRY(gather),
    ENTRY(gather_bytes),
    ENTRY(scale_bytes),
    ENTRY(sum_rows),
    ENTRY(softmax),
    ENTRY(softmax_cross_entropy),
    ENTRY(binary_cross_entropy),
    ENTRY(squared_error),
    ENTRY(log_softmax),
    ENTRY(ctc_loss),
    ENTRY(mean_loss),
    ENTRY(count_right),
    ENTRY(inverse_deviation),
    ENTRY(follow),
    ENTRY(column_statistics),
    ENTRY(batch_norm),
    ENTRY(batch_norm_sums),
    ENTRY(batch_norm_backward),
    ENTRY(conv2d),
    ENTRY(conv2d_weights),
    ENTRY(conv2d_input),
    ENTRY(max_pool),
    ENTRY(max_pool_backward),
};

/* Which of the modules this processor can run best. */
static PyObject *best(PyObject *self, PyObject *unused)
{
    const char *kind = "base";
#if defined(__x86_64__)
    __builtin_cpu_init();
#define HAS(feature) __builtin_cpu_supports(feature)
    if (HAS("avx2") && HAS("fma") && HAS("bmi") && HAS("bmi2"))
        kind = "avx2";
    if (HAS("avx512f") && HAS("avx512bw") && HAS("avx512cd") && HAS("avx512dq") && HAS("avx512vl"))
        kind = "avx512";
#endif
    return PyUnicode_FromString(kind);
}

static PyMethodDef methods[] = {
    {"best", best, METH_NOARGS, "The kind of module that this processor runs best: avx512, avx2 or base."},
    {"set_threads", set_threads, METH_O, "Compute with so many threads from now on; returns how many it was before."},
    {NULL},
};

/* A function for each operation, with its twin and the names of the twin's parameters. */
static int add_operations(PyObject *module)
{
    PyObject *reference = PyImport_ImportModule("byhand.ops.reference");
    for (size_t i = 0; reference && i < sizeof(table) / sizeof(table[0]); i++) {
        Operation *op = table[i].operation;
        op->twin = PyObject_GetAttrString(reference, op->name);
        PyObject *text = PyUnicode_FromString(op->parameters), *names = text ? PyUnicode_Split(text, NULL, -1) : NULL;
        op->names = names ? PyList_AsTuple(names) : NULL;
        Py_XDECREF(text);
        Py_XDECREF(names);
        if (!op->twin || !op->names)
            return -1;
        for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(op->names); k++)
            PyUnicode_InternInPlace(&PyTuple_GET_ITEM(op->names, k));
        table[i].method.ml_name = op->name;
        PyObject *function = PyCFunction_New(&table[i].method, NULL);
        if (!function || PyModule_AddObject(module, op->name, function))
            return -1;
    }
    Py_XDECREF(reference);
    return reference ? 0 : -1;
}

#define JOIN(a, b) a##b
#define MODULE(name) JOIN(PyInit_, name)
#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "byhand.ops." TEXT(MODULE_NAME),
                                        "Operations compiled for this kind of machine; see byhand.ops.", -1, methods};

PyMODINIT_FUNC MODULE(MODULE_NAME)(void)
{
    import_array();
    PyObject *module = PyModule_Create(&definition);
    if (module && (PyModule_AddStringConstant(module, "kind", NAME) || add_operations(module))) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
