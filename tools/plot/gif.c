#include "plot/gif.h"

#include "base/memory.h"

#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

/* The output notes a failed write, writes no more and reports it when it is committed. */
static int write_bytes(GifFileType *file, const GifByteType *bytes, int length)
{
  struct Output *output = file->UserData;
  fwrite(bytes, 1, (size_t)length, output->stream);
  return length;
}

/* As no write fails for giflib, there is only memory that it can lack. */
static bool fail(const struct Gif *gif, int code, struct Error *error)
{
  const char *reason = GifErrorString(code);
  return error_set(error, "%s: cannot write: %s", gif->output.path ? gif->output.path : "a film",
                   reason ? reason : "giflib failed");
}

/* Netscape's extension, which every viewer knows: repeat for ever. */
static bool put_loop(GifFileType *file)
{
  static const unsigned char for_ever[] = {1, 0, 0};
  return EGifPutExtensionLeader(file, APPLICATION_EXT_FUNC_CODE) == GIF_OK &&
         EGifPutExtensionBlock(file, 11, "NETSCAPE2.0") == GIF_OK &&
         EGifPutExtensionBlock(file, sizeof for_ever, for_ever) == GIF_OK &&
         EGifPutExtensionTrailer(file) == GIF_OK;
}

static bool put_head(struct Gif *gif, const struct Palette *palette, const char *comment)
{
  GifColorType colors[256] = {0};
  for (int i = 0; i < palette->n; i++)
    colors[i] = (GifColorType){(GifByteType)(palette->rgb[i] >> 16),
                               (GifByteType)(palette->rgb[i] >> 8), (GifByteType)palette->rgb[i]};
  int size = 2;
  while (size < palette->n + 1)
    size *= 2; /* as GIF wants it */
  ColorMapObject *map = GifMakeMapObject(size, colors);
  EGifSetGifVersion(gif->file, true);
  bool put = map && EGifPutScreenDesc(gif->file, gif->width, gif->height, 8, 0, map) == GIF_OK &&
             put_loop(gif->file) && EGifPutComment(gif->file, comment) == GIF_OK;
  GifFreeMapObject(map);
  return put;
}

/* Releases everything but the output. */
static void close_file(struct Gif *gif)
{
  int ignored;
  if (gif->file) EGifCloseFile(gif->file, &ignored); /* writes the trailer */
  free(gif->shown);
  free(gif->line);
  gif->file = NULL;
  gif->shown = gif->line = NULL;
}

bool gif_open(struct Gif *gif, const char *path, int width, int height,
              const struct Palette *palette, const char *comment, struct Error *error)
{
  int code = E_GIF_ERR_NOT_ENOUGH_MEM;
  *gif = (struct Gif){.width = width, .height = height, .unchanged = palette->n};
  if (!output_open(&gif->output, path, error)) return false;
  gif->shown = memory_new((size_t)height, (size_t)width, "a frame", error);
  gif->line = gif->shown ? memory_new((size_t)width, 1, "a line of a frame", error) : NULL;
  if (gif->line) {
    gif->file = EGifOpen(&gif->output, write_bytes, &code);
    if (gif->file && put_head(gif, palette, comment)) return true;
    fail(gif, gif->file ? gif->file->Error : code, error);
  }
  gif_discard(gif);
  return false;
}

struct Rectangle {
  int left, top, right, bottom; /* the last two are outside */
};

/* Where the frame differs from what is shown: at least one pixel. */
static struct Rectangle find_changes(const struct Gif *gif, const unsigned char *indices)
{
  struct Rectangle found = {gif->width, gif->height, 0, 0};
  if (!gif->begun) return (struct Rectangle){0, 0, gif->width, gif->height};
  for (int y = 0; y < gif->height; y++)
    for (int x = 0; x < gif->width; x++) {
      size_t at = (size_t)y * (size_t)gif->width + (size_t)x;
      if (indices[at] == gif->shown[at]) continue;
      if (x < found.left) found.left = x;
      if (x >= found.right) found.right = x + 1;
      if (y < found.top) found.top = y;
      found.bottom = y + 1;
    }
  return found.bottom > 0 ? found : (struct Rectangle){0, 0, 1, 1};
}

static bool put_delay(const struct Gif *gif, int hundredths)
{
  GifByteType bytes[4];
  GraphicsControlBlock control = {.DisposalMode = DISPOSE_DO_NOT,
                                  .DelayTime = hundredths,
                                  .TransparentColor =
                                      gif->begun ? gif->unchanged : NO_TRANSPARENT_COLOR};
  size_t size = EGifGCBToExtension(&control, bytes);
  return EGifPutExtension(gif->file, GRAPHICS_EXT_FUNC_CODE, (int)size, bytes) == GIF_OK;
}

static bool put_line(struct Gif *gif, const unsigned char *indices, struct Rectangle box, int y)
{
  size_t first = (size_t)y * (size_t)gif->width + (size_t)box.left;
  int n = box.right - box.left;
  for (int i = 0; i < n; i++) {
    unsigned char index = indices[first + (size_t)i], *shown = &gif->shown[first + (size_t)i];
    gif->line[i] = gif->begun && index == *shown ? (unsigned char)gif->unchanged : index;
    *shown = index;
  }
  return EGifPutLine(gif->file, gif->line, n) == GIF_OK;
}

bool gif_add(struct Gif *gif, const unsigned char *indices, int hundredths, struct Error *error)
{
  struct Rectangle box = find_changes(gif, indices);
  bool put = put_delay(gif, hundredths) &&
             EGifPutImageDesc(gif->file, box.left, box.top, box.right - box.left,
                              box.bottom - box.top, false, NULL) == GIF_OK;
  for (int y = box.top; put && y < box.bottom; y++)
    put = put_line(gif, indices, box, y);
  gif->begun = true;
  return put || fail(gif, gif->file->Error, error);
}

bool gif_commit(struct Gif *gif, struct Error *error)
{
  close_file(gif);
  return output_commit(&gif->output, error);
}

void gif_discard(struct Gif *gif)
{
  close_file(gif);
  output_discard(&gif->output);
}
