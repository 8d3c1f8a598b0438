
#include "ngx_http_apigw_auth.h"


void
ngx_http_apigw_auth_place(ngx_conf_t *cf, ngx_http_apigw_auth_place_t *place)
{
    place->file = cf->conf_file->file.name.data;
    place->line = cf->conf_file->line;
}


char *
ngx_http_apigw_auth_set_anonymous(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t  *value, *consumer;

    if (alcf->anonymous != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        alcf->anonymous = NULL;
        return NGX_CONF_OK;
    }

    if (value[1].len <= 9 || ngx_strncmp(value[1].data, "consumer=", 9) != 0) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_anonymous: invalid parameter \"%V\"; "
                              "write \"consumer=NAME\" or \"off\"", &value[1]);
    }

    consumer = ngx_palloc(cf->pool, sizeof(ngx_str_t));
    if (consumer == NULL) {
        return NGX_CONF_ERROR;
    }

    consumer->data = value[1].data + 9;
    consumer->len = value[1].len - 9;

    if (apigw_str_has_control(ngx_http_apigw_str(consumer))) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_anonymous: control byte in the "
                              "consumer; use visible characters");
    }

    alcf->anonymous = consumer;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_set_forward(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (alcf->forward_token != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    alcf->forward_token = 1;
    alcf->forward_key = 0;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "token=keep") == 0) {
            alcf->forward_token = 1;

        } else if (ngx_strcmp(value[i].data, "token=strip") == 0) {
            alcf->forward_token = 0;

        } else if (ngx_strcmp(value[i].data, "key=keep") == 0) {
            alcf->forward_key = 1;

        } else if (ngx_strcmp(value[i].data, "key=strip") == 0) {
            alcf->forward_key = 0;

        } else {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_auth_forward: invalid parameter "
                                  "\"%V\"; write \"token=keep\", "
                                  "\"token=strip\", \"key=keep\" or "
                                  "\"key=strip\"", &value[i]);
        }
    }

    if (cf->args->nelts == 3
        && value[1].data[0] == value[2].data[0])
    {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_forward: \"%V\" and \"%V\" concern "
                              "the same; write one of them", &value[1],
                              &value[2]);
    }

    return NGX_CONF_OK;
}


/* Kept as it stands in a quoted string (RFC 9110, 5.6.4). */

char *
ngx_http_apigw_auth_set_realm(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    size_t      i;
    u_char     *p;
    ngx_str_t  *value;

    if (alcf->realm.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    p = ngx_pnalloc(cf->pool, 2 * value[1].len + 1);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    alcf->realm.data = p;

    for (i = 0; i < value[1].len; i++) {

        if (value[1].data[i] < 0x20 || value[1].data[i] > 0x7e) {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_auth_realm: invalid character in "
                                  "\"%V\"; use visible ASCII and spaces",
                                  &value[1]);
        }

        if (value[1].data[i] == '"' || value[1].data[i] == '\\') {
            *p++ = '\\';
        }

        *p++ = value[1].data[i];
    }

    alcf->realm.len = p - alcf->realm.data;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_set_claim(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    apigw_rc_t                        rc;
    ngx_str_t                        *value;
    apigw_arena_t                     arena;
    apigw_error_t                     err;
    ngx_http_apigw_auth_claim_var_t  *claim;

    value = cf->args->elts;

    if (value[1].len < 2 || value[1].data[0] != '$') {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_claim_set: invalid variable \"%V\"; write "
                              "it with a \"$\"", &value[1]);
    }

    claim = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_claim_var_t));
    if (claim == NULL) {
        return NGX_CONF_ERROR;
    }

    claim->name.data = value[1].data + 1;
    claim->name.len = value[1].len - 1;

    if (cf->args->nelts == 4) {

        if (ngx_strcmp(value[3].data, "csv") == 0) {
            claim->form = APIGW_CLAIM_CSV;

        } else if (ngx_strcmp(value[3].data, "json") != 0) {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_claim_set: unknown form \"%V\"; write "
                                  "\"json\" or \"csv\"", &value[3]);
        }
    }

    ngx_http_apigw_arena_init(&arena, cf->pool);

    rc = apigw_claim_path_parse(&claim->path, &arena,
                                ngx_http_apigw_str(&value[2]), &err);

    if (rc == APIGW_ENOMEM) {
        return NGX_CONF_ERROR;
    }

    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_claim_set: invalid claim \"%V\": %s; "
                              "write a member's name, or a path such as "
                              "\".realm_access.roles\"", &value[2], err.word);
    }

    if (ngx_http_apigw_auth_add_claim_variable(cf, claim) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
