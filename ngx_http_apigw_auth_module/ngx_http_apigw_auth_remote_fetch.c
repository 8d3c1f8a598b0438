
/* One look at a provider: its metadata if it must be, then its keys. */


#include "ngx_http_apigw_auth.h"


static const char *ngx_http_apigw_auth_remote_begin(
    ngx_http_apigw_auth_remote_t *remote);
static const char *ngx_http_apigw_auth_remote_discover(
    ngx_http_apigw_auth_remote_t *remote, apigw_discovery_e form);
static const char *ngx_http_apigw_auth_remote_get(
    ngx_http_apigw_auth_remote_t *remote, apigw_str_t url, const char *accept);
static void ngx_http_apigw_auth_remote_handler(ngx_http_apigw_fetch_t *fetch);
static const char *ngx_http_apigw_auth_remote_answer(
    ngx_http_apigw_auth_remote_t *remote);
static const char *ngx_http_apigw_auth_remote_metadata(
    ngx_http_apigw_auth_remote_t *remote);
static const char *ngx_http_apigw_auth_remote_retry(
    ngx_http_apigw_auth_remote_t *remote, const char *fault);
static const char *ngx_http_apigw_auth_remote_publish(
    ngx_http_apigw_auth_remote_t *remote);
static void ngx_http_apigw_auth_remote_end(
    ngx_http_apigw_auth_remote_t *remote, const char *fault);
static void ngx_http_apigw_auth_remote_clear(
    ngx_http_apigw_auth_remote_t *remote);


static const char  ngx_http_apigw_auth_no_memory[] = "memory is out";


void
ngx_http_apigw_auth_remote_fetch(ngx_http_apigw_auth_remote_t *remote)
{
    const char  *fault;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, remote->timer.log, 0,
                   "apigw_auth: fetching keys of \"%V\"",
                   &remote->provider->name);

    remote->deadline = ngx_current_msec + remote->provider->remote.timeout;

    fault = ngx_http_apigw_auth_remote_begin(remote);

    if (fault == NULL) {
        return;
    }

    /* not within the call: who asked has yet to join those that wait */

    ngx_log_error(NGX_LOG_ERR, remote->timer.log, 0,
                  "apigw_auth: apigw_jwt_provider \"%V\": keys of \"%V\" could "
                  "not be asked for, %s", &remote->provider->name,
                  &remote->jwks->source, fault);

    ngx_http_apigw_auth_remote_clear(remote);
    ngx_http_apigw_auth_slot_failed(remote);

    ngx_add_timer(&remote->timer, 1);
}


static const char *
ngx_http_apigw_auth_remote_begin(ngx_http_apigw_auth_remote_t *remote)
{
    ngx_int_t   rc;
    ngx_str_t   uri;

    remote->pool = ngx_create_pool(4096, remote->timer.log);
    if (remote->pool == NULL) {
        return ngx_http_apigw_auth_no_memory;
    }

    if (!remote->provider->remote.discovery) {
        remote->doing = NGX_HTTP_APIGW_AUTH_REMOTE_KEYS;

        return ngx_http_apigw_auth_remote_get(remote,
                                  ngx_http_apigw_str(&remote->jwks->source),
                                  "application/jwk-set+json, application/json");
    }

    rc = ngx_http_apigw_auth_slot_uri(remote, remote->pool, &uri);

    switch (rc) {

    case NGX_OK:
        remote->doing = NGX_HTTP_APIGW_AUTH_REMOTE_KEYS;

        return ngx_http_apigw_auth_remote_get(remote, ngx_http_apigw_str(&uri),
                                  "application/jwk-set+json, application/json");

    case NGX_DECLINED:
        remote->doing = NGX_HTTP_APIGW_AUTH_REMOTE_DISCOVER;

        return ngx_http_apigw_auth_remote_discover(remote,
                                                   APIGW_DISCOVERY_OPENID);

    default:
        return ngx_http_apigw_auth_no_memory;
    }
}


static const char *
ngx_http_apigw_auth_remote_discover(ngx_http_apigw_auth_remote_t *remote,
    apigw_discovery_e form)
{
    apigw_str_t    url;
    apigw_arena_t  arena;

    ngx_http_apigw_arena_init(&arena, remote->pool);

    if (apigw_discovery_url(&url, &arena, remote->provider->claims.issuer,
                            form)
        != APIGW_OK)
    {
        return ngx_http_apigw_auth_no_memory;
    }

    return ngx_http_apigw_auth_remote_get(remote, url, "application/json");
}


/* NULL, or why nothing was sent. */

static const char *
ngx_http_apigw_auth_remote_get(ngx_http_apigw_auth_remote_t *remote,
    apigw_str_t url, const char *accept)
{
    ngx_msec_int_t                      left;
    apigw_error_t                       err;
    ngx_http_apigw_fetch_t             *fetch;
    ngx_http_apigw_auth_remote_conf_t  *conf;

    conf = &remote->provider->remote;

    left = (ngx_msec_int_t) (remote->deadline - ngx_current_msec);

    if (left <= 0) {
        return "it took too long";
    }

    if (remote->fetch) {
        ngx_http_apigw_fetch_free(remote->fetch);
    }

    fetch = ngx_http_apigw_fetch_create(conf->client, remote->timer.log);

    remote->fetch = fetch;

    if (fetch == NULL) {
        return ngx_http_apigw_auth_no_memory;
    }

    if (apigw_url_parse(url, &fetch->url, &err) != APIGW_OK) {
        return "the URL is not valid";
    }

    if (ngx_http_apigw_fetch_client_refuses(conf->client, &fetch->url)) {
        return "the URL is plain http to another machine";
    }

    fetch->accept.data = (u_char *) accept;
    fetch->accept.len = ngx_strlen(accept);
    fetch->max_body = conf->max_size;
    fetch->timeout = left;
    fetch->handler = ngx_http_apigw_auth_remote_handler;
    fetch->data = remote;
    fetch->background = (remote->waiters.n == 0);

    if (ngx_http_apigw_fetch_start(fetch) != NGX_OK) {
        return ngx_http_apigw_auth_no_memory;
    }

    remote->asked = 1;

    return NULL;
}


static void
ngx_http_apigw_auth_remote_handler(ngx_http_apigw_fetch_t *fetch)
{
    const char                    *fault;
    ngx_http_apigw_auth_remote_t  *remote;

    remote = fetch->data;

    if (fetch->rc != NGX_OK && fetch->background && ngx_exiting) {
        ngx_http_apigw_auth_remote_drop(remote);
        return;                          /* another worker may have it */
    }

    remote->asked = 0;
    remote->about = "";

    fault = (fetch->rc == NGX_OK) ? ngx_http_apigw_auth_remote_answer(remote)
                                  : fetch->fault;
    if (fault) {
        fault = ngx_http_apigw_auth_remote_retry(remote, fault);
    }

    if (!remote->asked) {
        ngx_http_apigw_auth_remote_end(remote, fault);
    }
}


static const char *
ngx_http_apigw_auth_remote_answer(ngx_http_apigw_auth_remote_t *remote)
{
    ngx_uint_t  status;

    status = remote->fetch->status;

    switch (remote->doing) {

    case NGX_HTTP_APIGW_AUTH_REMOTE_DISCOVER:

        if (status == NGX_HTTP_NOT_FOUND) {
            remote->doing = NGX_HTTP_APIGW_AUTH_REMOTE_FALLBACK;

            return ngx_http_apigw_auth_remote_discover(remote,
                                                       APIGW_DISCOVERY_OAUTH);
        }

        /* fall through */

    case NGX_HTTP_APIGW_AUTH_REMOTE_FALLBACK:
        return status == NGX_HTTP_OK
               ? ngx_http_apigw_auth_remote_metadata(remote)
               : "the status of the metadata is not 200";

    default: /* NGX_HTTP_APIGW_AUTH_REMOTE_KEYS */
        return status == NGX_HTTP_OK
               ? ngx_http_apigw_auth_remote_publish(remote)
               : "the status is not 200";
    }
}


static const char *
ngx_http_apigw_auth_remote_metadata(ngx_http_apigw_auth_remote_t *remote)
{
    u_char         *p;
    apigw_rc_t      rc;
    apigw_url_t     url;
    apigw_str_t     uri;
    apigw_arena_t   arena;
    apigw_error_t   err;

    ngx_http_apigw_arena_init(&arena, remote->pool);

    rc = apigw_discovery_parse(&uri, &arena,
                               ngx_http_apigw_str(&remote->fetch->answer),
                               remote->provider->claims.issuer, &err);
    if (rc == APIGW_ENOMEM) {
        return ngx_http_apigw_auth_no_memory;
    }

    if (rc != APIGW_OK) {
        remote->about = "metadata ";
        return err.word;
    }

    /* the answer goes with its fetch */

    p = ngx_pnalloc(remote->pool, uri.len);
    if (p == NULL) {
        return ngx_http_apigw_auth_no_memory;
    }

    ngx_memcpy(p, uri.data, uri.len);
    uri.data = p;

    if (apigw_url_parse(uri, &url, &err) != APIGW_OK) {
        return "\"jwks_uri\" of the metadata is no http or https URL";
    }

    if (ngx_http_apigw_fetch_client_refuses(remote->provider->remote.client,
                                            &url))
    {
        return "\"jwks_uri\" of the metadata is plain http to another machine";
    }

    ngx_http_apigw_auth_slot_discovered(remote, uri);

    remote->doing = NGX_HTTP_APIGW_AUTH_REMOTE_KEYS;

    return ngx_http_apigw_auth_remote_get(remote, uri,
                                  "application/jwk-set+json, application/json");
}


/* Metadata is asked for again now and then: without it the old place does. */

static const char *
ngx_http_apigw_auth_remote_retry(ngx_http_apigw_auth_remote_t *remote,
    const char *fault)
{
    ngx_str_t  uri;

    if (remote->doing == NGX_HTTP_APIGW_AUTH_REMOTE_KEYS
        || ngx_http_apigw_auth_slot_uri(remote, remote->pool, &uri) == NGX_ERROR
        || uri.len == 0)
    {
        return fault;
    }

    ngx_log_error(NGX_LOG_WARN, remote->timer.log, 0,
                  "apigw_auth: apigw_jwt_provider \"%V\": metadata of \"%V\" "
                  "could not be had, %s%s; its former \"jwks_uri\" is asked",
                  &remote->provider->name, &remote->jwks->source,
                  remote->about, fault);

    remote->doing = NGX_HTTP_APIGW_AUTH_REMOTE_KEYS;

    return ngx_http_apigw_auth_remote_get(remote, ngx_http_apigw_str(&uri),
                                  "application/jwk-set+json, application/json");
}


/* Parsed before it is shown to others. */

static const char *
ngx_http_apigw_auth_remote_publish(ngx_http_apigw_auth_remote_t *remote)
{
    ngx_str_t                   *text;
    apigw_error_t                err;
    ngx_http_apigw_auth_keys_t  *keys;

    text = &remote->fetch->answer;

    keys = ngx_http_apigw_auth_keys_parse(ngx_http_apigw_str(text), 0, NULL,
                                          &err);
    if (keys == NULL) {
        remote->about = "key set ";
        return err.word;
    }

    ngx_http_apigw_auth_keys_release(keys);

    if (ngx_http_apigw_auth_slot_publish(remote, text) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, remote->timer.log, 0,
                      "apigw_auth: zone \"%V\" is full; give it more in "
                      "apigw_auth_zone", &remote->zone->name);
        return "the zone is full";
    }

    if (remote->provider->remote.state_file.len) {
        ngx_http_apigw_auth_state_write(remote, text, remote->timer.log);
    }

    return NULL;
}


static void
ngx_http_apigw_auth_remote_end(ngx_http_apigw_auth_remote_t *remote,
    const char *fault)
{
    ngx_uint_t               level;
    ngx_http_apigw_fetch_t  *fetch;

    fetch = remote->fetch;

    if (fault) {
        level = (ngx_http_apigw_auth_remote_keys(remote) != NULL)
                ? NGX_LOG_WARN : NGX_LOG_ERR;

        ngx_log_error(level, remote->timer.log, fetch ? fetch->err : 0,
                      "apigw_auth: apigw_jwt_provider \"%V\": keys of \"%V\" "
                      "could not be had, %s%s%s%s; %s",
                      &remote->provider->name, &remote->jwks->source,
                      remote->about, fault,
                      fetch && fetch->detail ? ": " : "",
                      fetch && fetch->detail ? fetch->detail : "",
                      level == NGX_LOG_WARN ? "the last good keys stay in force"
                                            : "tokens cannot be checked");

        ngx_http_apigw_auth_slot_failed(remote);
    }

    ngx_http_apigw_auth_remote_clear(remote);
    ngx_http_apigw_auth_remote_ended(remote);
}


static void
ngx_http_apigw_auth_remote_clear(ngx_http_apigw_auth_remote_t *remote)
{
    if (remote->fetch) {
        ngx_http_apigw_fetch_free(remote->fetch);
        remote->fetch = NULL;
    }

    if (remote->pool) {
        ngx_destroy_pool(remote->pool);
        remote->pool = NULL;
    }

    remote->doing = NGX_HTTP_APIGW_AUTH_REMOTE_IDLE;
}


void
ngx_http_apigw_auth_remote_drop(ngx_http_apigw_auth_remote_t *remote)
{
    ngx_http_apigw_auth_remote_clear(remote);
    ngx_http_apigw_auth_slot_release(remote);
}
