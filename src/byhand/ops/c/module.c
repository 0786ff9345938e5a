/* The table of operations, compiled: for each function here there is one of the same name in NumPy, see ops/reference.py.

What a function cannot do quickly (another dtype than float32, arrays with gaps, shapes that do not fit each other) it
hands on to its NumPy twin, which does it or says what is wrong. So the results are the twin's up to rounding. */

#include "call_columns.h"
#include "call_elementwise.h"
#include "call_images.h"
#include "call_losses.h"
#include "call_matrices.h"
#include "call_recurrent.h"
#include "call_rows.h"

static PyObject *set_threads(PyObject *self, PyObject *count)
{
    const isize wanted = PyLong_AsLong(count);
    if (wanted == -1 && PyErr_Occurred())
        return NULL;
    const int count_then = wanted < 1 ? 1 : wanted > MOST_THREADS ? MOST_THREADS : (int)wanted;
    return PyLong_FromLong(atomic_exchange(&pool.wanted, count_then));
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
    ENTRY(affine_gradients),
    ENTRY(affine_input),
    ENTRY(relu),
    ENTRY(leaky_relu),
    ENTRY(sigmoid),
    ENTRY(silu),
    ENTRY(gelu),
    ENTRY(gelu_tanh),
    ENTRY(silu_backward),
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
    ENTRY(softmax_backward),
    ENTRY(masked_softmax),
    ENTRY(masked_softmax_backward),
    ENTRY(softmax_cross_entropy_labels),
    ENTRY(absolute_error),
    ENTRY(huber),
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
    ENTRY(stacked_products),
    ENTRY(layer_norm),
    ENTRY(layer_norm_backward),
    ENTRY(scale_columns_backward),
    ENTRY(add_rows),
    ENTRY(conv2d),
    ENTRY(conv2d_weights),
    ENTRY(conv2d_input),
    ENTRY(max_pool),
    ENTRY(max_pool_backward),
    ENTRY(rnn),
    ENTRY(rnn_backward),
    ENTRY(lstm),
    ENTRY(lstm_backward),
    ENTRY(gru),
    ENTRY(gru_backward),
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

/* A function for each operation; 0 if that can't be. */
static int add_operations(PyObject *module)
{
    PyObject *reference = PyImport_ImportModule("byhand.ops.reference");
    int fits = reference && prepare_rooms();
    for (size_t i = 0; fits && i < sizeof(table) / sizeof(table[0]); i++) {
        table[i].method.ml_name = table[i].operation->name;
        PyObject *function = prepare(table[i].operation, reference) ? PyCFunction_New(&table[i].method, NULL) : NULL;
        fits = function && !PyModule_AddObject(module, table[i].operation->name, function);
    }
    Py_XDECREF(reference);
    return fits;
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
    if (module && (PyModule_AddStringConstant(module, "kind", NAME) || !add_operations(module))) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
