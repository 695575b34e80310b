#include "export/run.h"

#include "base/memory.h"
#include "export/blob.h"
#include "export/columns.h"
#include "export/frames.h"
#include "export/network.h"
#include "measures/directed_logits.h"
#include "measures/epochs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FRAMES = 60, TEXT_SIZE = 160 };

/* About how many characters take a row of the tables, and all that is there once. */
enum { ROOM_OF_ROW = 160, ROOM_OF_NAMES = 30000 };

/* Frames may take this share of the room, and are halved in number until they do. */
static const double share_of_frames = 0.4;

struct Exporting {
  struct Analysis analysis;
  const char *folder;
  char *history; /* its history.tsv */
  size_t size;
  struct Frames frames;
  json_t *run;
};

/* Adds a member, which it takes, to the object. */
static bool add(json_t *object, const char *name, json_t *member, struct Error *error)
{
  if (!member) return false;
  return json_object_set_new(object, name, member) == 0 || blob_checked(NULL, error);
}

/* ---- what there is once ---- */

/* The last part of a folder's path, as UTF-8 whatever its bytes are. */
static json_t *name_of(const char *folder, struct Error *error)
{
  size_t end = strlen(folder);
  while (end > 1 && folder[end - 1] == '/')
    end--;
  size_t start = end;
  while (start > 0 && folder[start - 1] != '/')
    start--;
  char *name = memory_print(error, "%.*s", (int)(end - start), folder + start);
  if (!name) return NULL;
  json_t *text = json_string(name);
  for (char *c = name; !text && *c; c++)
    if ((unsigned char)*c >= 128) *c = '?';
  if (!text) text = json_string(name);
  free(name);
  return blob_checked(text, error);
}

static const char *attention_name(enum Attention attention)
{
  static const char *const names[] = {[ATTENTION_SOFTMAX] = "softmax",
                                      [ATTENTION_SOFTMAX1] = "softmax1",
                                      [ATTENTION_UNIFORM] = "uniform",
                                      [ATTENTION_SOFTMAX1_UNNORMALISED] = "softmax1-unnormalised"};
  return names[attention];
}

static bool add_settings(const struct Exporting *exporting, struct Error *error)
{
  const struct Config *config = &exporting->analysis.trajectory.config;
  char text[TEXT_SIZE];
  snprintf(text, sizeof text, "%s, weight decay %g, %g %% of the pairs, seed %" PRId64,
           attention_name(config->model.attention), config->optimizer.weight_decay,
           100 * config->data.train_fraction, config->train.seed);
  return add(exporting->run, "settings", json_string(text), error);
}

static bool add_digests(const struct Exporting *exporting, struct Error *error)
{
  const struct Provenance *of = &exporting->analysis.run;
  char configuration[DIGEST_SIZE] = "unknown", trajectory[DIGEST_SIZE] = "unknown";
  if (of->has_configuration) digest_format(of->configuration, configuration);
  if (of->has_trajectory) digest_format(of->trajectory, trajectory);
  return add(exporting->run, "configuration", json_string(configuration), error) &&
         add(exporting->run, "trajectory", json_string(trajectory), error);
}

static bool add_sizes(const struct Exporting *exporting, struct Error *error)
{
  const struct Analysis *analysis = &exporting->analysis;
  const struct Config *config = &analysis->trajectory.config;
  const struct Shape *shape = &analysis->snapshot.parameters.shape;
  enum DirectionSign sign;
  const char *unfit = network_unfit(config);
  json_t *run = exporting->run;
  return directed_logits_sign(config->data.operation, &sign, error) &&
         add(run, "p", json_integer(shape->p), error) &&
         add(run, "sign", json_integer(sign), error) &&
         add(run, "heads", json_integer(shape->H), error) &&
         add(run, "d_head", json_integer(shape->d_head), error) &&
         add(run, "neurons", json_integer(shape->d_mlp), error) &&
         add(run, "attention", json_string(attention_name(config->model.attention)), error) &&
         add(run, "attention_rate", json_real(config->model.attention_rate), error) &&
         add(run, "unfit", unfit ? json_string(unfit) : json_null(), error);
}

static bool add_task(const struct Exporting *exporting, struct Error *error)
{
  char *task = analysis_describe_task(&exporting->analysis, error);
  bool added = task && add(exporting->run, "task", json_string(task), error);
  free(task);
  return added;
}

static bool add_keys(const struct Exporting *exporting, struct Error *error)
{
  const struct Analysis *analysis = &exporting->analysis;
  json_t *keys = json_array(), *frequencies = json_array(), *fve = json_array();
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    if (analysis->keys[k]) json_array_append_new(keys, json_integer(k));
  for (size_t i = 0; i < analysis_d_mlp(analysis); i++) {
    json_array_append_new(frequencies, json_integer(analysis->final_fits[i].frequency));
    json_array_append_new(fve, json_real(analysis->final_fits[i].fve));
  }
  bool added = add(exporting->run, "keys", keys, error);
  added = add(exporting->run, "neuron_frequency", frequencies, error) && added;
  return add(exporting->run, "neuron_fve", fve, error) && added;
}

static bool add_columns(const struct Exporting *exporting, struct Error *error)
{
  static const char *const losses[] = {"epoch", "train_loss", "test_loss", NULL};
  static const char *const measures[] = {"epoch",           "train_loss",    "test_loss",
                                         "train_accuracy",  "test_accuracy", "excluded_loss",
                                         "restricted_loss", "gini_W_E",      "gini_W_L",
                                         "squared_weights", "phase",         NULL};
  const struct Analysis *analysis = &exporting->analysis;
  const char *folder = exporting->folder;
  return add(exporting->run, "history", columns_of(analysis, folder, "history.tsv", losses, error),
             error) &&
         add(exporting->run, "measures",
             columns_of(analysis, folder, "progress-measures.tsv", measures, error), error);
}

static bool add_pairs(const struct Exporting *exporting, struct Error *error)
{
  const struct Dataset *dataset = &exporting->analysis.trajectory.dataset;
  size_t pairs = dataset->n_train + dataset->n_test;
  uint8_t *train = memory_new(pairs, 1, "training pairs", error);
  for (size_t i = 0; train && i < pairs; i++)
    train[i] = dataset->train[i] != 0;
  bool added = train && add(exporting->run, "train", blob_bytes(train, pairs, error), error);
  free(train);
  return added;
}

/* ---- frames ---- */

/* The snapshots of a list of epochs, or of all, thinned. */
static size_t *choose(const struct Exporting *exporting, const char *list, size_t at_most,
                      size_t *n, struct Error *error)
{
  char most[TEXT_SIZE];
  snprintf(most, sizeof most, "%zu", at_most);
  const struct EpochsWanted wanted = {list, most, exporting->history};
  return epochs_choose(&wanted, &exporting->analysis.trajectory, n, error);
}

static bool add_frames(struct Exporting *exporting, struct Error *error)
{
  json_t *object = NULL;
  for (size_t most = MOST_FRAMES;; most /= 2) {
    size_t n, *snapshots = choose(exporting, "all", most, &n, error);
    if (!snapshots || !frames_take(&exporting->frames, &exporting->analysis, snapshots, n, error) ||
        !(object = frames_export(&exporting->frames, error)))
      return false;
    if (most < 8 || (double)blob_size(object) <= share_of_frames * (double)exporting->size) break;
    json_decref(object);
    frames_release(&exporting->frames);
  }
  bool added = json_object_update(exporting->run, object) == 0 || blob_checked(NULL, error);
  json_decref(object);
  return added;
}

static bool add_epochs(const struct Exporting *exporting, struct Error *error)
{
  const struct Frames *frames = &exporting->frames;
  int64_t *epochs = memory_new(frames->n, sizeof *epochs, "epochs of frames", error);
  json_t *array = epochs ? json_array() : NULL;
  for (size_t i = 0; array && i < frames->n; i++) {
    epochs[i] = exporting->analysis.trajectory.epochs[frames->snapshots[i]];
    json_array_append_new(array, json_integer(epochs[i]));
  }
  bool added =
      epochs && add(exporting->run, "epochs", blob_checked(array, error), error) &&
      add(exporting->run, "alpha",
          columns_alpha(&exporting->analysis, exporting->folder, epochs, frames->n, error), error);
  free(epochs);
  return added;
}

/* ---- networks ---- */

static json_t *network_of_frame(struct Exporting *exporting, size_t frame, struct Error *error)
{
  const struct Frames *frames = &exporting->frames;
  if (!analysis_load(&exporting->analysis, frames->snapshots[frame], error)) return NULL;
  json_t *network = network_parts(&exporting->analysis.snapshot.parameters, error);
  if (network && add(network, "frame", json_integer((json_int_t)frame), error) &&
      add(network, "directions", frames_export_directions(frames, frame, error), error))
    return network;
  json_decref(network);
  return NULL;
}

/* The epochs of the frames, "0,100,200"; the caller frees them. */
static char *list_epochs(const struct Exporting *exporting, struct Error *error)
{
  enum { DIGITS = 21 };
  const struct Frames *frames = &exporting->frames;
  char *list = memory_new(frames->n + 1, DIGITS, "epochs of frames", error), *end = list;
  for (size_t i = 0; list && i < frames->n; i++)
    end += sprintf(end, "%s%" PRId64, i > 0 ? "," : "",
                   exporting->analysis.trajectory.epochs[frames->snapshots[i]]);
  return list;
}

/* Appends the networks of those of the frames whose snapshots[n] these are. */
static bool append_networks(struct Exporting *exporting, const size_t *snapshots, size_t n,
                            json_t *networks, struct Error *error)
{
  size_t frame = 0;
  for (size_t i = 0; i < n; i++) {
    while (exporting->frames.snapshots[frame] != snapshots[i])
      frame++;
    json_t *network = network_of_frame(exporting, frame, error);
    if (!network) return false;
    if (json_array_append_new(networks, network) != 0) return blob_checked(NULL, error);
  }
  return true;
}

/* How many networks find room, at least one: they differ little in size. */
static bool count_networks(struct Exporting *exporting, size_t *most, struct Error *error)
{
  json_t *last = network_of_frame(exporting, exporting->frames.n - 1, error);
  if (!last) return false;
  const json_t *history = json_object_get(exporting->run, "history");
  size_t rows = json_array_size(json_object_get(history, "epoch"));
  size_t one = blob_size(last) * 21 / 20;
  size_t taken = blob_size(exporting->run) + ROOM_OF_ROW * rows + ROOM_OF_NAMES;
  json_decref(last);
  *most = taken < exporting->size ? (exporting->size - taken) / one : 0;
  if (*most >= 1) return true;
  return error_set(error,
                   "%s: the run needs %zu characters, %zu are left: take fewer runs, or a larger "
                   "--size",
                   exporting->folder, taken + one, exporting->size);
}

/* The snapshots of the networks: the last one alone, if there is no room for more. */
static size_t *choose_networks(struct Exporting *exporting, size_t most, size_t *n,
                               struct Error *error)
{
  const struct Frames *frames = &exporting->frames;
  if (most > 1 && frames->n > 1) {
    char *list = list_epochs(exporting, error);
    size_t *snapshots = list ? choose(exporting, list, most, n, error) : NULL;
    free(list);
    return snapshots;
  }
  size_t *last = memory_new(1, sizeof *last, "a list of networks", error);
  if (last) *last = frames->snapshots[frames->n - 1];
  *n = 1;
  return last;
}

static bool add_networks(struct Exporting *exporting, struct Error *error)
{
  json_t *networks = blob_checked(json_array(), error);
  if (!networks || !add(exporting->run, "networks", networks, error)) return false;
  if (network_unfit(&exporting->analysis.trajectory.config)) return true;
  size_t most, n;
  if (!count_networks(exporting, &most, error)) return false;
  size_t *snapshots = choose_networks(exporting, most, &n, error);
  bool added = snapshots && append_networks(exporting, snapshots, n, networks, error);
  free(snapshots);
  return added;
}

/* ---- all ---- */

static bool fill(struct Exporting *exporting, struct Error *error)
{
  return add(exporting->run, "name", name_of(exporting->folder, error), error) &&
         add_sizes(exporting, error) && analysis_fit_final(&exporting->analysis, error) &&
         add_task(exporting, error) && add_settings(exporting, error) &&
         add_digests(exporting, error) && add_keys(exporting, error) &&
         add_columns(exporting, error) && add_pairs(exporting, error) &&
         add_frames(exporting, error) && add_epochs(exporting, error) &&
         add_networks(exporting, error);
}

static bool open_run(struct Exporting *exporting, struct Error *error)
{
  char *path = memory_print(error, "%s/trajectory.safetensors", exporting->folder);
  bool opened = path && analysis_open(&exporting->analysis, path, NULL, 0, -1, error);
  free(path);
  return opened;
}

json_t *run_export(const char *folder, size_t size, struct Error *error)
{
  struct Exporting exporting = {.folder = folder, .size = size};
  if (!open_run(&exporting, error)) return NULL;
  exporting.history = memory_print(error, "%s/history.tsv", folder);
  exporting.run = exporting.history ? blob_checked(json_object(), error) : NULL;
  bool filled = exporting.run && fill(&exporting, error);
  frames_release(&exporting.frames);
  free(exporting.history);
  analysis_close(&exporting.analysis);
  if (filled) return exporting.run;
  json_decref(exporting.run);
  return NULL;
}
