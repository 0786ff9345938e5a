/* Recurrent layers over a whole sequence. */

#pragma once

#include "arguments.h"
#include "cells.h"

/* Whether an array has these axes, without gaps; the twin takes others. */
static int has_axes(PyObject *o, int type, int count, const isize *axes)
{
    if (!is_flat(o, type) || PyArray_NDIM(A(o)) != count)
        return 0;
    for (int axis = 0; axis < count; axis++)
        if (PyArray_DIM(A(o), axis) != axes[axis])
            return 0;
    return 1;
}

#define IS_SIZED(o, type, ...)                                                                                              \
    has_axes(o, type, (int)(sizeof((isize[]){__VA_ARGS__}) / sizeof(isize)), (const isize[]){__VA_ARGS__})
#define FLOATS_OF(o, ...) IS_SIZED(o, NPY_FLOAT32, __VA_ARGS__)
#define ROOM_OF(o, ...) (FLOATS_OF(o, __VA_ARGS__) && PyArray_ISWRITEABLE(A(o)))

/* n, T and k from z (n, T, gates k), and what all layers have; 0 where the twin has to take it. */
static int is_sequence(Sequence *s, int gates, PyObject *z, PyObject *mask, PyObject *reverse)
{
    if (!is_flat(z, NPY_FLOAT32) || PyArray_NDIM(A(z)) != 3 || PyArray_SIZE(A(z)) < 1 || columns(z) % gates)
        return 0;
    *s = (Sequence){.n = PyArray_DIM(A(z), 0), .steps = PyArray_DIM(A(z), 1), .k = columns(z) / gates, .gates = gates};
    s->z = FLOATS(z);
    s->reverse = reverse == Py_True;
    if (mask != Py_None && !IS_SIZED(mask, NPY_BOOL, s->n, s->steps))
        return 0;
    s->mask = mask == Py_None ? NULL : PyArray_DATA(A(mask));
    return 1;
}

/* An array (n, T, k), or None. */
static int is_each_or_none(const Sequence *s, PyObject *o, float **data)
{
    *data = NULL;
    if (o == Py_None)
        return 1;
    if (!FLOATS_OF(o, s->n, s->steps, s->k))
        return 0;
    *data = FLOATS(o);
    return 1;
}

static PyObject *go(Sequence *s, Step step, int back)
{
    s->step = step;
    UNLOCKED(s->n * s->steps * s->k * s->k > 100000, go_through(s, back));
    return done();
}

/* Gate g's columns of m (k, width). */
static void multiply_by(Sequence *s, PyObject *m, int gates)
{
    for (int g = 0; g < gates; g++)
        s->factor[s->factors++] = (Factor){.m = FLOATS(m) + g * s->k, .depth = s->k, .gap = gates * s->k};
}

/* The first `depth` of the `wide` numbers of each step of a, times mᵀ. */
static void multiply_back(Sequence *s, const float *a, isize wide, PyObject *m, isize depth)
{
    s->factor[s->factors++] = (Factor){.a = a, .m = FLOATS(m), .wide = wide, .depth = depth, .gap = depth};
}

OPERATION(rnn, "r *z *h *y *before mask #reverse #relu ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    Sequence s;
    if (!ARRANGED(rnn) || !is_sequence(&s, 1, a[1], a[5], a[6]) || !FLOATS_OF(a[0], s.k, s.k) || !is_output(a[1]) ||
        !ROOM_OF(a[2], s.n, s.k) || !is_each_or_none(&s, a[3], &s.y) || !ROOM_OF(a[4], s.n, s.steps, s.k) ||
        (s.y && !is_output(a[3])))
        return TWIN(rnn);
    s.h = FLOATS(a[2]);
    s.before = FLOATS(a[4]);
    s.relu = a[7] == Py_True;
    multiply_by(&s, a[0], 1);
    return go(&s, rnn_step, 0);
}

OPERATION(rnn_backward, "r z dy mask #reverse #relu *dz *dh ~s ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    Sequence s;
    float *dy;
    if (!ARRANGED(rnn_backward) || !is_sequence(&s, 1, a[1], a[3], a[4]) || !FLOATS_OF(a[0], s.k, s.k) ||
        !is_each_or_none(&s, a[2], &dy) || !ROOM_OF(a[6], s.n, s.steps, s.k) || !ROOM_OF(a[7], s.n, s.k))
        return TWIN(rnn_backward);
    s.dy = dy;
    s.relu = a[5] == Py_True;
    s.dz = FLOATS(a[6]);
    s.dh = FLOATS(a[7]);
    multiply_back(&s, s.dz, s.k, a[0], s.k);
    return go(&s, rnn_step_back, 1);
}

OPERATION(lstm, "r *z *h *c *y *before *cells *squashed mask #reverse ~s ~s2 ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    Sequence s;
    if (!ARRANGED(lstm) || !is_sequence(&s, 4, a[1], a[8], a[9]) || !FLOATS_OF(a[0], s.k, 4 * s.k) || !is_output(a[1]) ||
        !ROOM_OF(a[2], s.n, s.k) || !ROOM_OF(a[3], s.n, s.k) || !is_each_or_none(&s, a[4], &s.y) ||
        (s.y && !is_output(a[4])) || !ROOM_OF(a[5], s.n, s.steps, s.k) || !ROOM_OF(a[6], s.n, s.steps, s.k) ||
        !ROOM_OF(a[7], s.n, s.steps, s.k))
        return TWIN(lstm);
    s.h = FLOATS(a[2]);
    s.cell = FLOATS(a[3]);
    s.before = FLOATS(a[5]);
    s.cells = FLOATS(a[6]);
    s.squashed = FLOATS(a[7]);
    multiply_by(&s, a[0], 4);
    return go(&s, lstm_step, 0);
}

OPERATION(lstm_backward, "r z cells squashed dy mask #reverse *dz *dh *dc ~s ~s2 ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    Sequence s;
    float *dy;
    if (!ARRANGED(lstm_backward) || !is_sequence(&s, 4, a[1], a[5], a[6]) || !FLOATS_OF(a[0], s.k, 4 * s.k) ||
        !FLOATS_OF(a[2], s.n, s.steps, s.k) || !FLOATS_OF(a[3], s.n, s.steps, s.k) || !is_each_or_none(&s, a[4], &dy) ||
        !ROOM_OF(a[7], s.n, s.steps, 4 * s.k) || !ROOM_OF(a[8], s.n, s.k) || !ROOM_OF(a[9], s.n, s.k))
        return TWIN(lstm_backward);
    s.dy = dy;
    s.cells = FLOATS(a[2]);
    s.squashed = FLOATS(a[3]);
    s.dz = FLOATS(a[7]);
    s.dh = FLOATS(a[8]);
    s.dcell = FLOATS(a[9]);
    multiply_back(&s, s.dz, 4 * s.k, a[0], 4 * s.k);
    return go(&s, lstm_step_back, 1);
}

OPERATION(gru, "r v c *z *h *y *before *inner mask #reverse ~s ~s2 ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    Sequence s;
    if (!ARRANGED(gru) || !is_sequence(&s, 3, a[3], a[8], a[9]) || !FLOATS_OF(a[0], s.k, 2 * s.k) ||
        !FLOATS_OF(a[1], s.k, s.k) || a[2] == Py_None || !is_vector(a[2], s.k) || !is_output(a[3]) ||
        !ROOM_OF(a[4], s.n, s.k) || !is_each_or_none(&s, a[5], &s.y) || (s.y && !is_output(a[5])) ||
        !ROOM_OF(a[6], s.n, s.steps, s.k) || !ROOM_OF(a[7], s.n, s.steps, s.k))
        return TWIN(gru);
    s.c = FLOATS(a[2]);
    s.h = FLOATS(a[4]);
    s.before = FLOATS(a[6]);
    s.inner = FLOATS(a[7]);
    multiply_by(&s, a[0], 2);
    multiply_by(&s, a[1], 1);
    return go(&s, gru_step, 0);
}

OPERATION(gru_backward, "r v #after z before inner dy mask #reverse *dz *dinner *dgates *dh ~s ~s2 ~row")
{
    PyObject *a[MOST_ARGUMENTS];
    Sequence s;
    float *dy;
    if (!ARRANGED(gru_backward) || a[2] != Py_True || !is_sequence(&s, 3, a[3], a[7], a[8]) ||
        !FLOATS_OF(a[0], s.k, 2 * s.k) || !FLOATS_OF(a[1], s.k, s.k) || !FLOATS_OF(a[4], s.n, s.steps, s.k) ||
        !FLOATS_OF(a[5], s.n, s.steps, s.k) || !is_each_or_none(&s, a[6], &dy) || !ROOM_OF(a[9], s.n, s.steps, 3 * s.k) ||
        !ROOM_OF(a[10], s.n, s.steps, s.k) || !ROOM_OF(a[11], s.n, s.steps, 2 * s.k) || !ROOM_OF(a[12], s.n, s.k))
        return TWIN(gru_backward);
    s.before = FLOATS(a[4]);
    s.inner = FLOATS(a[5]);
    s.dy = dy;
    s.dz = FLOATS(a[9]);
    s.dinner = FLOATS(a[10]);
    s.dgates = FLOATS(a[11]);
    s.dh = FLOATS(a[12]);
    multiply_back(&s, s.dz, 3 * s.k, a[0], 2 * s.k);
    multiply_back(&s, s.dinner, s.k, a[1], s.k);
    return go(&s, gru_step_back, 1);
}
