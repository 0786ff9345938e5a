"""What the page says around its tables."""

INTRODUCTION = """\
What a user might pick instead, on the same processor: the same network, real data, first weights, loss, optimiser,
batches, epochs and float32. Written by `python -m bench.speed` (`make bench`), all figures in
[speed.json](speed.json). Ratios are byhand's time to the fastest peer's in its fastest manner: below 1 byhand is
faster."""

TRAINING_NOTE = """\
Medians, with the fastest and slowest round in brackets. W3, W4b, W5 and W6 are seconds an epoch, shuffling included;
W4 too, whose epoch is one step; W1 and W2 are one step with all rows. "NumPy alone" is byhand without its compiled
operations (`BYHAND_OPS=numpy`), beside the same fastest peer."""

PRODUCTS_NOTE = """\
Operations of an epoch by formula: for each dense layer 2 · in · out a sample forward, as many for the weights'
gradient, and as many for the input's but in the first layer; for a convolution 2 · height · width · size² · in · out
of each. "Products alone" are these very products by `numpy.dot`, into arrays that are there already, in the best of
one and two BLAS threads (and for full batches in pieces of about a thousand rows on two Python threads); a
convolution's with its windows already unfolded. The share may pass 100 %: whoever skips pixels that are zero, as four
fifths of MNIST's are, does not compute these products at all, and the formula counts them nevertheless."""

PREDICTION_NOTE = """\
A NumPy row goes in, a Python number (or an array of them) comes out, in a process that has warmed up; median of
single calls."""

SIZE_NOTE = """\
Starts are whole processes from warm disk caches. PyTorch's size leaves NumPy out, which it can do without. Peak
memory is that of the whole process, data included: byhand keeps MNIST's bytes as they are, the peers' usual way is to
turn them to float32 before; "PyTorch, from bytes" is listed below."""

EVERYONE_NOTE = """\
Each library in each manner that might be its fastest. Start-up: from the process's own first line until data and
network are ready. Compilation: what the first round took more than the median one. The fastest manner counts."""

METHOD = """\
- Every competitor is a process of its own, peers in virtual environments of their own; `bench/speed/peers/` holds one
  script for each library, none of which imports byhand. Data, and the weights that all start from, come as .npy
  files.
- All processes of a workload are started and warmed up one after another. Then they take turns: one round (some
  epochs) of the first, of the second, ..., and over again, five rounds by default. While one computes, the others
  wait for input.
- All get the same two threads, on the same cores (`OMP_NUM_THREADS`, `MKL_NUM_THREADS`, processor affinity); whoever
  is faster on one thread may be so. `OPENBLAS_*` is unset.
- Training goes on from round to round, so that accuracy on the test images, measured at the end, is that of the same
  number of epochs for all. The first weights are the same; shuffles differ between libraries.
- Just before each turn (with --quick: each round) it is looked whether others keep the processor busy; if so, it is
  said at the end."""

FAIRNESS = """\
- byhand trains from bytes where the data are bytes and divides by 255 batch by batch, as its users would. PyTorch and
  JAX have a manner "from bytes" too; the others get float32 ready made.
- byhand computes the loss at every step and checks that it is finite. The peers' loops leave its value unread.
- PyTorch and JAX are written as loops by hand, without `DataLoader`, which would be slower; Keras both by `fit` and
  by a compiled loop; scikit-learn by one long `fit`, whose validation of the input is not counted.
- JAX's max-pooling is by reshaping, which its users may not think of, and which shares the gradient among equal
  maxima; `reduce_window`, listed too, does as the others do.
- scikit-learn cannot express W3 (sigmoid outputs with a quadratic cost) nor convolutions.
- onnxruntime only predicts, on one thread for one image.
- The networks are small, the batches moderate, the processor has few cores: what byhand is for. On large networks,
  many cores or a GPU the frameworks win."""
