#include "plot/list.h"

#include <string.h>

static const char blanks[] = " \t";

int list_count(const char *list)
{
  int n = 1;
  while ((list = strchr(list, ',')) != NULL) {
    list++;
    n++;
  }
  return n;
}

const char *list_item(const char *list, int i, int *length)
{
  for (; i > 0; i--)
    list += strcspn(list, ",") + 1;
  list += strspn(list, blanks);
  size_t n = strcspn(list, ",");
  while (n > 0 && strchr(blanks, list[n - 1]))
    n--;
  *length = (int)n;
  return list;
}
