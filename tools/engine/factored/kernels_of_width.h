/*
 * All kernels, for the vector width of the including file (kernels_256.c, kernels_512.c), the block
 * sizes that it defines, and what sparse products need (SPARSE_LEAST_...); hence no include guard.
 * It also defines KERNELS, the name of their struct, and KERNELS_DESCRIPTION.
 */
#include "engine/factored/kernels.h"
#include "engine/factored/wide.h"

#include "engine/factored/loss_kernels.h"
#include "engine/factored/panel_kernel.h"
#include "engine/factored/sparse_kernel.h"
#include "engine/factored/stream_kernels.h"

const struct Kernels KERNELS = {.description = KERNELS_DESCRIPTION,
                                .panel_width = PANEL_WIDTH,
                                .panel = panel,
                                .sparse = {.width = SPARSE_WIDTH,
                                           .panel = sparse_panel,
                                           .least_columns = SPARSE_LEAST_WIDES * WIDE_LANES,
                                           .least_cache = SPARSE_LEAST_CACHE},
                                .stream_forward = streams_forward,
                                .stream_backward = streams_backward,
                                .loss_add = losses};
