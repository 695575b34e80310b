/* All kernels, for the width of vectors that the including file (kernels_256.c, kernels_512.c) is
   compiled for, hence without an include guard; and the block sizes that it chose. */
#include "model/kernels.h"
#include "model/wide.h"

#include "model/loss_kernels.h"
#include "model/panel_kernel.h"
#include "model/stream_kernels.h"

const struct Kernels KERNELS = {.description = KERNELS_DESCRIPTION,
                                .panel_width = PANEL_WIDTH,
                                .panel = panel,
                                .stream_forward = forward,
                                .stream_backward = backward,
                                .add_losses = add_losses_of_pairs};
