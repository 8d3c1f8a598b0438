
#include "ngx_http_apigw_auth.h"


static char *ngx_http_apigw_auth_provider_paths(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, apigw_claim_paths_t *paths,
    ngx_str_t *args, ngx_uint_t nargs);


/* Claims that are read unless the block names others. */

static ngx_str_t  ngx_http_apigw_auth_default_consumer[] = {
    ngx_string("azp"), ngx_string("client_id"), ngx_string("sub")
};

static ngx_str_t  ngx_http_apigw_auth_default_scope[] = {
    ngx_string("scope"), ngx_string("scp")
};

static ngx_str_t  ngx_http_apigw_auth_default_roles[] = {
    ngx_string("roles")
};

static ngx_str_t  ngx_http_apigw_auth_default_groups[] = {
    ngx_string("groups")
};

static ngx_str_t  ngx_http_apigw_auth_exp = ngx_string("exp");
static ngx_str_t  ngx_http_apigw_auth_aud = ngx_string("aud");


/* The claims that an identity's member is made of. */

char *
ngx_http_apigw_auth_provider_claims(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    char  *paths;

    paths = (char *) block->data + block->param->offset;

    return ngx_http_apigw_auth_provider_paths(cf, block,
                                              (apigw_claim_paths_t *) paths,
                                              args, nargs);
}


static char *
ngx_http_apigw_auth_provider_paths(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, apigw_claim_paths_t *paths,
    ngx_str_t *args, ngx_uint_t nargs)
{
    char        *rv;
    ngx_uint_t   i;

    paths->paths = apigw_arena_array(&block->arena, nargs,
                                     sizeof(apigw_claim_path_t));
    if (paths->paths == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < nargs; i++) {
        rv = ngx_http_apigw_auth_provider_path(cf, block, &paths->paths[i],
                                               &args[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    paths->npaths = nargs;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_provider_path(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, apigw_claim_path_t *path,
    ngx_str_t *arg)
{
    apigw_rc_t     rc;
    apigw_error_t  err;

    rc = apigw_claim_path_parse(path, &block->arena, ngx_http_apigw_str(arg),
                                &err);

    if (rc == APIGW_OK) {
        return NGX_CONF_OK;
    }

    if (rc == APIGW_ENOMEM) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_auth_block_fault(cf, block,
                          "invalid claim \"%V\": %s; write a member's name, or "
                          "a path such as \".realm_access.roles\"", arg,
                          err.word);
}


char *
ngx_http_apigw_auth_provider_defaults(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    ngx_uint_t  i;

    struct {
        const char           *param;
        apigw_claim_paths_t  *paths;
        ngx_str_t            *names;
        ngx_uint_t            n;

    } lists[] = {
        { "consumer_claim", &provider->map.consumer,
          ngx_http_apigw_auth_default_consumer, 3 },
        { "scope_claim", &provider->map.scope,
          ngx_http_apigw_auth_default_scope, 2 },
        { "role_claim", &provider->map.roles,
          ngx_http_apigw_auth_default_roles, 1 },
        { "group_claim", &provider->map.groups,
          ngx_http_apigw_auth_default_groups, 1 },
        { "require", &provider->claims.required, &ngx_http_apigw_auth_exp, 1 }
    };

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (!ngx_http_apigw_auth_block_has(block, lists[i].param)
            && ngx_http_apigw_auth_provider_paths(cf, block, lists[i].paths,
                                                  lists[i].names, lists[i].n)
               != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (!ngx_http_apigw_auth_block_has(block, "audience_claim")
        && ngx_http_apigw_auth_provider_path(cf, block,
                                             &provider->claims.audience_claim,
                                             &ngx_http_apigw_auth_aud)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_provider_consumer_prefix(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    provider->map.consumer_prefix = ngx_http_apigw_str(&args[0]);

    if (apigw_str_has_control(provider->map.consumer_prefix)) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "control byte in \"consumer_prefix\"; use "
                              "visible characters");
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_provider_audience_claim(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    return ngx_http_apigw_auth_provider_path(cf, block,
                                             &provider->claims.audience_claim,
                                             &args[0]);
}
