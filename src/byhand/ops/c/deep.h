/* Matrix products whose sums are long and whose results are small, such as a weight's gradient over many samples: parts
   of the sums, added in their order. So each thread reads the samples that it worked on in the passes before. */

#pragma once

#include "matmul.h"

#define SHARES 4     /* of each sum, whatever the number of threads */
#define SMALL 64     /* rows and columns of c at most, no more than SIDE panels: a larger one has parts of its own */
#define ENOUGH 256   /* numbers of a sum, */
#define WORTH 250000 /* and products, at least */

typedef struct {
    const Product *p;
    float *sums; /* of the shares but the first, which is c: (SHARES − 1, m, n) */
} Deep;

static void deep_share(void *context, isize share)
{
    const Deep *d = context;
    Product p = *d->p;
    const isize first = p.depth * share / SHARES, last = p.depth * (share + 1) / SHARES;
    p.a += first * p.ac;
    p.b += first * p.br;
    p.depth = last - first;
    p.across = p.down = 1;
    if (share) {
        p.c = d->sums + (share - 1) * p.m * p.n;
        p.cs = p.n;
    }
    multiply_part(&p, 0);
}

/* Whether that pays. */
static int is_deep(const Product *p)
{
    return LANES >= 8 && !p->start && p->m <= SMALL && p->n <= SMALL && p->depth >= ENOUGH &&
           p->m * p->n * p->depth >= WORTH;
}

/* c = a b. */
static void deep_product(const Product *p)
{
    Deep d = {p, room(3, (size_t)((SHARES - 1) * p->m * p->n))};
    if (!d.sums)
        return;
    parallel(deep_share, &d, SHARES);
    for (isize share = 0; share < SHARES - 1; share++)
        for (isize i = 0; i < p->m; i++)
            for (isize j = 0; j < p->n; j++)
                p->c[i * p->cs + j] += d.sums[(share * p->m + i) * p->n + j];
}
