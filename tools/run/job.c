#include "run/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { STATE_SIZE = 16 };

static enum JobState state_of(const char *word)
{
  static const char *const words[] = {[JOB_QUEUED] = "queued",
                                      [JOB_RUNNING] = "running",
                                      [JOB_STOPPED] = "stopped",
                                      [JOB_FAILED] = "failed"};
  for (int state = JOB_QUEUED; state <= JOB_FAILED; state++)
    if (strcmp(word, words[state]) == 0) return (enum JobState)state;
  return JOB_NONE;
}

static void take_word(char word[JOB_WORD_SIZE])
{
  if (strcmp(word, "-") == 0) *word = '\0';
}

static bool parse_line(struct Job *job, const char *line)
{
  char state[STATE_SIZE];
  int length = 0;
  if (sscanf(line, "%15[!-~] %64[!-~] %64[!-~] %64[!-~] %n", state, job->scheduler, job->number,
             job->machine, &length) != 4 ||
      line[length] != '\0')
    return false;
  take_word(job->scheduler);
  take_word(job->number);
  take_word(job->machine);
  job->state = state_of(state);
  return job->state != JOB_NONE;
}

bool job_read(struct Job *job, const char *path, struct Error *error)
{
  *job = (struct Job){.state = JOB_NONE};
  FILE *file = fopen(path, "re");
  if (!file) return errno == ENOENT || error_system(error, "%s: cannot open", path);
  char line[STATE_SIZE + 3 * JOB_WORD_SIZE + 8] = "";
  errno = 0;
  bool read = fgets(line, sizeof line, file) || !ferror(file);
  if (!read) error_system(error, "%s: cannot read", path);
  fclose(file);
  const bool understood = read && parse_line(job, line);
  if (understood) return true;
  *job = (struct Job){.state = JOB_NONE};
  if (!read || !*line || strncmp(line, "done ", 5) == 0) return read;
  return error_set(
      error, "%s: expected a line \"queued|running|stopped|failed SCHEDULER JOB MACHINE\"", path);
}
