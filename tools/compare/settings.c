#include "compare/settings.h"

#include <string.h>

static bool runs_differ(const struct ComparedRuns *runs, int setting)
{
  size_t i = 1;
  while (i < runs->n && config_same_setting(&runs->runs[0].config, &runs->runs[i].config, setting))
    i++;
  return i < runs->n;
}

static bool check_settings_known(const struct ComparedRuns *runs, struct Error *error)
{
  for (size_t i = 0; i < runs->n; i++)
    if (!config_complete(&runs->runs[i].config))
      return error_set(error,
                       "%s: some settings of this run are unknown; expected a config.ini from that "
                       "folder, as written by `train --dump-config`",
                       runs->runs[i].name);
  return true;
}

bool over_parse(struct Over *over, const char *text, struct Error *error)
{
  *over = (struct Over){0};
  for (text += strspn(text, query_blanks); *text; text += strspn(text, query_blanks)) {
    char name[QUERY_NAME_SIZE] = "";
    int setting = query_take_name(&text, query_blanks, name) ? config_find_setting(name) : -1;
    if (setting < 0)
      return error_set(error,
                       "--over: found \"%s\", expected settings, as listed by `train --settings`",
                       *name ? name : text);
    over->setting[setting] = true;
  }
  return true;
}

bool queries_add_settings(struct Queries *queries, const struct ComparedRuns *runs,
                          struct Error *error)
{
  struct Queries all = {.n = 0};
  bool added = check_settings_known(runs, error);
  for (int setting = 0; added && setting < config_n_settings(); setting++) {
    const char *name = config_setting_name(setting);
    bool asked = !runs_differ(runs, setting);
    for (size_t i = 0; i < queries->n; i++)
      asked = asked ||
              (query_is_setting(&queries->query[i]) && strcmp(queries->query[i].column, name) == 0);
    added = asked || queries_add(&all, name, error);
  }
  if (added && all.n + queries->n > MAX_QUERIES)
    added = error_set(error, "more than %d columns, including those of --settings", MAX_QUERIES);
  added = added && queries_move(&all, queries, error);
  if (!added) {
    queries_release(&all);
    return false;
  }
  *queries = all;
  return true;
}
