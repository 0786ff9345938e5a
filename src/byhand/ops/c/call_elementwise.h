/* One pass over flat arrays. */

#pragma once

#include "arguments.h"
#include "elementwise.h"

#define FEW_PARAMETERS 32768 /* stay in the cache of the thread that computed most of their gradient */

/* Run a loop on the arrays and numbers that it takes, in the twin's order; threads share more than `few` numbers. */
static PyObject *run(const Operation *op, Loop loop, isize few, PyObject *const *args, Py_ssize_t given,
                     PyObject *keywords)
{
    PyObject *a[MOST_ARGUMENTS];
    Sweep sweep = {loop};
    int arrays = 0, scalars = 0, fits = arrange(op, args, given, keywords, a);
    for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(op->names); i++)
        if (op->mark[i] == NUMBER)
            fits = number(a[i], &sweep.s[scalars++]);
        else if (op->mark[i] != SCRATCH) {
            fits = (op->mark[i] == WRITTEN ? is_output(a[i]) : is_flat(a[i], NPY_FLOAT32)) && same_shape(a[0], a[i]);
            sweep.a[arrays++] = fits ? FLOATS(a[i]) : NULL;
        }
    if (!fits)
        return PyObject_Vectorcall(op->twin, args, (size_t)given, keywords);
    sweep.n = PyArray_SIZE(A(a[0]));
    if (sweep.n <= few) {
        const uint64_t before = flush_to_zero();
        loop(sweep.a, sweep.s, sweep.n);
        set_back(before);
    } else
        UNLOCKED(1, parallel(sweep_part, &sweep, (sweep.n + CHUNK - 1) / CHUNK));
    return done();
}

#define FLAT(op, parameters)                                                                                           \
    OPERATION(op, parameters) { return run(&op##_op, op##_loop, CHUNK, args, given, keywords); }
#define OPTIMISER(op, parameters)                                                                                      \
    OPERATION(op, parameters) { return run(&op##_op, op##_loop, FEW_PARAMETERS, args, given, keywords); }

FLAT(relu, "z *out")
FLAT(leaky_relu, "z *out #slope")
FLAT(sigmoid, "z *out")
FLAT(silu, "z *out")
FLAT(gelu, "z *out *slope ~scratch")
FLAT(gelu_tanh, "z *out *slope ~scratch")
FLAT(silu_backward, "z da *dz ~scratch")
FLAT(relu_backward, "a da *dz")
FLAT(leaky_relu_backward, "a da *dz #slope")
FLAT(sigmoid_backward, "a da *dz")
FLAT(tanh_backward, "a da *dz")
FLAT(add, "a b *out")
FLAT(subtract, "a b *out")
FLAT(multiply, "a b *out")
OPTIMISER(shrink, "*theta #factor")
OPTIMISER(descend, "*theta g ~s #rate")
OPTIMISER(momentum, "*theta g *v ~s #rate #mu")
OPTIMISER(nesterov, "*theta g *v ~s #rate #mu")
OPTIMISER(adagrad, "*theta g *v ~s #rate #epsilon")
OPTIMISER(rmsprop, "*theta g *v ~s #rate #rho #epsilon")
OPTIMISER(adam, "*theta g *m *v ~s #rate #beta1 #beta2 #epsilon")

FLAT(inverse_deviation, "variance #epsilon *out")
FLAT(follow, "*average value #keep #weight ~s")

OPERATION(copy, "a *out")
{
    PyObject *a[MOST_ARGUMENTS];
    if (!ARRANGED(copy) || !is_flat(a[0], NPY_FLOAT32) || !is_output(a[1]) || !same_shape(a[0], a[1]))
        return TWIN(copy);
    if (FLOATS(a[0]) != FLOATS(a[1]))
        memmove(FLOATS(a[1]), FLOATS(a[0]), sizeof(float) * (size_t)PyArray_SIZE(A(a[0])));
    return done();
}
