#include "run/identity.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file rather than memory, where constants that contain addresses are relocated. */
static const char program[] = "/proc/self/exe";

/* Adds a segment's bytes, except the file header, which also locates the symbols. */
static bool add_segment(struct Digest *digest, const ElfW(Phdr) * segment,
                        const unsigned char *file, size_t size)
{
  size_t begin = segment->p_offset, end = begin + segment->p_filesz;
  if (begin < sizeof(ElfW(Ehdr))) begin = sizeof(ElfW(Ehdr));
  if (end > size || begin > end) return false;
  *digest = digest_add(*digest, &segment->p_vaddr, sizeof segment->p_vaddr);
  *digest = digest_add(*digest, &segment->p_flags, sizeof segment->p_flags);
  *digest = digest_add(*digest, file + begin, end - begin);
  return true;
}

static bool add_segments(struct Digest *digest, const unsigned char *file, size_t size)
{
  ElfW(Ehdr) header;
  if (size < sizeof header) return false;
  memcpy(&header, file, sizeof header);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
  for (size_t i = 0; i < header.e_phnum; i++) {
    ElfW(Phdr) segment;
    size_t at = header.e_phoff + i * header.e_phentsize;
    if (at + sizeof segment > size) return false;
    memcpy(&segment, file + at, sizeof segment);
    if (segment.p_type == PT_LOAD && !add_segment(digest, &segment, file, size)) return false;
  }
  return true;
}

bool identity_program(char text[DIGEST_SIZE], struct Error *error)
{
  int descriptor = open(program, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    error_system(error, "%s: cannot read", program);
    if (descriptor >= 0) close(descriptor);
    return false;
  }
  size_t size = (size_t)status.st_size;
  unsigned char *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  close(descriptor);
  if (file == MAP_FAILED) return error_system(error, "%s: cannot map", program);
  struct Digest digest = DIGEST_START;
  bool known = add_segments(&digest, file, size);
  munmap(file, size);
  if (!known) return error_set(error, "%s: is not a loadable ELF file", program);
  digest_format(digest, text);
  return true;
}
