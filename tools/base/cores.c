#include "base/cores.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Reads up to two numbers from the start of a file. Returns how many were read. */
static int read_numbers(const char *folder, const char *name, long long numbers[2])
{
  char path[PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "re");
  if (!file) return 0;
  int found = fscanf(file, "%lld %lld", &numbers[0], &numbers[1]);
  fclose(file);
  return found;
}

/* The quota set in this folder. "max", or -1 in version 1, means none. */
static int quota_of(const char *folder)
{
  long long numbers[2] = {0}, period[2] = {0};
  if (read_numbers(folder, "cpu.max", numbers) < 2) {
    read_numbers(folder, "cpu.cfs_quota_us", numbers);
    read_numbers(folder, "cpu.cfs_period_us", period);
    numbers[1] = period[0];
  }
  if (numbers[0] <= 0 || numbers[1] <= 0) return INT_MAX;
  long long cores = (numbers[0] - 1) / numbers[1] + 1;
  return cores < INT_MAX ? (int)cores : INT_MAX;
}

/* The smallest quota of the group `path` and its ancestors in a hierarchy, as far as they are
   visible: a container may see its own group as the root, with a path that does not exist. */
static int smallest_quota(const char *hierarchy, const char *path)
{
  char folder[PATH_MAX];
  size_t shortest = strlen(hierarchy);
  if ((size_t)snprintf(folder, sizeof folder, "%s%s", hierarchy, path) >= sizeof folder)
    return INT_MAX;
  int smallest = quota_of(folder);
  while (strlen(folder) > shortest) {
    *strrchr(folder, '/') = '\0';
    int quota = quota_of(folder);
    if (quota < smallest) smallest = quota;
  }
  return smallest;
}

/* Is the controller in the list "cpu,cpuacct"? */
static bool lists(char *controllers, const char *wanted)
{
  for (char *name; (name = strsep(&controllers, ","));)
    if (strcmp(name, wanted) == 0) return true;
  return false;
}

int cores_quota(const char *root)
{
  char line[PATH_MAX + 256], hierarchy[PATH_MAX];
  snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
  FILE *groups = fopen(line, "re");
  if (!groups) return INT_MAX;
  int smallest = INT_MAX;
  while (fgets(line, sizeof line, groups)) { /* "NUMBER:CONTROLLERS:PATH" */
    char *rest = line;
    strsep(&rest, ":");
    char *controllers = strsep(&rest, ":"), *path = strsep(&rest, "\n");
    if (!path) continue;
    bool version_2 = *controllers == '\0';
    if (!version_2 && !lists(controllers, "cpu")) continue;
    snprintf(hierarchy, sizeof hierarchy, "%s/sys/fs/cgroup%s", root, version_2 ? "" : "/cpu");
    int quota = smallest_quota(hierarchy, path);
    if (quota < smallest) smallest = quota;
  }
  fclose(groups);
  return smallest;
}

int cores_available(void)
{
  cpu_set_t mask[8]; /* up to 8192 cores */
  int cores = sched_getaffinity(0, sizeof mask, mask) == 0 ? CPU_COUNT_S(sizeof mask, mask) : 1;
  int quota = cores_quota("");
  if (quota < cores) cores = quota;
  return cores > 1 ? cores : 1;
}
