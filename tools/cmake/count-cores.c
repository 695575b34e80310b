/* count-cores: prints the number of cores of a program that has the machine to itself. */
#include "base/cores.h"

#include <stdio.h>

int main(void)
{
  return printf("%d\n", cores_available()) < 0;
}
