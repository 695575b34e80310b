/* All kernels, for the vector width and block sizes of the including file (kernels_256.c,
   kernels_512.c); hence no include guard. */
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
