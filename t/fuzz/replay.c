
/*
 * Runs a fuzz target over its corpus, without libFuzzer: `make test` does it
 * with gcc. The corpus is t/fuzz/corpus/<topic>, <topic> from our own name.
 */


#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static int
replay(const char *path)
{
    FILE     *f;
    long      size;
    uint8_t  *data;

    f = fopen(path, "rb");
    if (f == NULL) {
        return -1;
    }

    if (fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
        (void) fclose(f);
        return -1;
    }

    rewind(f);

    /* exactly as large as the input: the sanitizer sees a byte too far */

    data = malloc(size ? (size_t) size : 1);
    if (data == NULL || fread(data, 1, size, f) != (size_t) size) {
        free(data);
        (void) fclose(f);
        return -1;
    }

    (void) LLVMFuzzerTestOneInput(data, size);

    free(data);
    (void) fclose(f);

    return 0;
}


int
main(int argc, char **argv)
{
    int             n;
    DIR            *dir;
    char            path[512], file[1024];
    const char     *name;
    struct dirent  *entry;

    (void) argc;

    name = strrchr(argv[0], '/');
    name = name ? name + 1 : argv[0];

    (void) snprintf(path, sizeof(path), "t/fuzz/corpus/%.*s",
                    (int) (strlen(name) - strlen("_fuzz")), name);

    n = 0;
    dir = opendir(path);

    while (dir && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }

        (void) snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);

        printf("%sok %d - %s\n", replay(file) == 0 ? "" : "not ", ++n, file);
    }

    if (dir) {
        (void) closedir(dir);
    }

    if (n == 0) {
        printf("not ok 1 - %s holds no input\n", path);
    }

    printf("1..%d\n", n ? n : 1);

    return n ? 0 : 1;
}
