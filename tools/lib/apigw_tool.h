
/*
 * What the command line tools share: faults, and files written whole or not
 * at all.
 */


#ifndef _APIGW_TOOL_H_INCLUDED_
#define _APIGW_TOOL_H_INCLUDED_


#include "apigw.h"

#include <sys/types.h>


#define TOOL_FAILED  1
#define TOOL_USAGE   2


/* The tool's name, defined by each. */
extern const char  tool_name[];


/* Says what is wrong on the standard error and exits with `status`. */
void tool_die(int status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));


/* Room for `size` bytes; never NULL. */
void *tool_alloc(size_t size);


/* A formatted string in memory of its own. */
char *tool_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));


/* Reads a file of at most `max` bytes, a NUL behind them. */
char *tool_read(const char *path, size_t max, size_t *len);


/* How tool_write() treats what is there. */

typedef enum {
    TOOL_REPLACE = 0,
    TOOL_KEEP_MODE,                  /* replace; owner, group, mode stay */
    TOOL_KEEP                        /* an existing file stays as it is */
} tool_write_e;


/*
 * Writes a temporary file beside `path` and puts it there.
 * mode  of a new file
 */
void tool_write(const char *path, const char *text, size_t len, mode_t mode,
    tool_write_e how);


/* Makes the directories above `path`, mode 0700. */
void tool_mkdirs(const char *path);


/* Flushes the standard output, or fails. */
void tool_flush(void);


#endif /* _APIGW_TOOL_H_INCLUDED_ */
