
#include "apigw_http_reader.h"


#define APIGW_HTTP_LINE_MIN   512
#define APIGW_HTTP_CHUNK_MAX  128     /* bytes of a chunk's size line */
#define APIGW_HTTP_BODY_MIN   4096


static apigw_rc_t apigw_http_step(apigw_http_t *http, const uint8_t **data,
    const uint8_t *end);
static apigw_rc_t apigw_http_line(apigw_http_t *http, const uint8_t **data,
    const uint8_t *end);
static apigw_rc_t apigw_http_line_add(apigw_http_t *http, uint8_t ch);
static size_t apigw_http_line_max(apigw_http_t *http, const char **word);
static apigw_rc_t apigw_http_line_done(apigw_http_t *http);
static apigw_rc_t apigw_http_body(apigw_http_t *http, const uint8_t **data,
    const uint8_t *end);
static apigw_rc_t apigw_http_body_room(apigw_http_t *http, size_t len);


apigw_http_t *
apigw_http_create(apigw_arena_t *arena, bool head, size_t max_body)
{
    apigw_http_t  *http;

    http = apigw_arena_zalloc(arena, sizeof(apigw_http_t));
    if (http == NULL) {
        return NULL;
    }

    http->arena = *arena;
    http->head = head;
    http->max_body = max_body;

    return http;
}


apigw_rc_t
apigw_http_read(apigw_http_t *http, const uint8_t *data, size_t len,
    apigw_error_t *error)
{
    apigw_rc_t      rc;
    const uint8_t  *end = data + len;

    rc = APIGW_OK;

    while (data < end && rc == APIGW_OK && http->state < APIGW_HTTP_DONE) {
        rc = apigw_http_step(http, &data, end);
    }

    if (http->state == APIGW_HTTP_FAILED) {
        *error = http->error;
        return http->rc;
    }

    if (http->state != APIGW_HTTP_DONE) {
        return APIGW_AGAIN;
    }

    if (data < end) {
        http->close = true;
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_http_step(apigw_http_t *http, const uint8_t **data, const uint8_t *end)
{
    apigw_rc_t  rc;

    switch (http->state) {

    case APIGW_HTTP_LENGTH:
    case APIGW_HTTP_CHUNK_DATA:
    case APIGW_HTTP_CLOSE:
        return apigw_http_body(http, data, end);

    default:
        rc = apigw_http_line(http, data, end);

        return rc == APIGW_OK ? apigw_http_line_done(http) : rc;
    }
}


/* APIGW_OK: a line is whole, without its CR LF. */

static apigw_rc_t
apigw_http_line(apigw_http_t *http, const uint8_t **data, const uint8_t *end)
{
    uint8_t     ch;
    apigw_rc_t  rc;

    while (*data < end) {
        ch = *(*data)++;
        http->offset++;

        if (http->state != APIGW_HTTP_CHUNK_SIZE
            && http->state != APIGW_HTTP_CHUNK_END
            && ++http->heads > APIGW_HTTP_HEAD_MAX)
        {
            return apigw_http_fail(http, APIGW_ELIMIT, "too large a head");
        }

        if (http->cr) {
            if (ch != '\n') {
                return apigw_http_fail(http, APIGW_EINPUT,
                                       "a CR without LF");
            }

            http->cr = false;
            return APIGW_OK;
        }

        if (ch == '\r') {
            http->cr = true;
            continue;
        }

        rc = apigw_http_line_add(http, ch);

        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return APIGW_AGAIN;
}


static apigw_rc_t
apigw_http_line_add(apigw_http_t *http, uint8_t ch)
{
    size_t       max, size;
    uint8_t     *line;
    const char  *word;

    if ((ch < 0x20 && ch != '\t') || ch == 0x7f) {
        return apigw_http_fail(http, APIGW_EINPUT,
                               ch == '\n' ? "an LF without CR"
                                          : "a control byte in the head");
    }

    max = apigw_http_line_max(http, &word);

    if (http->line_len == max) {
        return apigw_http_fail(http, APIGW_EINPUT, word);
    }

    if (http->line_len == http->line_size) {
        size = http->line_size ? http->line_size * 2 : APIGW_HTTP_LINE_MIN;

        line = apigw_arena_alloc(&http->arena, size);
        if (line == NULL) {
            return apigw_http_fail(http, APIGW_ENOMEM, "no memory");
        }

        if (http->line_len) {
            memcpy(line, http->line, http->line_len);
        }

        http->line = line;
        http->line_size = size;
    }

    http->line[http->line_len++] = ch;

    return APIGW_OK;
}


static size_t
apigw_http_line_max(apigw_http_t *http, const char **word)
{
    switch (http->state) {

    case APIGW_HTTP_CHUNK_SIZE:
        *word = "too long a chunk size line";
        return APIGW_HTTP_CHUNK_MAX;

    case APIGW_HTTP_CHUNK_END:
        *word = "a chunk longer than its size";
        return 0;

    default:
        *word = "too large a head";
        return APIGW_HTTP_HEAD_MAX;
    }
}


static apigw_rc_t
apigw_http_line_done(apigw_http_t *http)
{
    apigw_rc_t  rc;

    switch (http->state) {

    case APIGW_HTTP_STATUS:
        rc = apigw_http_status(http);
        break;

    case APIGW_HTTP_FIELD:
        rc = http->line_len ? apigw_http_field(http)
                            : apigw_http_head_done(http);
        break;

    case APIGW_HTTP_CHUNK_SIZE:
        rc = apigw_http_chunk_size(http);
        break;

    case APIGW_HTTP_CHUNK_END:
        http->state = APIGW_HTTP_CHUNK_SIZE;
        rc = APIGW_OK;
        break;

    default: /* APIGW_HTTP_TRAILER */

        if (http->line_len) {
            rc = apigw_http_field(http);
            break;
        }

        http->state = APIGW_HTTP_DONE;
        rc = APIGW_OK;
    }

    http->line_len = 0;

    return rc;
}


static apigw_rc_t
apigw_http_body(apigw_http_t *http, const uint8_t **data, const uint8_t *end)
{
    size_t      n;
    bool        over;
    apigw_rc_t  rc;

    n = (size_t) (end - *data);
    over = false;

    if (http->state == APIGW_HTTP_CLOSE) {

        if (n > http->max_body - http->body_len) {
            n = http->max_body - http->body_len;
            over = true;
        }

    } else if (n > http->left) {
        n = (size_t) http->left;
    }

    if (n) {
        rc = apigw_http_body_room(http, n);
        if (rc != APIGW_OK) {
            return rc;
        }

        memcpy(http->body + http->body_len, *data, n);
    }

    http->body_len += n;
    http->offset += n;
    *data += n;

    if (over) {
        return apigw_http_fail(http, APIGW_ELIMIT, "too large a body");
    }

    if (http->state == APIGW_HTTP_CLOSE) {
        return APIGW_OK;
    }

    http->left -= n;

    if (http->left == 0) {
        http->state = http->state == APIGW_HTTP_LENGTH ? APIGW_HTTP_DONE
                                                       : APIGW_HTTP_CHUNK_END;
    }

    return APIGW_OK;
}


/* A declared length takes no memory before its bytes are there. */

static apigw_rc_t
apigw_http_body_room(apigw_http_t *http, size_t len)
{
    size_t    size;
    uint8_t  *body;

    if (len <= http->body_size - http->body_len) {
        return APIGW_OK;
    }

    size = http->body_size ? http->body_size : APIGW_HTTP_BODY_MIN;

    while (size - http->body_len < len && size <= SIZE_MAX / 2) {
        size *= 2;
    }

    if (size - http->body_len < len || size > http->max_body) {
        size = http->max_body;
    }

    body = apigw_arena_alloc(&http->arena, size);
    if (body == NULL) {
        return apigw_http_fail(http, APIGW_ENOMEM, "no memory");
    }

    if (http->body_len) {
        memcpy(body, http->body, http->body_len);
    }

    http->body = body;
    http->body_size = size;

    return APIGW_OK;
}


apigw_rc_t
apigw_http_close(apigw_http_t *http, apigw_error_t *error)
{
    switch (http->state) {

    case APIGW_HTTP_DONE:
        http->close = true;
        return APIGW_OK;

    case APIGW_HTTP_CLOSE:
        http->state = APIGW_HTTP_DONE;
        return APIGW_OK;

    case APIGW_HTTP_FAILED:
        break;

    case APIGW_HTTP_STATUS:
    case APIGW_HTTP_FIELD:
        (void) apigw_http_fail(http, APIGW_EINPUT,
                               http->offset ? "an end within the head"
                                            : "nothing, and closed");
        break;

    default:
        (void) apigw_http_fail(http, APIGW_EINPUT, "an end within the body");
    }

    *error = http->error;

    return http->rc;
}


bool
apigw_http_in_body(const apigw_http_t *http)
{
    return http->state > APIGW_HTTP_FIELD && http->state < APIGW_HTTP_FAILED;
}


void
apigw_http_answer(const apigw_http_t *http, apigw_http_answer_t *answer)
{
    answer->status = http->status;
    answer->content_type = http->type;
    answer->body.data = http->body;
    answer->body.len = http->body_len;
    answer->keep = !http->close;
}


apigw_rc_t
apigw_http_fail(apigw_http_t *http, apigw_rc_t rc, const char *word)
{
    http->state = APIGW_HTTP_FAILED;
    http->rc = rc;
    http->error.word = word;
    http->error.offset = http->offset;

    return rc;
}
