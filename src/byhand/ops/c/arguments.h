/* A call's arguments, as Python gives them and as the loops take them. */

#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>

#include "threads.h"

#define MOST_ARGUMENTS 16

enum { READ = 0, WRITTEN = '*', SCRATCH = '~', NUMBER = '#' };

/* The parameters stand in the twin's order, between spaces, with a mark before those that are written, that are scratch
   which only the twin needs, or that are numbers; the others are read. */
typedef struct {
    const char *name, *parameters;
    PyObject *twin, *names; /* the twin, and its parameters' names as interned strings */
    char mark[MOST_ARGUMENTS];
} Operation;

#define A(o) ((PyArrayObject *)(o))
#define FLOATS(o) ((float *)PyArray_DATA(A(o)))

/* Fill in the twin and what follows from `parameters`; 0 where there is no such twin. */
static int prepare(Operation *op, PyObject *reference)
{
    PyObject *text = PyUnicode_FromString(op->parameters), *words = text ? PyUnicode_Split(text, NULL, -1) : NULL;
    op->twin = PyObject_GetAttrString(reference, op->name);
    op->names = words ? PyTuple_New(PyList_GET_SIZE(words)) : NULL;
    for (Py_ssize_t i = 0; op->names && i < PyList_GET_SIZE(words); i++) {
        const char *word = PyUnicode_AsUTF8(PyList_GET_ITEM(words, i));
        const int marked = *word == WRITTEN || *word == SCRATCH || *word == NUMBER;
        op->mark[i] = marked ? *word : READ;
        PyTuple_SET_ITEM(op->names, i, PyUnicode_InternFromString(word + marked));
    }
    Py_XDECREF(text);
    Py_XDECREF(words);
    return op->twin && op->names;
}

/* Where an array's numbers begin and end in memory. */
static void extent(PyObject *o, char **begin, char **end)
{
    *begin = PyArray_BYTES(A(o));
    *end = *begin + PyArray_ITEMSIZE(A(o));
    if (PyArray_IS_C_CONTIGUOUS(A(o))) {
        *end = *begin + PyArray_NBYTES(A(o));
        return;
    }
    for (int axis = 0; axis < PyArray_NDIM(A(o)); axis++) {
        const npy_intp length = PyArray_DIM(A(o), axis), way = (length - 1) * PyArray_STRIDE(A(o), axis);
        if (length < 1) {
            *end = *begin;
            return;
        }
        *(way < 0 ? begin : end) += way;
    }
}

/* Whether an array that is written lies partly over another: loops that run ahead would read what they wrote. Arrays that
   begin at the same place are the same one, which a loop over single numbers does not mind. */
static int is_tangled(const Operation *op, PyObject *const *a, Py_ssize_t count)
{
    char *begin[MOST_ARGUMENTS], *end[MOST_ARGUMENTS];
    int written[MOST_ARGUMENTS], arrays = 0;
    for (Py_ssize_t i = 0; i < count; i++)
        if ((op->mark[i] == READ || op->mark[i] == WRITTEN) && PyArray_Check(a[i])) {
            extent(a[i], &begin[arrays], &end[arrays]);
            written[arrays++] = op->mark[i] == WRITTEN;
        }
    for (int i = 0; i < arrays; i++)
        for (int k = 0; k < arrays && written[i]; k++)
            if (begin[i] < end[k] && begin[k] < end[i] && begin[i] != begin[k])
                return 1;
    return 0;
}

/* Arguments in the twin's order; 0 where they are for the twin to take. */
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
    return !is_tangled(op, out, wanted);
}

/* An array of this type, in the machine's byte order, with every number where one may start. */
static int is_array(PyObject *o, int type)
{
    return PyArray_CheckExact(o) && PyArray_TYPE(A(o)) == type && PyArray_ISBEHAVED_RO(A(o));
}

/* ... and without gaps. */
static int is_flat(PyObject *o, int type) { return is_array(o, type) && PyArray_IS_C_CONTIGUOUS(A(o)); }

static int is_output(PyObject *o) { return is_flat(o, NPY_FLOAT32) && PyArray_ISWRITEABLE(A(o)); }

/* How many floats lie between two rows, or two columns. */
static isize gap(PyObject *o, int axis) { return PyArray_STRIDE(A(o), axis) / 4; }

static int is_vector(PyObject *o, isize size)
{
    return is_flat(o, NPY_FLOAT32) && PyArray_NDIM(A(o)) == 1 && PyArray_DIM(A(o), 0) == size;
}

/* The length of the last axis. */
static isize columns(PyObject *o) { return PyArray_DIM(A(o), PyArray_NDIM(A(o)) - 1); }

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

/* What an operation returns: None, or MemoryError. */
static PyObject *done(void)
{
    if (!out_of_memory)
        Py_RETURN_NONE;
    out_of_memory = 0;
    return PyErr_NoMemory();
}

#define OPERATION(op, parameters)                                                                                      \
    static Operation op##_op = {#op, parameters};                                                                      \
    static PyObject *op##_call(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *keywords)
#define ARRANGED(op) (arrange(&op##_op, args, given, keywords, a))
#define TWIN(op) PyObject_Vectorcall(op##_op.twin, args, (size_t)given, keywords)
