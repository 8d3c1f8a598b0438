
#include "apigw_resp.h"


struct apigw_resp_reader_s {
    redisReader         *hiredis;
    apigw_resp_guard_t   guard;
};


typedef struct {
    const char           *first;     /* the error's first word */
    const char           *word;      /* ours, for logs and metrics */
    apigw_resp_action_e   action;
} apigw_resp_class_t;


static apigw_resp_class_e apigw_resp_classify_word(const char *text,
    size_t len);
static bool apigw_resp_starts(const char *text, size_t len, const char *start);


/* Indexed by apigw_resp_class_e. */

static const apigw_resp_class_t  apigw_resp_classes[] = {
    { "",            "none",        APIGW_RESP_DELIVER },
    { "NOSCRIPT",    "noscript",    APIGW_RESP_EVAL },
    { "MOVED",       "moved",       APIGW_RESP_REDIRECT },
    { "ASK",         "ask",         APIGW_RESP_REDIRECT },
    { "TRYAGAIN",    "tryagain",    APIGW_RESP_UNREADY },
    { "LOADING",     "loading",     APIGW_RESP_UNREADY },
    { "CLUSTERDOWN", "clusterdown", APIGW_RESP_UNREADY },
    { "MASTERDOWN",  "masterdown",  APIGW_RESP_UNREADY },
    { "BUSY",        "busy",        APIGW_RESP_UNREADY },
    { "READONLY",    "readonly",    APIGW_RESP_DROP },
    { "OOM",         "oom",         APIGW_RESP_REFUSED },
    { "MISCONF",     "misconf",     APIGW_RESP_REFUSED },
    { "NOAUTH",      "noauth",      APIGW_RESP_REFUSED },
    { "WRONGPASS",   "wrongpass",   APIGW_RESP_REFUSED },
    { "NOPERM",      "noperm",      APIGW_RESP_REFUSED },
    { "",            "other",       APIGW_RESP_DELIVER }
};

_Static_assert(sizeof(apigw_resp_classes) / sizeof(apigw_resp_classes[0])
               == APIGW_RESP_CLASS_N, "a row per class");


apigw_rc_t
apigw_resp_command(const apigw_str_t *args, size_t n, char **bytes,
    size_t *len)
{
    int          rc;
    char        *out;
    size_t       i, total, lens[APIGW_RESP_MAX_ARGS];
    const char  *data[APIGW_RESP_MAX_ARGS];

    if (n == 0) {
        return APIGW_EINPUT;
    }

    if (n > APIGW_RESP_MAX_ARGS) {
        return APIGW_ELIMIT;
    }

    total = 0;

    for (i = 0; i < n; i++) {
        if (args[i].len > APIGW_RESP_MAX_COMMAND - total) {
            return APIGW_ELIMIT;
        }

        total += args[i].len;
        data[i] = args[i].len ? (const char *) args[i].data : "";
        lens[i] = args[i].len;
    }

    out = NULL;
    rc = redisFormatCommandArgv(&out, (int) n, data, lens);
    if (rc <= 0) {
        return APIGW_ENOMEM;
    }

    *bytes = out;
    *len = (size_t) rc;

    return APIGW_OK;
}


void
apigw_resp_command_free(char *bytes)
{
    if (bytes != NULL) {
        redisFreeCommand(bytes);
    }
}


apigw_resp_reader_t *
apigw_resp_reader_create(apigw_arena_t *arena)
{
    apigw_resp_reader_t  *reader;

    reader = apigw_arena_zalloc(arena, sizeof(apigw_resp_reader_t));
    if (reader == NULL) {
        return NULL;
    }

    if (apigw_resp_reader_reset(reader) != APIGW_OK) {
        return NULL;
    }

    return reader;
}


void
apigw_resp_reader_free(apigw_resp_reader_t *reader)
{
    if (reader->hiredis != NULL) {
        redisReaderFree(reader->hiredis);
        reader->hiredis = NULL;
    }
}


apigw_rc_t
apigw_resp_reader_reset(apigw_resp_reader_t *reader)
{
    apigw_resp_reader_free(reader);

    memset(&reader->guard, 0, sizeof(apigw_resp_guard_t));
    reader->hiredis = redisReaderCreate();

    return reader->hiredis != NULL ? APIGW_OK : APIGW_ENOMEM;
}


apigw_rc_t
apigw_resp_read(apigw_resp_reader_t *reader, const uint8_t *data, size_t len,
    size_t *used, redisReply **reply)
{
    void        *object;
    apigw_rc_t   rc;

    *reply = NULL;
    *used = 0;

    if (reader->hiredis == NULL) {
        return APIGW_ENOMEM;
    }

    rc = apigw_resp_guard_scan(&reader->guard, data, len, used);

    if (rc != APIGW_OK && rc != APIGW_AGAIN) {
        return rc;
    }

    if (*used == 0) {
        return APIGW_AGAIN;
    }

    if (redisReaderFeed(reader->hiredis, (const char *) data, *used)
        != REDIS_OK)
    {
        return APIGW_ENOMEM;
    }

    object = NULL;

    if (redisReaderGetReply(reader->hiredis, &object) != REDIS_OK) {
        return reader->hiredis->err == REDIS_ERR_OOM ? APIGW_ENOMEM
                                                     : APIGW_EINPUT;
    }

    /* hiredis and the guard must agree on where a reply ends */

    if ((object != NULL) != (rc == APIGW_OK)) {
        if (object != NULL) {
            freeReplyObject(object);
        }

        return APIGW_EINPUT;
    }

    *reply = object;

    return rc;
}


apigw_resp_class_e
apigw_resp_classify(const char *text, size_t len)
{
    size_t              i;
    apigw_resp_class_e  class;

    class = apigw_resp_classify_word(text, len);

    if (class != APIGW_RESP_CLASS_OTHER) {
        return class;
    }

    if (apigw_resp_starts(text, len, "ERR ACL failure in script")) {
        return APIGW_RESP_CLASS_NOPERM;
    }

    if (!apigw_resp_starts(text, len, "ERR Error running script")) {
        return APIGW_RESP_CLASS_OTHER;
    }

    for (i = 0; i + 2 < len; i++) {

        if (text[i] != ' ' || text[i + 1] != '-') {
            continue;
        }

        class = apigw_resp_classify_word(text + i + 2, len - i - 2);

        if (class != APIGW_RESP_CLASS_OTHER) {
            return class;
        }
    }

    return APIGW_RESP_CLASS_OTHER;
}


static apigw_resp_class_e
apigw_resp_classify_word(const char *text, size_t len)
{
    size_t       i, n;
    const char  *first;

    for (n = 0; n < len && text[n] != ' '; n++) { /* void */ }

    for (i = 1; i < APIGW_RESP_CLASS_OTHER; i++) {
        first = apigw_resp_classes[i].first;

        if (strlen(first) == n && memcmp(first, text, n) == 0) {
            return (apigw_resp_class_e) i;
        }
    }

    return APIGW_RESP_CLASS_OTHER;
}


static bool
apigw_resp_starts(const char *text, size_t len, const char *start)
{
    size_t  n = strlen(start);

    return len >= n && memcmp(text, start, n) == 0;
}


apigw_resp_class_e
apigw_resp_reply_class(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR) {
        return APIGW_RESP_CLASS_NONE;
    }

    return apigw_resp_classify(reply->str, (size_t) reply->len);
}


apigw_resp_action_e
apigw_resp_class_action(apigw_resp_class_e class)
{
    return apigw_resp_classes[class].action;
}


const char *
apigw_resp_class_word(apigw_resp_class_e class)
{
    return apigw_resp_classes[class].word;
}


apigw_rc_t
apigw_resp_integers(const redisReply *reply, int64_t *values, size_t n)
{
    size_t  i;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != n) {
        return APIGW_EINPUT;
    }

    for (i = 0; i < n; i++) {
        if (reply->element[i]->type != REDIS_REPLY_INTEGER) {
            return APIGW_EINPUT;
        }
    }

    for (i = 0; i < n; i++) {
        values[i] = reply->element[i]->integer;
    }

    return APIGW_OK;
}


bool
apigw_resp_reply_is(const redisReply *reply, const char *text)
{
    size_t  len;

    if (reply->type != REDIS_REPLY_STATUS && reply->type != REDIS_REPLY_STRING)
    {
        return false;
    }

    len = strlen(text);

    return (size_t) reply->len == len && memcmp(reply->str, text, len) == 0;
}
