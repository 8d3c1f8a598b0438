
#include "apigw_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


static bool tool_fill(int fd, const char *text, size_t len, mode_t mode,
    const struct stat *old);
static void tool_sync_directory(const char *path);


void
tool_die(int status, const char *format, ...)
{
    va_list  args;

    fprintf(stderr, "%s: ", tool_name);

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);

    if (status == TOOL_USAGE) {
        fprintf(stderr, "; see %s --help", tool_name);
    }

    fputc('\n', stderr);
    exit(status);
}


void *
tool_alloc(size_t size)
{
    void  *p;

    p = malloc(size ? size : 1);
    if (p == NULL) {
        tool_die(TOOL_FAILED, "out of memory");
    }

    return p;
}


char *
tool_format(const char *format, ...)
{
    char     *text;
    va_list   args;

    va_start(args, format);

    if (vasprintf(&text, format, args) < 0) {
        tool_die(TOOL_FAILED, "out of memory");
    }

    va_end(args);

    return text;
}


char *
tool_read(const char *path, size_t max, size_t *len)
{
    FILE        *f;
    char        *text;
    struct stat  st;

    f = fopen(path, "re");

    if (f == NULL || fstat(fileno(f), &st) != 0) {
        tool_die(TOOL_FAILED, "cannot read %s: %s", path, strerror(errno));
    }

    if (!S_ISREG(st.st_mode) || (size_t) st.st_size > max) {
        tool_die(TOOL_FAILED, "%s is no file, or larger than %zu bytes", path,
                 max);
    }

    text = tool_alloc(st.st_size + 1);
    *len = fread(text, 1, st.st_size, f);
    text[*len] = '\0';

    if (ferror(f)) {
        tool_die(TOOL_FAILED, "cannot read %s", path);
    }

    fclose(f);

    return text;
}


void
tool_write(const char *path, const char *text, size_t len, mode_t mode,
    tool_write_e how)
{
    int          fd, rc, saved;
    bool         keep;
    char        *temp;
    struct stat  st;

    keep = how == TOOL_KEEP_MODE && stat(path, &st) == 0;
    temp = tool_format("%s.XXXXXX", path);

    fd = mkostemp(temp, O_CLOEXEC);
    if (fd == -1) {
        tool_die(TOOL_FAILED, "cannot make a file beside %s: %s", path,
                 strerror(errno));
    }

    rc = tool_fill(fd, text, len, mode, keep ? &st : NULL) ? 0 : -1;

    if (rc == 0 && how == TOOL_KEEP) {
        rc = link(temp, path) == 0 || errno == EEXIST ? 0 : -1;
        (void) unlink(temp);

    } else if (rc == 0) {
        rc = rename(temp, path);
    }

    if (rc != 0) {
        saved = errno;
        (void) unlink(temp);
        tool_die(TOOL_FAILED, "cannot write %s: %s", path, strerror(saved));
    }

    tool_sync_directory(path);
    close(fd);
    free(temp);
}


/* Mode and owner first: no reader of the old file may find it shut, or open. */

static bool
tool_fill(int fd, const char *text, size_t len, mode_t mode,
    const struct stat *old)
{
    ssize_t  n;

    if (old && fchown(fd, old->st_uid, old->st_gid) != 0) {
        return false;
    }

    if (fchmod(fd, old ? old->st_mode & 07777 : mode) != 0) {
        return false;
    }

    while (len) {
        n = write(fd, text, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            return false;
        }

        text += n;
        len -= n;
    }

    return fsync(fd) == 0;
}


/* So that the new name survives a power cut; not every file system can. */

static void
tool_sync_directory(const char *path)
{
    int          fd;
    char        *dir;
    const char  *slash;

    slash = strrchr(path, '/');
    dir = slash ? tool_format("%.*s", (int) (slash - path + 1), path)
                : tool_format(".");

    fd = open(dir, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
    if (fd != -1) {
        (void) fsync(fd);
        close(fd);
    }

    free(dir);
}


void
tool_mkdirs(const char *path)
{
    char  *copy, *p;

    copy = tool_format("%s", path);

    for (p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';

        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            tool_die(TOOL_FAILED, "cannot make %s: %s", copy,
                     strerror(errno));
        }

        *p = '/';
    }

    free(copy);
}


void
tool_flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        tool_die(TOOL_FAILED, "cannot write to the standard output");
    }
}
