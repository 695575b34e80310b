/*
 * Checkpoints of any origin, as safetensors files with our names and shapes (run/trajectory.h). A
 * file that is one already is opened as it is; everything else is read into memory, turned round
 * and offered as such a file:
 *
 *   - safetensors, or files of torch.save (pytorch/torch_file.h), in the layouts of run/layout.h;
 *   - a state dict, or a dictionary with one under "model", "state_dict", ...;
 *   - "checkpoints" with "checkpoint_epochs", as in the tutorial of TransformerLens, or
 * "state_dicts" with "epochs": a snapshot for each; "train_indices" become train_mask;
 *   - settings that the file carries (run/carried.h) become metadata.
 *
 * Numbers keep their bits and their type. The memory is at most proportional to the file.
 */
#ifndef RUN_CHECKPOINT_H
#define RUN_CHECKPOINT_H

#include "tensor/safetensors.h"

/* What the user says about a file. */
struct CheckpointHints {
  char *const *overrides; /* [n] "section.key=value": model.n_heads matters here */
  int n;
  enum HeadsOfW_O { W_O_UNKNOWN, W_O_ROWS, W_O_COLUMNS } W_O; /* where it is one square matrix */
};

struct CheckpointNotes {
  char *said;     /* what was recognised, as text; NULL if the file was opened as it is */
  bool ambiguous; /* W_O is a square matrix, and nothing in the file tells how it lies */
};

/* Opens a checkpoint; file->path is `path`. Errors name it: another kind of file (run/foreign.h), a
   damaged one, a pickle that would call something; no network in it; a layout that contradicts
   itself; heads that nothing tells how many; a bias that is not zero and has no place in the
   network. There is nothing to close or free then. */
bool checkpoint_open(struct Safetensors *file, const char *path,
                     const struct CheckpointHints *hints, struct CheckpointNotes *notes,
                     struct Error *error);

/* The same, but where W_O is ambiguous and the hints do not settle it, the losses on the training
   pairs do: the one must be less than half of the other, and of the loss of guessing. Error: they
   do not, or the split is unknown. */
bool checkpoint_settle(struct Safetensors *file, const char *path,
                       const struct CheckpointHints *hints, struct CheckpointNotes *notes,
                       struct Error *error);

void checkpoint_notes_release(struct CheckpointNotes *notes);

#endif
