"""The text around the tables of the page."""

INTRODUCTION = """\
byhand compared with other libraries on the same processor: same network, real data, initial weights, loss, optimiser,
batches, epochs and float32. This page is written by `python -m bench.speed` (`make bench`); all figures are in
[speed.json](speed.json). A ratio is byhand's time divided by the time of the fastest peer in its fastest variant:
below 1 byhand is faster."""

TRAINING_NOTE = """\
Times are medians, with the fastest and slowest round in brackets. For W3, W4b, W5, W6, W7 and W10 they are for one
epoch, including shuffling, and also for W4, whose epoch is one step; for W1, W2, W8 and W9 they are for one step with
all rows. "NumPy alone" is byhand without its compiled operations (`BYHAND_OPS=numpy`), compared with the same peer."""

PRODUCTS_NOTE = """\
The operations of an epoch are counted by formula: for each sample and dense layer 2 · in · out in the forward pass, the
same for the gradient of the weights, and the same for the gradient of the input except in the first layer; for a
convolution 2 · height · width · size² · in · out each. "Products alone" is the time of exactly these products by
`numpy.dot` with preallocated outputs, with the better of one and two BLAS threads (for full batches also in blocks of
about a thousand rows on two Python threads); for a convolution with windows that are already unfolded. The share can
exceed 100 %, because byhand skips pixels that are zero, as four fifths of MNIST's are, and the formula counts them."""

PREDICTION_NOTE = """\
The input is a NumPy row, the output a Python number (or an array of them). Median of single calls after warming up. To
write, a network takes the character that it wrote last and gives the likeliest next one."""

SIZE_NOTE = """\
Start times are of whole processes with warm disk caches. The size of PyTorch excludes NumPy, which it does not need.
Peak memory is of the whole process, including the data: byhand keeps MNIST's bytes, whereas the peers' users usually
convert them to float32 first; "PyTorch, from bytes" is listed below."""

EVERYONE_NOTE = """\
Each library in every variant that might be its fastest. Start-up is the time from the first line of the script until
data and network are ready. Compilation is the time by which the very first epoch exceeds the median. The fastest
variant is used in the tables above."""

METHOD = """\
- Every competitor runs in a process of its own, peers also in virtual environments of their own. `bench/speed/peers/`
  contains one script for each library, none of which imports byhand. Data and initial weights are passed as .npy files.
- All processes of a workload are started and warmed up one after another. Then they take turns: one round (some epochs)
  of each, repeated five times by default. While one computes, the others wait for input. After waiting, the first epoch
  takes longer; where epochs are shorter than a second it is not counted.
- All use the same two threads on the same cores (`OMP_NUM_THREADS`, `MKL_NUM_THREADS`, processor affinity), or one
  thread where that is faster. `OPENBLAS_*` is unset.
- Training continues from round to round, so that the accuracy on the test images, measured at the end, is for the same
  number of epochs for all. The initial weights are the same; the shuffles differ between libraries.
- Before each turn (with --quick: before each round) the benchmark waits until other processes keep at most a quarter of
  a core busy. A round during which they kept more busy is repeated, three of a workload at most. Where that does not
  help, the workload has no ratio.
- `python -m bench.speed --quick --check docs/speed.json` compares the ratios with those of a stored run on the same
  processor with as many threads, among the peers that both have. It names the workloads whose ratio got 15 % worse, and
  ends with the exit status 1 if there are any. A workload that was measured on a busy machine is not compared."""

FAIRNESS = """\
- byhand trains from bytes if the data are bytes, and divides by 255 batch by batch, as its users would. PyTorch and JAX
  also have a variant "from bytes"; the others get float32 arrays.
- byhand computes the loss in every step and checks that it is finite. The peers' loops do not read its value.
- PyTorch and JAX use hand-written loops without `DataLoader`, which would be slower; Keras uses `fit` and a compiled
  loop; scikit-learn uses one long `fit`, whose input validation is not counted.
- JAX's max-pooling reshapes the image, which divides the gradient among equal maxima and may not be what its users
  would write; `reduce_window`, which is also listed, behaves like the other libraries.
- The networks with sequences (W7 to W10 and writing) run in fewer variants of each library: PyTorch eager, with
  `nn.LSTM` and `scaled_dot_product_attention`, and compiled, JAX compiled, Keras by `fit` and compiled. PyTorch's LSTM
  has a second bias, which stays at zero. Keras' attention keeps no keys and values, so that it goes through the whole
  text again to write one more character; the others keep them.
- scikit-learn can express neither W3 (sigmoid outputs with a quadratic cost) nor convolutions.
- onnxruntime only predicts; for one image it uses one thread.
- The networks are small, the batches moderate and the cores few, which is what byhand is made for. For large networks,
  many cores or a GPU the frameworks are faster."""

OTHER_NOTE = """The same workloads on another processor, with fewer rows an epoch and fewer variants of each peer,
{threads} threads, on {date}: `python -m bench.speed --quick --rounds 5 --beside NAME`."""
