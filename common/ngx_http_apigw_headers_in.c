
#include "ngx_http_apigw_headers_in.h"
#include "ngx_http_apigw_headers_known.h"
#include "ngx_http_apigw_compat.h"


/*
 * What an edit does with a line: NGX_OK, it stays, or *h, changed by the
 * callback, takes its place; NGX_DECLINED, it goes; NGX_ERROR.
 */
typedef ngx_int_t (*ngx_http_apigw_headers_in_edit_pt)(ngx_http_request_t *r,
    ngx_table_elt_t **h, void *data);


typedef struct {
    ngx_http_apigw_header_match_pt   match;
    void                            *data;
} ngx_http_apigw_headers_in_drop_t;


typedef struct {
    ngx_str_t                       *from;
    ngx_str_t                       *to;
} ngx_http_apigw_headers_in_rename_t;


static ngx_int_t ngx_http_apigw_headers_in_take(ngx_http_request_t *r,
    ngx_http_apigw_header_match_pt match, void *data, ngx_array_t *touched);
static ngx_int_t ngx_http_apigw_headers_in_edit(ngx_http_request_t *r,
    ngx_http_apigw_headers_in_edit_pt edit, void *data, ngx_array_t *touched);
static ngx_int_t ngx_http_apigw_headers_in_edit_part(ngx_http_request_t *r,
    ngx_list_part_t *part, ngx_http_apigw_headers_in_edit_pt edit, void *data,
    ngx_list_t *list, ngx_array_t *touched);
static ngx_int_t ngx_http_apigw_headers_in_run(ngx_list_t *list,
    ngx_table_elt_t *h, ngx_uint_t n);
static ngx_int_t ngx_http_apigw_headers_in_install(ngx_http_request_t *r,
    ngx_list_t *list);
static ngx_table_elt_t *ngx_http_apigw_headers_in_element(
    ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_http_apigw_headers_in_drop(ngx_http_request_t *r,
    ngx_table_elt_t **h, void *data);
static ngx_int_t ngx_http_apigw_headers_in_become(ngx_http_request_t *r,
    ngx_table_elt_t **h, void *data);
static ngx_int_t ngx_http_apigw_headers_in_unlist(ngx_http_request_t *r,
    ngx_table_elt_t **h, void *data);
static u_char *ngx_http_apigw_headers_in_option(u_char *p, u_char *last,
    ngx_str_t *option);


ngx_table_elt_t *
ngx_http_apigw_headers_in_find(ngx_http_request_t *r,
    ngx_http_apigw_header_match_pt match, void *data)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (match(&h[i], data)) {
                return &h[i];
            }
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_apigw_headers_in_remove(ngx_http_request_t *r,
    ngx_http_apigw_header_match_pt match, void *data)
{
    ngx_array_t  touched;

    if (ngx_http_apigw_headers_in_take(r, match, data, &touched) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_headers_known_mend(r, &touched);
}


ngx_int_t
ngx_http_apigw_headers_in_hide(ngx_http_request_t *r,
    ngx_http_apigw_header_match_pt match, void *data)
{
    ngx_array_t  touched;

    if (ngx_http_apigw_headers_in_take(r, match, data, &touched) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_apigw_headers_known_forget(r, &touched);

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_headers_in_take(ngx_http_request_t *r,
    ngx_http_apigw_header_match_pt match, void *data, ngx_array_t *touched)
{
    ngx_http_apigw_headers_in_drop_t  drop;

    if (ngx_http_apigw_headers_in_find(r, match, data) == NULL) {
        ngx_memzero(touched, sizeof(ngx_array_t));
        return NGX_OK;
    }

    drop.match = match;
    drop.data = data;

    return ngx_http_apigw_headers_in_edit(r, ngx_http_apigw_headers_in_drop,
                                          &drop, touched);
}


ngx_int_t
ngx_http_apigw_headers_in_append(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_array_t       touched;
    ngx_table_elt_t  *h, *added;

    /* a subrequest's list ends in a part of its parent's until it is rebuilt */

    if (ngx_http_apigw_headers_in_edit(r, NULL, NULL, &touched) != NGX_OK) {
        return NGX_ERROR;
    }

    h = ngx_http_apigw_headers_in_element(r, name, value);
    if (h == NULL) {
        return NGX_ERROR;
    }

    added = ngx_http_apigw_header_push(&r->headers_in.headers);
    if (added == NULL) {
        return NGX_ERROR;
    }

    *added = *h;

    if (ngx_http_apigw_headers_known_touch(&touched, added) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_headers_known_mend(r, &touched);
}


ngx_int_t
ngx_http_apigw_headers_in_set(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    if (ngx_http_apigw_headers_in_remove(r, ngx_http_apigw_header_match_is,
                                         name)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (value->len == 0) {
        return NGX_OK;
    }

    return ngx_http_apigw_headers_in_append(r, name, value);
}


ngx_int_t
ngx_http_apigw_headers_in_rename(ngx_http_request_t *r, ngx_str_t *from,
    ngx_str_t *to)
{
    ngx_array_t                         touched;
    ngx_http_apigw_headers_in_rename_t  rename;

    if (ngx_http_apigw_headers_in_find(r, ngx_http_apigw_header_match_is, from)
        == NULL)
    {
        return NGX_OK;
    }

    rename.from = from;
    rename.to = to;

    if (ngx_http_apigw_headers_in_edit(r, ngx_http_apigw_headers_in_become,
                                       &rename, &touched)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_apigw_headers_known_mend(r, &touched);
}


ngx_int_t
ngx_http_apigw_headers_in_connection_drop(ngx_http_request_t *r,
    ngx_str_t *name)
{
    ngx_array_t       touched;
    static ngx_str_t  connection = ngx_string("Connection");

    if (ngx_http_apigw_headers_in_find(r, ngx_http_apigw_header_match_is,
                                       &connection)
        == NULL)
    {
        return NGX_OK;
    }

    if (ngx_http_apigw_headers_in_edit(r, ngx_http_apigw_headers_in_unlist,
                                       name, &touched)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_apigw_headers_known_mend(r, &touched);
}


/*
 * Makes the list anew; no `edit`, no change. `touched`, made here, gets the
 * lines that went and those that came: their names are to be mended.
 */

static ngx_int_t
ngx_http_apigw_headers_in_edit(ngx_http_request_t *r,
    ngx_http_apigw_headers_in_edit_pt edit, void *data, ngx_array_t *touched)
{
    ngx_list_t        list;
    ngx_list_part_t  *part;

    if (ngx_array_init(touched, r->pool, 2, sizeof(ngx_table_elt_t *))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&list, sizeof(ngx_list_t));

    list.last = &list.part;
    list.size = sizeof(ngx_table_elt_t);
    list.pool = r->pool;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        if (ngx_http_apigw_headers_in_edit_part(r, part, edit, data, &list,
                                                touched)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_apigw_headers_in_install(r, &list);
}


static ngx_int_t
ngx_http_apigw_headers_in_edit_part(ngx_http_request_t *r,
    ngx_list_part_t *part, ngx_http_apigw_headers_in_edit_pt edit, void *data,
    ngx_list_t *list, ngx_array_t *touched)
{
    ngx_int_t         rc;
    ngx_uint_t        i, start;
    ngx_table_elt_t  *h, *line;

    h = part->elts;
    start = 0;

    for (i = 0; i < part->nelts; i++) {
        line = &h[i];

        rc = edit ? edit(r, &line, data) : NGX_OK;

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK && line == &h[i]) {
            continue;
        }

        if (ngx_http_apigw_headers_in_run(list, &h[start], i - start) != NGX_OK
            || ngx_http_apigw_headers_known_touch(touched, &h[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }

        start = i + 1;

        if (rc == NGX_OK
            && (ngx_http_apigw_headers_in_run(list, line, 1) != NGX_OK
                || ngx_http_apigw_headers_known_touch(touched, line) != NGX_OK))
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_apigw_headers_in_run(list, &h[start], i - start);
}


/* Makes a part of `n` elements that stay where they are. */

static ngx_int_t
ngx_http_apigw_headers_in_run(ngx_list_t *list, ngx_table_elt_t *h,
    ngx_uint_t n)
{
    ngx_list_part_t  *part;

    if (n == 0) {
        return NGX_OK;              /* nginx trusts parts but the first */
    }

    part = list->last;

    if (part->nelts) {
        part = ngx_palloc(list->pool, sizeof(ngx_list_part_t));
        if (part == NULL) {
            return NGX_ERROR;
        }

        list->last->next = part;
        list->last = part;
    }

    part->elts = h;
    part->nelts = n;
    part->next = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_headers_in_install(ngx_http_request_t *r, ngx_list_t *list)
{
    if (list->part.nelts == 0) {
        return ngx_list_init(&r->headers_in.headers, r->pool, 4,
                             sizeof(ngx_table_elt_t));
    }

    /* the last part is full: what lies behind its elements is not free */

    list->nalloc = list->last->nelts;

    r->headers_in.headers = *list;

    if (list->last == &list->part) {
        r->headers_in.headers.last = &r->headers_in.headers.part;
    }

    return NGX_OK;
}


static ngx_table_elt_t *
ngx_http_apigw_headers_in_element(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_pcalloc(r->pool, sizeof(ngx_table_elt_t));
    if (h == NULL) {
        return NULL;
    }

    h->lowcase_key = ngx_pnalloc(r->pool, name->len);
    if (h->lowcase_key == NULL) {
        return NULL;
    }

    h->key = *name;
    h->value = *value;
    h->hash = ngx_hash_strlow(h->lowcase_key, name->data, name->len);

    return h;
}


static ngx_int_t
ngx_http_apigw_headers_in_drop(ngx_http_request_t *r, ngx_table_elt_t **h,
    void *data)
{
    ngx_http_apigw_headers_in_drop_t *drop = data;

    return drop->match(*h, drop->data) ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
ngx_http_apigw_headers_in_become(ngx_http_request_t *r, ngx_table_elt_t **h,
    void *data)
{
    ngx_http_apigw_headers_in_rename_t *rename = data;

    if (ngx_http_apigw_header_name_is(&(*h)->key, rename->from)) {
        *h = ngx_http_apigw_headers_in_element(r, rename->to, &(*h)->value);
        return *h ? NGX_OK : NGX_ERROR;
    }

    if (ngx_http_apigw_header_name_is(&(*h)->key, rename->to)) {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* Makes a Connection line anew without the options named like `data`. */

static ngx_int_t
ngx_http_apigw_headers_in_unlist(ngx_http_request_t *r, ngx_table_elt_t **h,
    void *data)
{
    u_char            *p, *last, *out;
    ngx_str_t          option, value;
    ngx_uint_t         found;
    static ngx_str_t   connection = ngx_string("Connection");

    if (!ngx_http_apigw_header_name_is(&(*h)->key, &connection)) {
        return NGX_OK;
    }

    /* ", " may take one byte more than the "," that it stands for */

    value.data = ngx_pnalloc(r->pool, 2 * (*h)->value.len + 1);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    found = 0;
    out = value.data;
    p = (*h)->value.data;
    last = p + (*h)->value.len;

    while (p < last) {
        p = ngx_http_apigw_headers_in_option(p, last, &option);

        if (ngx_http_apigw_header_name_like(&option, data)) {
            found = 1;
            continue;
        }

        if (option.len && out != value.data) {
            *out++ = ',';
            *out++ = ' ';
        }

        out = ngx_cpymem(out, option.data, option.len);
    }

    if (!found) {
        return NGX_OK;
    }

    value.len = out - value.data;

    if (value.len == 0) {
        return NGX_DECLINED;
    }

    *h = ngx_http_apigw_headers_in_element(r, &(*h)->key, &value);

    return *h ? NGX_OK : NGX_ERROR;
}


/* Takes one element of a comma-separated list; it may be empty. */

static u_char *
ngx_http_apigw_headers_in_option(u_char *p, u_char *last, ngx_str_t *option)
{
    u_char  *end, *next;

    end = ngx_strlchr(p, last, ',');

    if (end == NULL) {
        end = last;
    }

    next = end == last ? last : end + 1;

    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    while (p < end && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }

    option->data = p;
    option->len = end - p;

    return next;
}
