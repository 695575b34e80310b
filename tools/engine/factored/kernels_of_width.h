/* All kernels, for the vector width and block sizes of the including file (kernels_256.c,
   kernels_512.c); hence no include guard. */
#include "engine/factored/kernels.h"
#include "engine/factored/wide.h"

#include "engine/factored/loss_kernels.h"
#include "engine/factored/panel_kernel.h"
#include "engine/factored/stream_kernels.h"

const struct Kernels KERNELS = {.description = KERNELS_DESCRIPTION,
                                .panel_width = PANEL_WIDTH,
                                .panel = panel,
                                .stream_forward = forward,
                                .stream_backward = backward,
                                .loss_add = losses};
