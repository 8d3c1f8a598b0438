
#include "ngx_http_apigw_redis_node.h"
#include "ngx_http_apigw_arena.h"


static ngx_int_t ngx_http_apigw_redis_hello_add(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes, ngx_str_t *args,
    ngx_uint_t n, ngx_http_apigw_redis_step_e kind,
    const ngx_http_apigw_redis_script_t *script);
static ngx_int_t ngx_http_apigw_redis_hello_auth(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes);
static ngx_int_t ngx_http_apigw_redis_hello_select(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes);
static ngx_int_t ngx_http_apigw_redis_hello_setname(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes);
static size_t ngx_http_apigw_redis_hello_size(ngx_http_apigw_redis_t *store);
static ngx_int_t ngx_http_apigw_redis_hello_role(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes);
static ngx_int_t ngx_http_apigw_redis_hello_load(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes);
static ngx_uint_t ngx_http_apigw_redis_hello_good(
    const ngx_http_apigw_redis_step_t *step, const redisReply *reply);


static const char  *ngx_http_apigw_redis_step_names[] = {
    "AUTH", "SELECT", "CLIENT SETNAME", "ROLE", "SCRIPT LOAD"
};


ngx_int_t
ngx_http_apigw_redis_hello(ngx_http_apigw_redis_node_t *node)
{
    ngx_array_t  bytes;

    node->steps = ngx_palloc(node->pool,
                             (NGX_HTTP_APIGW_REDIS_LOAD
                              + node->store->scripts.nelts)
                             * sizeof(ngx_http_apigw_redis_step_t));
    if (node->steps == NULL) {
        return NGX_ERROR;
    }

    if (ngx_array_init(&bytes, node->pool,
                       ngx_http_apigw_redis_hello_size(node->store), 1)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_apigw_redis_hello_auth(node, &bytes) != NGX_OK
        || ngx_http_apigw_redis_hello_select(node, &bytes) != NGX_OK
        || ngx_http_apigw_redis_hello_setname(node, &bytes) != NGX_OK
        || ngx_http_apigw_redis_hello_role(node, &bytes) != NGX_OK
        || ngx_http_apigw_redis_hello_load(node, &bytes) != NGX_OK)
    {
        return NGX_ERROR;
    }

    node->hello.data = bytes.elts;
    node->hello.len = bytes.nelts;

    return NGX_OK;
}


/* Ample: an array that grows leaves the password behind, unwiped. */

static size_t
ngx_http_apigw_redis_hello_size(ngx_http_apigw_redis_t *store)
{
    size_t                           size;
    ngx_uint_t                       i;
    ngx_http_apigw_redis_script_t  **scripts;

    size = 1024 + store->username.len + store->password.len
           + store->sentinel_password.len;

    scripts = store->scripts.elts;

    for (i = 0; i < store->scripts.nelts; i++) {
        size += scripts[i]->source.len + 64;
    }

    return size;
}


static ngx_int_t
ngx_http_apigw_redis_hello_auth(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes)
{
    ngx_str_t                args[3], *password;
    ngx_uint_t               n, asker;
    ngx_http_apigw_redis_t  *store;

    store = node->store;
    asker = node->role == NGX_HTTP_APIGW_REDIS_ASKER;
    password = asker ? &store->sentinel_password : &store->password;

    if (password->len == 0) {
        return NGX_OK;
    }

    n = 0;
    ngx_str_set(&args[n], "AUTH");
    n++;

    if (store->username.len && !asker) {
        args[n++] = store->username;
    }

    args[n++] = *password;

    return ngx_http_apigw_redis_hello_add(node, bytes, args, n,
                                          NGX_HTTP_APIGW_REDIS_AUTH, NULL);
}


static ngx_int_t
ngx_http_apigw_redis_hello_select(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes)
{
    u_char     database[NGX_INT_T_LEN];
    ngx_str_t  args[2];

    if (node->store->database == 0
        || node->role == NGX_HTTP_APIGW_REDIS_ASKER)
    {
        return NGX_OK;
    }

    ngx_str_set(&args[0], "SELECT");
    args[1].data = database;
    args[1].len = ngx_sprintf(database, "%i", node->store->database) - database;

    return ngx_http_apigw_redis_hello_add(node, bytes, args, 2,
                                          NGX_HTTP_APIGW_REDIS_SELECT, NULL);
}


/* A name in CLIENT LIST, such as "apigw_ratelimit:main". */

static ngx_int_t
ngx_http_apigw_redis_hello_setname(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes)
{
    ngx_str_t                args[3];
    ngx_http_apigw_redis_t  *store;

    store = node->store;

    ngx_str_set(&args[0], "CLIENT");
    ngx_str_set(&args[1], "SETNAME");

    args[2].len = sizeof("apigw_:") - 1 + store->owner->module.len
                  + store->name.len;
    args[2].data = ngx_pnalloc(node->pool, args[2].len);
    if (args[2].data == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(args[2].data, "apigw_%V:%V", &store->owner->module,
                &store->name);

    return ngx_http_apigw_redis_hello_add(node, bytes, args, 3,
                                          NGX_HTTP_APIGW_REDIS_SETNAME, NULL);
}


/* A Sentinel may not know yet that its master has become a replica. */

static ngx_int_t
ngx_http_apigw_redis_hello_role(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes)
{
    ngx_str_t  role;

    if (node->role != NGX_HTTP_APIGW_REDIS_MASTER) {
        return NGX_OK;
    }

    ngx_str_set(&role, "ROLE");

    return ngx_http_apigw_redis_hello_add(node, bytes, &role, 1,
                                          NGX_HTTP_APIGW_REDIS_ROLE, NULL);
}


static ngx_int_t
ngx_http_apigw_redis_hello_load(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes)
{
    ngx_str_t                        args[3];
    ngx_uint_t                       i;
    ngx_http_apigw_redis_script_t  **scripts;

    if (node->role == NGX_HTTP_APIGW_REDIS_ASKER) {
        return NGX_OK;
    }

    ngx_str_set(&args[0], "SCRIPT");
    ngx_str_set(&args[1], "LOAD");

    scripts = node->store->scripts.elts;

    for (i = 0; i < node->store->scripts.nelts; i++) {
        args[2] = scripts[i]->source;

        if (ngx_http_apigw_redis_hello_add(node, bytes, args, 3,
                                           NGX_HTTP_APIGW_REDIS_LOAD,
                                           scripts[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_redis_hello_add(
    ngx_http_apigw_redis_node_t *node, ngx_array_t *bytes, ngx_str_t *args,
    ngx_uint_t n, ngx_http_apigw_redis_step_e kind,
    const ngx_http_apigw_redis_script_t *script)
{
    char                         *formatted;
    size_t                        len;
    u_char                       *p;
    ngx_uint_t                    i;
    apigw_str_t                   strs[3];
    ngx_http_apigw_redis_step_t  *step;

    for (i = 0; i < n; i++) {
        strs[i] = ngx_http_apigw_str(&args[i]);
    }

    if (apigw_resp_command(strs, n, &formatted, &len) != APIGW_OK) {
        ngx_log_error(NGX_LOG_EMERG, node->log, 0,
                      "apigw_%V: redis \"%V\": cannot format \"%s\"",
                      &node->store->owner->module, &node->store->name,
                      ngx_http_apigw_redis_step_names[kind]);
        return NGX_ERROR;
    }

    p = ngx_array_push_n(bytes, len);

    if (p) {
        ngx_memcpy(p, formatted, len);
    }

    ngx_explicit_memzero(formatted, len);
    apigw_resp_command_free(formatted);

    if (p == NULL) {
        return NGX_ERROR;
    }

    step = &node->steps[node->nsteps++];
    step->kind = kind;
    step->script = script;

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_redis_hello_reply(ngx_http_apigw_redis_node_t *node,
    const redisReply *reply)
{
    u_char                              buf[128];
    ngx_str_t                           text;
    ngx_uint_t                          fatal;
    apigw_resp_class_e                  class;
    apigw_resp_action_e                 action;
    const ngx_http_apigw_redis_step_t  *step;

    if (node->out_pos != node->out_last) {
        ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                      "server sent a reply to no command");
        return NGX_ERROR;
    }

    step = &node->steps[node->step++];

    if (!ngx_http_apigw_redis_hello_good(step, reply)) {
        class = apigw_resp_reply_class(reply);
        action = apigw_resp_class_action(class);

        /* a nameless connection works; scripts can be sent with each call */

        fatal = step->kind == NGX_HTTP_APIGW_REDIS_AUTH
                || step->kind == NGX_HTTP_APIGW_REDIS_SELECT
                || step->kind == NGX_HTTP_APIGW_REDIS_ROLE
                || class == APIGW_RESP_CLASS_NONE
                || class == APIGW_RESP_CLASS_NOAUTH
                || action == APIGW_RESP_UNREADY;

        text = ngx_http_apigw_redis_printable(reply, buf, sizeof(buf));

        if (step->kind == NGX_HTTP_APIGW_REDIS_ROLE
            && class == APIGW_RESP_CLASS_NONE)
        {
            ngx_str_set(&text, "not a master");
        }

        ngx_http_apigw_redis_node_log(node,
                                 fatal ? NGX_LOG_ERR : NGX_LOG_WARN, 0,
                                 "server refused %s: \"%V\"",
                                 ngx_http_apigw_redis_step_names[step->kind],
                                 &text);

        if (fatal) {
            return NGX_ERROR;
        }
    }

    return node->step == node->nsteps ? NGX_OK : NGX_AGAIN;
}


static ngx_uint_t
ngx_http_apigw_redis_hello_good(const ngx_http_apigw_redis_step_t *step,
    const redisReply *reply)
{
    const ngx_str_t  *sha;

    if (step->kind == NGX_HTTP_APIGW_REDIS_ROLE) {
        return apigw_resp_is_master(reply);
    }

    if (step->kind != NGX_HTTP_APIGW_REDIS_LOAD) {
        return apigw_resp_reply_is(reply, "OK");
    }

    sha = &step->script->sha;

    return reply->type == REDIS_REPLY_STRING
           && (size_t) reply->len == sha->len
           && ngx_memcmp(reply->str, sha->data, sha->len) == 0;
}
